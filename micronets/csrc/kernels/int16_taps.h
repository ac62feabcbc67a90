/* SPDX-License-Identifier: Apache-2.0 */
/* The taps of a depthwise convolution of int16 that lie inside the image. */
#ifndef MICRONETS_INT16_TAPS_H
#define MICRONETS_INT16_TAPS_H

#include "int16_convolution.h"
#include "span.h"

struct mn_taps
{
    struct mn_span ys, xs; /* those inside the image */
    const int8_t *input;   /* under the first of them */
    const int8_t *weights;
};

static inline struct mn_taps mn_int16_taps(
    const struct mn_int16_depthwise *p, const int8_t *input, int32_t y, int32_t x)
{
    const struct mn_window *w = &p->window;
    struct mn_taps taps;
    const int32_t top = y * w->row_stride - w->pad_top, left = x * w->column_stride - w->pad_left;
    taps.ys.first = top < 0 ? (-top + w->row_dilation - 1) / w->row_dilation : 0;
    taps.xs.first = left < 0 ? (-left + w->column_dilation - 1) / w->column_dilation : 0;
    const int32_t below = p->in.rows - top, right = p->in.columns - left;
    taps.ys.end = below <= 0 ? 0 : (below + w->row_dilation - 1) / w->row_dilation;
    taps.xs.end = right <= 0 ? 0 : (right + w->column_dilation - 1) / w->column_dilation;
    taps.ys.end = taps.ys.end < w->rows ? taps.ys.end : w->rows;
    taps.xs.end = taps.xs.end < w->columns ? taps.xs.end : w->columns;
    const int32_t in_y = top + taps.ys.first * w->row_dilation, in_x = left + taps.xs.first * w->column_dilation;
    taps.input = input + 2 * (in_y * p->in.columns + in_x) * p->in.channels;
    taps.weights = p->weights + (taps.ys.first * w->columns + taps.xs.first) * p->out.channels;
    return taps;
}

#endif
