/* SPDX-License-Identifier: Apache-2.0 */
/* Means rounded with halves away from zero: of one sum, and of four channels' sums in int16 lanes. */
#ifndef MICRONETS_LANE_MEANS_H
#define MICRONETS_LANE_MEANS_H

#include "bytes.h"
#include "pixel_sums.h"

/* acc + floor(factor * lane / 2^16) of a word's low lane; and of its high one. */
#if MN_DSP

MN_INLINE int32_t mn_wide_mac_low(int32_t factor, uint32_t lanes, int32_t acc)
{
    int32_t sum;
    __asm("smlawb %0, %1, %2, %3" : "=r"(sum) : "r"(factor), "r"(lanes), "r"(acc));
    return sum;
}

MN_INLINE int32_t mn_wide_mac_high(int32_t factor, uint32_t lanes, int32_t acc)
{
    int32_t sum;
    __asm("smlawt %0, %1, %2, %3" : "=r"(sum) : "r"(factor), "r"(lanes), "r"(acc));
    return sum;
}

MN_INLINE uint32_t mn_add_halves(uint32_t a, uint32_t b)
{
    uint32_t sums;
    __asm("sadd16 %0, %1, %2" : "=r"(sums) : "r"(a), "r"(b) : "cc");
    return sums;
}

MN_INLINE uint32_t mn_subtract_halves(uint32_t a, uint32_t b)
{
    uint32_t differences;
    __asm("ssub16 %0, %1, %2" : "=r"(differences) : "r"(a), "r"(b) : "cc");
    return differences;
}

#else

MN_INLINE uint32_t mn_add_halves(uint32_t a, uint32_t b)
{
    return mn_pair(mn_low(a) + mn_low(b), mn_high(a) + mn_high(b));
}

MN_INLINE uint32_t mn_subtract_halves(uint32_t a, uint32_t b)
{
    return mn_pair(mn_low(a) - mn_low(b), mn_high(a) - mn_high(b));
}

MN_INLINE int32_t mn_wide_mac_low(int32_t factor, uint32_t lanes, int32_t acc)
{
    return mn_wrap_add(acc, (int32_t)((int64_t)factor * mn_low(lanes) >> 16));
}

MN_INLINE int32_t mn_wide_mac_high(int32_t factor, uint32_t lanes, int32_t acc)
{
    return mn_wrap_add(acc, (int32_t)((int64_t)factor * mn_high(lanes) >> 16));
}

#endif

/* Sums of `count` pixels, times 2^doublings, times factor / 2^32 are their means; these within [low, high]. */
struct mn_lane_means
{
    int32_t count, factor, doublings, is_clamped;
    uint32_t low, high;
};

MN_INLINE struct mn_lane_means mn_lane_means_within(int32_t low, int32_t high)
{
    const struct mn_lane_means m = {0, 0, 0, low > -128 || high < 127, mn_four_times(low), mn_four_times(high)};
    return m;
}

/* sum / count, halves away from zero. */
MN_INLINE int32_t mn_rounded_mean(int32_t sum, int32_t count)
{
    return sum > 0 ? (sum + count / 2) / count : (sum - count / 2) / count;
}

enum
{
    MN_LEAST_MULTIPLIED = 3
};

/* Of that many pixels or more: an odd factor a little above 2^32 / count leads halves away from zero. */
MN_INLINE int32_t mn_mean_factor(int32_t count)
{
    return (int32_t)((UINT32_MAX / (uint32_t)count + 1) | 1U);
}

MN_INLINE uint32_t mn_scaled_lanes(int32_t factor, struct mn_four_sums s)
{
    const int32_t half = 1 << 15;
    const uint32_t even =
        mn_pack_high((uint32_t)mn_wide_mac_low(factor, s.even, half), (uint32_t)mn_wide_mac_high(factor, s.even, half));
    const uint32_t odd =
        mn_pack_high((uint32_t)mn_wide_mac_low(factor, s.odd, half), (uint32_t)mn_wide_mac_high(factor, s.odd, half));
    return (even & 0x00FF00FFU) | (odd & 0x00FF00FFU) << 8;
}

#endif
