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

/* As mn_taps_inside, by divisions: its loops would cost these kernels 36 to 124 bytes of code at -O2. */
MN_INLINE struct mn_span mn_int16_inside(int32_t begin, int32_t step, int32_t taps, int32_t size)
{
    const int32_t left = size - begin, end = left <= 0 ? 0 : (left + step - 1) / step;
    const struct mn_span s = {begin < 0 ? (-begin + step - 1) / step : 0, end < taps ? end : taps};
    return s;
}

static inline struct mn_taps mn_int16_taps(
    const struct mn_int16_depthwise *p, const int8_t *input, int32_t y, int32_t x)
{
    const struct mn_window *w = &p->window;
    struct mn_taps taps;
    const int32_t top = y * w->row_stride - w->pad_top, left = x * w->column_stride - w->pad_left;
    taps.ys = mn_int16_inside(top, w->row_dilation, w->rows, p->in.rows);
    taps.xs = mn_int16_inside(left, w->column_dilation, w->columns, p->in.columns);
    const int32_t in_y = top + taps.ys.first * w->row_dilation, in_x = left + taps.xs.first * w->column_dilation;
    taps.input = input + 2 * (in_y * p->in.columns + in_x) * p->in.channels;
    taps.weights = p->weights + (taps.ys.first * w->columns + taps.xs.first) * p->out.channels;
    return taps;
}

#endif
