/* SPDX-License-Identifier: Apache-2.0 */
/* The few instructions the fast kernels are made of: Armv7E-M's packed 16-bit arithmetic, or the same in portable C.
 *
 * A word holds two int16 lanes, the lower one first in memory. Accumulators wrap.
 */
#ifndef MICRONETS_DSP_H
#define MICRONETS_DSP_H

#include <stdint.h>

#if defined(__ARM_FEATURE_DSP) && __ARM_FEATURE_DSP == 1
#define MN_DSP 1
#include <arm_acle.h>
#else
#define MN_DSP 0
#endif

#define MN_INLINE static inline __attribute__((always_inline))

/* A function of assembly alone that others of its file call, who are not to work out what it reads and clobbers. */
#if defined(__clang__)
#define MN_ASSEMBLY static __attribute__((naked, noinline))
#else
#define MN_ASSEMBLY static __attribute__((naked, noipa))
#endif

typedef uint32_t __attribute__((may_alias, aligned(1))) mn_unaligned_word;
typedef uint16_t __attribute__((may_alias, aligned(1))) mn_unaligned_half;

MN_INLINE uint32_t mn_load_word(const int8_t *address)
{
    return *(const mn_unaligned_word *)(const void *)address;
}

MN_INLINE uint32_t mn_load_half(const int8_t *address)
{
    return *(const mn_unaligned_half *)(const void *)address;
}

MN_INLINE int32_t mn_low(uint32_t lanes)
{
    return (int16_t)(lanes & 0xFFFFU);
}

MN_INLINE int32_t mn_high(uint32_t lanes)
{
    return (int16_t)(lanes >> 16);
}

MN_INLINE int32_t mn_wrap_add(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

MN_INLINE int32_t mn_wrap_subtract(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a - (uint32_t)b);
}

#if MN_DSP

/* Bytes 0 and 2 as signed lanes. */
MN_INLINE uint32_t mn_even_bytes(uint32_t bytes)
{
    uint32_t lanes;
    __asm("sxtb16 %0, %1" : "=r"(lanes) : "r"(bytes));
    return lanes;
}

/* Bytes 1 and 3 as signed lanes. */
MN_INLINE uint32_t mn_odd_bytes(uint32_t bytes)
{
    uint32_t lanes;
    __asm("sxtb16 %0, %1, ror #8" : "=r"(lanes) : "r"(bytes));
    return lanes;
}

/* Lanes plus bytes 0 and 2; lanes plus bytes 1 and 3. */
MN_INLINE uint32_t mn_add_even_bytes(uint32_t lanes, uint32_t bytes)
{
    uint32_t sums;
    __asm("sxtab16 %0, %1, %2" : "=r"(sums) : "r"(lanes), "r"(bytes));
    return sums;
}

MN_INLINE uint32_t mn_add_odd_bytes(uint32_t lanes, uint32_t bytes)
{
    uint32_t sums;
    __asm("sxtab16 %0, %1, %2, ror #8" : "=r"(sums) : "r"(lanes), "r"(bytes));
    return sums;
}

/* Both lanes' products added to acc. */
MN_INLINE int32_t mn_dual_mac(uint32_t a, uint32_t b, int32_t acc)
{
    int32_t sum;
    __asm("smlad %0, %1, %2, %3" : "=r"(sum) : "r"(a), "r"(b), "r"(acc));
    return sum;
}

/* The low lanes' product added to acc; and the high lanes'. */
MN_INLINE int32_t mn_mac_low_low(uint32_t a, uint32_t b, int32_t acc)
{
    int32_t sum;
    __asm("smlabb %0, %1, %2, %3" : "=r"(sum) : "r"(a), "r"(b), "r"(acc));
    return sum;
}

MN_INLINE int32_t mn_mac_high_high(uint32_t a, uint32_t b, int32_t acc)
{
    int32_t sum;
    __asm("smlatt %0, %1, %2, %3" : "=r"(sum) : "r"(a), "r"(b), "r"(acc));
    return sum;
}

/* a's low lane times b's high lane, added to acc. */
MN_INLINE int32_t mn_mac_low_high(uint32_t a, uint32_t b, int32_t acc)
{
    int32_t sum;
    __asm("smlabt %0, %1, %2, %3" : "=r"(sum) : "r"(a), "r"(b), "r"(acc));
    return sum;
}

/* a's high lane times b's low lane, added to acc. */
MN_INLINE int32_t mn_mac_high_low(uint32_t a, uint32_t b, int32_t acc)
{
    int32_t sum;
    __asm("smlatb %0, %1, %2, %3" : "=r"(sum) : "r"(a), "r"(b), "r"(acc));
    return sum;
}

/* acc + round(a * b / 2^32), halves upwards */
MN_INLINE int32_t mn_high_mac(int32_t a, int32_t b, int32_t acc)
{
    int32_t sum;
    __asm("smmlar %0, %1, %2, %3" : "=r"(sum) : "r"(a), "r"(b), "r"(acc));
    return sum;
}

MN_INLINE int32_t mn_saturate8(int32_t value)
{
    int32_t result;
    __asm("ssat %0, #8, %1" : "=r"(result) : "r"(value) : "cc");
    return result;
}

MN_INLINE int32_t mn_saturate16(int32_t value)
{
    int32_t result;
    __asm("ssat %0, #16, %1" : "=r"(result) : "r"(value) : "cc");
    return result;
}

/* value / 2^shift, rounded down and saturated; `shift` a constant. */
MN_INLINE int32_t mn_saturate8_of(int32_t value, int32_t shift)
{
    int32_t result;
    __asm("ssat %0, #8, %1, asr %2" : "=r"(result) : "r"(value), "I"(shift) : "cc");
    return result;
}

/* The larger one of every pair of signed bytes. */
MN_INLINE uint32_t mn_max_bytes(uint32_t a, uint32_t b)
{
    uint32_t larger;
    __asm("ssub8 %0, %1, %2\n\tsel %0, %1, %2" : "=&r"(larger) : "r"(a), "r"(b) : "cc");
    return larger;
}

/* a's low lane below b's low lane; and a's high lane below b's high lane. */
MN_INLINE uint32_t mn_pack_low(uint32_t a, uint32_t b)
{
    uint32_t lanes;
    __asm("pkhbt %0, %1, %2, lsl #16" : "=r"(lanes) : "r"(a), "r"(b));
    return lanes;
}

MN_INLINE uint32_t mn_pack_low_high(uint32_t a, uint32_t b)
{
    uint32_t lanes;
    __asm("pkhbt %0, %1, %2" : "=r"(lanes) : "r"(a), "r"(b));
    return lanes;
}

/* a's high lane below b's high lane. */
MN_INLINE uint32_t mn_pack_high(uint32_t a, uint32_t b)
{
    uint32_t lanes;
    __asm("pkhtb %0, %2, %1, asr #16" : "=r"(lanes) : "r"(a), "r"(b));
    return lanes;
}

/* Sums of unsigned bytes up to 255, and their differences from 0 on. */
MN_INLINE uint32_t mn_saturating_add_bytes(uint32_t a, uint32_t b)
{
    uint32_t sums;
    __asm("uqadd8 %0, %1, %2" : "=r"(sums) : "r"(a), "r"(b));
    return sums;
}

MN_INLINE uint32_t mn_saturating_subtract_bytes(uint32_t a, uint32_t b)
{
    uint32_t differences;
    __asm("uqsub8 %0, %1, %2" : "=r"(differences) : "r"(a), "r"(b));
    return differences;
}

#else

MN_INLINE uint32_t mn_pair(int32_t low, int32_t high)
{
    return ((uint32_t)low & 0xFFFFU) | ((uint32_t)high << 16);
}

MN_INLINE uint32_t mn_even_bytes(uint32_t bytes)
{
    return mn_pair((int8_t)(bytes & 0xFFU), (int8_t)(bytes >> 16 & 0xFFU));
}

MN_INLINE uint32_t mn_odd_bytes(uint32_t bytes)
{
    return mn_even_bytes(bytes >> 8);
}

MN_INLINE uint32_t mn_add_even_bytes(uint32_t lanes, uint32_t bytes)
{
    return mn_pair(mn_low(lanes) + (int8_t)(bytes & 0xFFU), mn_high(lanes) + (int8_t)(bytes >> 16 & 0xFFU));
}

MN_INLINE uint32_t mn_add_odd_bytes(uint32_t lanes, uint32_t bytes)
{
    return mn_add_even_bytes(lanes, bytes >> 8);
}

MN_INLINE int32_t mn_dual_mac(uint32_t a, uint32_t b, int32_t acc)
{
    return mn_wrap_add(acc, mn_wrap_add(mn_low(a) * mn_low(b), mn_high(a) * mn_high(b)));
}

MN_INLINE int32_t mn_mac_low_low(uint32_t a, uint32_t b, int32_t acc)
{
    return mn_wrap_add(acc, mn_low(a) * mn_low(b));
}

MN_INLINE int32_t mn_mac_high_high(uint32_t a, uint32_t b, int32_t acc)
{
    return mn_wrap_add(acc, mn_high(a) * mn_high(b));
}

MN_INLINE int32_t mn_mac_low_high(uint32_t a, uint32_t b, int32_t acc)
{
    return mn_wrap_add(acc, mn_low(a) * mn_high(b));
}

MN_INLINE int32_t mn_mac_high_low(uint32_t a, uint32_t b, int32_t acc)
{
    return mn_wrap_add(acc, mn_high(a) * mn_low(b));
}

MN_INLINE int32_t mn_high_mac(int32_t a, int32_t b, int32_t acc)
{
    return mn_wrap_add(acc, (int32_t)(((int64_t)a * b + (1LL << 31)) >> 32));
}

MN_INLINE int32_t mn_saturate8(int32_t value)
{
    return value < -128 ? -128 : value > 127 ? 127 : value;
}

MN_INLINE int32_t mn_saturate16(int32_t value)
{
    return value < INT16_MIN ? INT16_MIN : value > INT16_MAX ? INT16_MAX : value;
}

MN_INLINE int32_t mn_saturate8_of(int32_t value, int32_t shift)
{
    return mn_saturate8(value >> shift);
}

MN_INLINE uint32_t mn_max_bytes(uint32_t a, uint32_t b)
{
    uint32_t larger = 0;
    for (int32_t shift = 0; shift < 32; shift += 8)
    {
        const int8_t x = (int8_t)(a >> shift & 0xFFU), y = (int8_t)(b >> shift & 0xFFU);
        larger |= (uint32_t)(uint8_t)(x > y ? x : y) << shift;
    }
    return larger;
}

MN_INLINE uint32_t mn_pack_low(uint32_t a, uint32_t b)
{
    return (a & 0xFFFFU) | (b << 16);
}

MN_INLINE uint32_t mn_pack_low_high(uint32_t a, uint32_t b)
{
    return (a & 0xFFFFU) | (b & 0xFFFF0000U);
}

MN_INLINE uint32_t mn_pack_high(uint32_t a, uint32_t b)
{
    return (a >> 16) | (b & 0xFFFF0000U);
}

MN_INLINE uint32_t mn_saturating_add_bytes(uint32_t a, uint32_t b)
{
    uint32_t sums = 0;
    for (int32_t shift = 0; shift < 32; shift += 8)
    {
        const uint32_t sum = (a >> shift & 0xFFU) + (b >> shift & 0xFFU);
        sums |= (sum > 0xFFU ? 0xFFU : sum) << shift;
    }
    return sums;
}

MN_INLINE uint32_t mn_saturating_subtract_bytes(uint32_t a, uint32_t b)
{
    uint32_t differences = 0;
    for (int32_t shift = 0; shift < 32; shift += 8)
    {
        const uint32_t x = a >> shift & 0xFFU, y = b >> shift & 0xFFU;
        differences |= (x > y ? x - y : 0) << shift;
    }
    return differences;
}

#endif

/* acc + sum of (inputs[i] - zero_point) * weights[i] over `count` items. */
MN_INLINE int32_t mn_dot(const int8_t *inputs, const int8_t *weights, int32_t count, int32_t zero_point, int32_t acc)
{
    const uint32_t minus_zero = ((uint32_t)-zero_point & 0xFFFFU) * 0x10001U;
    for (; count >= 4; count -= 4, inputs += 4, weights += 4)
    {
        const uint32_t x = mn_load_word(inputs), w = mn_load_word(weights);
        acc = mn_dual_mac(mn_add_even_bytes(minus_zero, x), mn_even_bytes(w), acc);
        acc = mn_dual_mac(mn_add_odd_bytes(minus_zero, x), mn_odd_bytes(w), acc);
    }
    for (; count > 0; count--)
    {
        acc = mn_wrap_add(acc, (*inputs++ - zero_point) * *weights++);
    }
    return acc;
}

/* Requantisation in one of four exact forms, chosen per layer by the compiler (see requantise.py).
 *   FAST     factor, offset: clamp(offset + round(acc * factor / 2^32))
 *   SHIFTED  the same of acc << shift; the description's zero point is the shift
 *   ROUNDED  multiplier, constant = 2^(shift - 1) + zero_point * 2^shift, shift >= 1:
 *            clamp((round(2 * acc * multiplier / 2^32) + constant - (acc < 0)) >> shift)
 *   GENERAL  multiplier, shift (positive: left), zero point from the description
 * Or of values of int16:
 *   INT16    factor: clamp(round(acc * factor / 2^32))
 */
enum mn_form
{
    MN_FAST,
    MN_SHIFTED,
    MN_ROUNDED,
    MN_GENERAL,
    MN_INT16
};

#endif
