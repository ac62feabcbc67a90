/* SPDX-License-Identifier: Apache-2.0 */
/* The part of a window that lies inside its input, along one axis. */
#ifndef MICRONETS_SPAN_H
#define MICRONETS_SPAN_H

#include <stdint.h>

struct mn_span
{
    int32_t first, end;
};

/* Taps [first, end) of a kernel that starts at `begin` and steps by `step` lie within [0, size). */
static inline struct mn_span mn_taps_inside(int32_t begin, int32_t step, int32_t taps, int32_t size)
{
    struct mn_span s = {0, taps};
    for (; s.first < taps && begin + s.first * step < 0; s.first++)
    {
    }
    for (; s.end > s.first && begin + (s.end - 1) * step >= size; s.end--)
    {
    }
    return s;
}

/* Inputs [first, end) of `limit` lie under output `out` of a window of `size`. */
static inline struct mn_span mn_window_inside(int32_t out, int32_t stride, int32_t pad, int32_t size, int32_t limit)
{
    const int32_t first = out * stride - pad;
    const struct mn_span s = {first < 0 ? 0 : first, first + size > limit ? limit : first + size};
    return s;
}

#endif
