/* SPDX-License-Identifier: Apache-2.0 */
/* Requantisation in portable C, as the Helium kernels do it four lanes at a time. */
#ifndef MICRONETS_HELIUM_ROUND_H
#define MICRONETS_HELIUM_ROUND_H

#include <stdint.h>

static inline int32_t mn_helium_clamp(int32_t value, int32_t low, int32_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* VRMULH, an offset, and saturation. */
static inline int8_t mn_helium_fast(int32_t acc, int32_t factor, int32_t offset)
{
    const int64_t product = (int64_t)acc * factor;
    return (int8_t)mn_helium_clamp((int32_t)((product + ((int64_t)1 << 31)) >> 32) + offset, -128, 127);
}

/* VQRDMULH, then VRSHL to the right; `shift` is -31 to -1. */
static inline int32_t mn_helium_twice_rounded(int32_t acc, int32_t multiplier, int32_t shift)
{
    const int64_t high = ((int64_t)acc * multiplier + ((int64_t)1 << 30)) >> 31;
    const int64_t less = high - (high < 0);
    return (int32_t)((less + ((int64_t)1 << (-shift - 1))) >> -shift);
}

#endif
