/* SPDX-License-Identifier: Apache-2.0 */
/* Softmax over the last side of int8: gemmlowp's fixed point, exponentials by table. */
#include "softmax_int16.h"
#include "items.h"
#include "reciprocal.h"

enum
{
    SUM_BITS = 12
};

void mn_softmax_int16(const struct mn_softmax_int16 *p, const int8_t *input, int8_t *output)
{
    for (int32_t row = 0; row < p->rows; row++, input += p->channels, output += 2 * p->channels)
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
                sum += (uint32_t)mn_rounding_shift(p->exponentials[difference], SUM_BITS);
            }
        }
        const int32_t headroom = mn_leading_zeros(sum);
        const int32_t scale = mn_one_over_one_plus((int32_t)((sum << headroom) - 0x80000000U));
        const int32_t shift = SUM_BITS - headroom + 31 - 16;
        for (int32_t c = 0; c < p->channels; c++)
        {
            const int32_t difference = largest - input[c];
            int32_t value = INT16_MIN;
            if (difference < p->count && shift <= 31)
            {
                value += mn_rounding_shift(mn_high_multiply(scale, p->exponentials[difference]), shift);
            }
            mn_set_int16(output, c, mn_clamp(value, INT16_MIN, INT16_MAX));
        }
    }
}
