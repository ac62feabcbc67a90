/* SPDX-License-Identifier: Apache-2.0 */
/* From sums of int16 times int8 to int16, as the reference does it with biases of 64 or 32 bits. */
#ifndef MICRONETS_INT16_REQUANTISE_H
#define MICRONETS_INT16_REQUANTISE_H

#include "items.h"
#include "micronets_arithmetic.h"

/* `bias` holds the low and the high word of every channel. `narrow`: sums wrap as int32 and are rounded twice; else
 * `multipliers` have 15 bits, and sums are rounded once. */
struct mn_int16_requantisation
{
    const int32_t *bias, *multipliers;
    const int8_t *shifts;
    int32_t narrow, low, high;
};

/* Where sums, biases included, fit 32 bits whatever the inputs are: one `bias` per channel, and in `multipliers` what gives
 * the value when multiplied and divided by 2^32; no shifts. */
MN_INLINE int32_t mn_int16_requantise_short(const struct mn_int16_requantisation *q, int32_t channel, int32_t sum)
{
    return mn_clamp(mn_high_mac(sum + q->bias[channel], q->multipliers[channel], 0), q->low, q->high);
}

/* acc * multiplier * 2^(shift - 15), halves upwards; wraps where the reference overflows. The multiplier is not below 0. */
MN_INLINE int32_t mn_multiply_wide(int64_t acc, int32_t multiplier, int32_t shift)
{
    const int32_t right = 15 - shift;
    const uint64_t product = (uint64_t)acc * (uint32_t)multiplier + (1ULL << (right - 1));
    return (int32_t)((int64_t)product >> right);
}

MN_INLINE int32_t mn_int16_requantise(const struct mn_int16_requantisation *q, int32_t channel, int64_t sum)
{
    const uint64_t bias = (uint64_t)(uint32_t)q->bias[2 * channel + 1] << 32 | (uint32_t)q->bias[2 * channel];
    const int64_t acc = (int64_t)((uint64_t)sum + bias);
    const int32_t multiplier = q->multipliers[channel], shift = q->shifts[channel];
    const int32_t value =
        q->narrow ? mn_multiply_quantised((int32_t)acc, multiplier, shift) : mn_multiply_wide(acc, multiplier, shift);
    return mn_clamp(value, q->low, q->high);
}

#endif
