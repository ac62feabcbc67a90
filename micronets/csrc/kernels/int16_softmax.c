/* SPDX-License-Identifier: Apache-2.0 */
#include "int16_softmax.h"
#include "items.h"
#include "micronets_arithmetic.h"
#include "reciprocal.h"

enum
{
    HALF_TABLE = 256,
    STEP_BITS = 7
};

MN_INLINE int32_t between(const int16_t *table, int32_t value)
{
    const int32_t place = mn_clamp(value, INT16_MIN, INT16_MAX);
    const int16_t *entry = table + HALF_TABLE + (place >> STEP_BITS);
    const int32_t offset = place & ((1 << STEP_BITS) - 1);
    const int16_t slope = (int16_t)(entry[1] - entry[0]);
    return (int16_t)(entry[0] + ((slope * offset + (1 << (STEP_BITS - 1))) >> STEP_BITS));
}

static void softmax_of_row(const struct mn_int16_softmax *in_flash, const int8_t *input, int8_t *output)
{
    /* Stores could alias the description. */
    const struct mn_int16_softmax description = *in_flash, *const p = &description;
    int32_t largest = INT16_MIN;
    for (int32_t c = 0; c < p->channels; c++)
    {
        const int32_t value = mn_int16_at(input, c);
        largest = value > largest ? value : largest;
    }
    int32_t sum = 0;
    for (int32_t c = 0; c < p->channels; c++)
    {
        const int32_t scaled = mn_multiply_quantised(mn_int16_at(input, c) - largest, p->multiplier, p->shift);
        const int32_t exponential = between(p->exponentials, mn_wrapping_add(scaled, INT16_MAX));
        mn_set_int16(output, c, exponential);
        sum += exponential;
    }
    /* The sum, brought to between 1 and 2, in Q0.15 around 1.5. */
    const int32_t zeros = mn_leading_zeros((uint32_t)sum);
    const int32_t shifted = (int32_t)((((int64_t)sum << (zeros - 1)) + (1 << 13)) >> 14);
    const int32_t reciprocal = between(p->reciprocals, shifted - (1 << 15) - (1 << 16));
    /* The largest input's exponential alone is nearly 2^15. */
    const int32_t right = 31 - zeros, half = 1 << (right - 1);
    for (int32_t c = 0; c < p->channels; c++)
    {
        /* Both below 2^15: with the half, within int32. */
        mn_set_int16(output, c, mn_clamp((mn_int16_at(output, c) * reciprocal + half) >> right, 0, INT16_MAX));
    }
}

void mn_int16_softmax(const struct mn_int16_softmax *p, const int8_t *input, int8_t *output)
{
    for (int32_t row = 0; row < p->rows; row++, input += 2 * p->channels, output += 2 * p->channels)
    {
        softmax_of_row(p, input, output);
    }
}
