/* SPDX-License-Identifier: Apache-2.0 */
/* Softmax over the last side, int8 to int8 with output scale 1/256: gemmlowp's fixed point, exponentials by table. */
#include "micronets_kernels.h"
#include "reciprocal.h"

enum
{
    ACCUMULATION_INTEGER_BITS = 12
};

void mn_softmax(const struct mn_softmax *p, const int8_t *input, int8_t *output)
{
    for (int32_t row = 0; row < p->rows; row++, input += p->channels, output += p->channels)
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
                sum += (uint32_t)mn_rounding_shift(p->exponentials[difference], ACCUMULATION_INTEGER_BITS);
            }
        }
        const int32_t headroom = mn_leading_zeros(sum);
        const int32_t scale = mn_one_over_one_plus((int32_t)((sum << headroom) - 0x80000000U));
        const int32_t shift = ACCUMULATION_INTEGER_BITS - headroom + 31 - 8;
        for (int32_t c = 0; c < p->channels; c++)
        {
            const int32_t difference = largest - input[c];
            int32_t value = INT8_MIN;
            if (difference < p->count && shift <= 31)
            {
                value += mn_rounding_shift(mn_high_multiply(scale, p->exponentials[difference]), shift);
            }
            output[c] = (int8_t)mn_clamp(value, INT8_MIN, INT8_MAX);
        }
    }
}
