/* SPDX-License-Identifier: Apache-2.0 */
/* One loop over the output, into which a function of two values is inlined. */
#ifndef MICRONETS_BINARY_LOOP_H
#define MICRONETS_BINARY_LOOP_H

#include "binary_functions.h"

MN_INLINE void mn_binary_for_all(
    const struct mn_binary *in_flash, const int8_t *first, const int8_t *second, int8_t *output,
    mn_binary_function *combine)
{
    /* Stores could alias the description. */
    const struct mn_binary p = *in_flash;
    const struct mn_binary_input *a = &p.first, *b = &p.second;
    for (int32_t y = 0; y < p.out.rows; y++)
    {
        for (int32_t x = 0; x < p.out.columns; x++)
        {
            const int8_t *pa = first + y * a->row_stride + x * a->column_stride;
            const int8_t *pb = second + y * b->row_stride + x * b->column_stride;
            for (int32_t c = 0; c < p.out.channels; c++, pa += a->channel_stride, pb += b->channel_stride)
            {
                *output++ = (int8_t)mn_clamp(combine(&p, *pa, *pb), p.low, p.high);
            }
        }
    }
}

#endif
