/* SPDX-License-Identifier: Apache-2.0 */
/* The part of a transposed convolution's window that reaches an output, along one axis. */
#ifndef MICRONETS_REACH_H
#define MICRONETS_REACH_H

#include <stdint.h>

/* The taps that reach an output from within the input: tap `first` reads input `input`, and every `stride`-th tap after
 * it the input before that one, `count` of them. */
struct mn_reach
{
    int32_t first, input, count;
};

static inline struct mn_reach mn_reach_of(int32_t out, int32_t pad, int32_t stride, int32_t kernel, int32_t size)
{
    const int32_t shifted = out + pad;
    struct mn_reach r = {shifted % stride, shifted / stride, 0};
    if (r.input >= size)
    {
        r.first += (r.input - size + 1) * stride;
        r.input = size - 1;
    }
    if (r.first < kernel)
    {
        const int32_t fitting = (kernel - r.first + stride - 1) / stride;
        r.count = fitting < r.input + 1 ? fitting : r.input + 1;
    }
    return r;
}

#endif
