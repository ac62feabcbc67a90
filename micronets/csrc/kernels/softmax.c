/* SPDX-License-Identifier: Apache-2.0 */
/* Softmax over the last side, int8 to int8 with output scale 1/256: gemmlowp's fixed point, exponentials by table. */
#include "micronets_arithmetic.h"
#include "micronets_kernels.h"

enum
{
    ACCUMULATION_INTEGER_BITS = 12
};

static int32_t shift_left_saturating(int32_t value, int32_t bits)
{
    const int32_t limit = (int32_t)((1U << (31 - bits)) - 1U);
    return value > limit ? INT32_MAX : value < -limit ? INT32_MIN : (int32_t)((uint32_t)value << bits);
}

/* 1 / (1 + a) for a in [0, 1), Q0.31 to Q0.31: three Newton-Raphson steps in Q2.29 from 48/17 - 32/17 d. */
static int32_t one_over_one_plus(int32_t a)
{
    const int32_t half_denominator = (int32_t)(((int64_t)a + INT32_MAX + 1) / 2);
    int32_t x = 1515870810 + mn_high_multiply(half_denominator, -1010580540);
    for (int32_t i = 0; i < 3; i++)
    {
        const int32_t residue = (1 << 29) - mn_high_multiply(half_denominator, x);
        x += shift_left_saturating(mn_high_multiply(x, residue), 2);
    }
    return shift_left_saturating(x, 1);
}

static int32_t leading_zeros(uint32_t value)
{
    int32_t count = 0;
    while ((value & 0x80000000U) == 0)
    {
        value <<= 1;
        count++;
    }
    return count;
}

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
        const int32_t headroom = leading_zeros(sum);
        const int32_t scale = one_over_one_plus((int32_t)((sum << headroom) - 0x80000000U));
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
