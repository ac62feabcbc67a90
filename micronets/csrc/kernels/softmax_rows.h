/* SPDX-License-Identifier: Apache-2.0 */
/* Softmax over the last side of int8: gemmlowp's fixed point, exponentials by table. */
#ifndef MICRONETS_SOFTMAX_ROWS_H
#define MICRONETS_SOFTMAX_ROWS_H

#include "items.h"
#include "micronets_kernels.h"
#include "reciprocal.h"

enum
{
    MN_SOFTMAX_SUM_BITS = 12
};

/* Items of `output` of 1 or 2 bytes, a constant. */
MN_INLINE void mn_softmax_rows(const struct mn_softmax *p, const int8_t *input, int8_t *output, int32_t item_bytes)
{
    const int32_t least = item_bytes == 1 ? INT8_MIN : INT16_MIN;
    for (int32_t row = 0; row < p->rows; row++, input += p->channels, output += p->channels * item_bytes)
    {
        int32_t largest = INT8_MIN;
        for (int32_t c = 0; c < p->channels; c++)
        {
            largest = input[c] > largest ? input[c] : largest;
        }
        uint32_t sum = 0;
        for (int32_t c = 0; c < p->channels; c++)
        {
            const int32_t difference = largest - input[c];
            if (difference < p->count)
            {
                sum += (uint32_t)mn_rounding_shift(p->exponentials[difference], MN_SOFTMAX_SUM_BITS);
            }
        }
        const int32_t headroom = mn_leading_zeros(sum);
        const int32_t scale = mn_one_over_one_plus((int32_t)((sum << headroom) - 0x80000000U));
        const int32_t shift = MN_SOFTMAX_SUM_BITS - headroom + 31 - 8 * item_bytes;
        for (int32_t c = 0; c < p->channels; c++)
        {
            const int32_t difference = largest - input[c];
            int32_t value = least;
            if (difference < p->count && shift <= 31)
            {
                value += mn_rounding_shift(mn_high_multiply(scale, p->exponentials[difference]), shift);
            }
            if (item_bytes == 1)
            {
                output[c] = (int8_t)mn_clamp(value, INT8_MIN, INT8_MAX);
            }
            else
            {
                mn_set_int16(output, c, mn_clamp(value, INT16_MIN, INT16_MAX));
            }
        }
    }
}

#endif
