/* SPDX-License-Identifier: Apache-2.0 */
/* Activations of 16 levels from two in a byte to one, and back. */
#include "nibbles.h"
#include "micronets_dsp.h"

#if defined(__ARM_FEATURE_MVE)

/* In assembly: with the intrinsics GCC copies both vectors of an interleaved access. Whole vectors: 32 values of 16 bytes. */

static void unpack_vectors(int32_t least, int32_t vectors, const int8_t *nibbles, int8_t *values)
{
    __asm volatile("vmov.i8 q3, #0x0F\n\t"
                   "vdup.8 q4, %[least]\n\t"
                   "wls lr, %[vectors], 2f\n"
                   "1:\n\t"
                   "vldrb.8 q1, [%[nibbles]], #16\n\t"
                   "vand q0, q1, q3\n\t"
                   "vshr.u8 q1, q1, #4\n\t"
                   "vadd.i8 q0, q0, q4\n\t"
                   "vadd.i8 q1, q1, q4\n\t"
                   "vst20.16 {q0, q1}, [%[values]]\n\t"
                   "vst21.16 {q0, q1}, [%[values]]!\n\t"
                   "le lr, 1b\n"
                   "2:\n\t"
                   : [nibbles] "+r"(nibbles), [values] "+r"(values)
                   : [least] "r"(least), [vectors] "r"(vectors)
                   : "lr", "q0", "q1", "q3", "q4", "cc", "memory");
}

static void pack_vectors(int32_t least, int32_t vectors, const int8_t *values, int8_t *nibbles)
{
    __asm volatile("vdup.8 q3, %[least]\n\t"
                   "vdup.8 q4, %[most]\n\t"
                   "wls lr, %[vectors], 2f\n"
                   "1:\n\t"
                   "vld20.16 {q0, q1}, [%[values]]\n\t"
                   "vld21.16 {q0, q1}, [%[values]]!\n\t"
                   "vmax.s8 q0, q0, q3\n\t"
                   "vmax.s8 q1, q1, q3\n\t"
                   "vmin.s8 q0, q0, q4\n\t"
                   "vmin.s8 q1, q1, q4\n\t"
                   "vsub.i8 q0, q0, q3\n\t"
                   "vsub.i8 q1, q1, q3\n\t"
                   "vsli.8 q0, q1, #4\n\t"
                   "vstrb.8 q0, [%[nibbles]], #16\n\t"
                   "le lr, 1b\n"
                   "2:\n\t"
                   : [nibbles] "+r"(nibbles), [values] "+r"(values)
                   : [least] "r"(least), [most] "r"(least + 15), [vectors] "r"(vectors)
                   : "lr", "q0", "q1", "q3", "q4", "cc", "memory");
}

/* Of 16 values each. */
static void clamp_vectors(int32_t least, int32_t vectors, int8_t *values)
{
    __asm volatile("vdup.8 q3, %[least]\n\t"
                   "vdup.8 q4, %[most]\n\t"
                   "wls lr, %[vectors], 2f\n"
                   "1:\n\t"
                   "vldrb.8 q0, [%[values]]\n\t"
                   "vmax.s8 q0, q0, q3\n\t"
                   "vmin.s8 q0, q0, q4\n\t"
                   "vstrb.8 q0, [%[values]], #16\n\t"
                   "le lr, 1b\n"
                   "2:\n\t"
                   : [values] "+r"(values)
                   : [least] "r"(least), [most] "r"(least + 15), [vectors] "r"(vectors)
                   : "lr", "q0", "q3", "q4", "cc", "memory");
}

#endif

void mn_unpack_nibbles(int32_t least, int32_t count, const int8_t *nibbles, int8_t *values)
{
#if defined(__ARM_FEATURE_MVE)
    unpack_vectors(least, count >> 5, nibbles, values);
    nibbles += count >> 5 << 4;
    values += count >> 5 << 5;
    count &= 31;
#endif
    const uint32_t above = mn_four_times(least);
    for (; count >= 8; count -= 8, nibbles += 4, values += 8)
    {
        const uint32_t word = mn_load_word(nibbles);
        const uint32_t low = mn_add_bytes(word & MN_LOW_NIBBLES, above),
                       high = mn_add_bytes(word >> 4 & MN_LOW_NIBBLES, above);
        *(mn_unaligned_word *)(void *)values = mn_pack_low(low, high);
        *(mn_unaligned_word *)(void *)(values + 4) = mn_pack_high(low, high);
    }
    if (count > 0)
    {
        *(mn_unaligned_word *)(void *)values = mn_values_of_nibbles(mn_load_half(nibbles), above);
    }
}

void mn_pack_nibbles(int32_t least, int32_t count, const int8_t *values, int8_t *nibbles)
{
#if defined(__ARM_FEATURE_MVE)
    pack_vectors(least, count >> 5, values, nibbles);
    values += count >> 5 << 5;
    nibbles += count >> 5 << 4;
    count &= 31;
#endif
    const uint32_t above = mn_four_times(least) ^ MN_SIGNS;
    for (; count >= 8; count -= 8, values += 8, nibbles += 4)
    {
        const uint32_t first = mn_clamped_nibbles(mn_load_word(values), above),
                       second = mn_clamped_nibbles(mn_load_word(values + 4), above);
        *(mn_unaligned_word *)(void *)nibbles = mn_pack_low(first, second) | mn_pack_high(first, second) << 4;
    }
    if (count > 0)
    {
        const uint32_t first = mn_clamped_nibbles(mn_load_word(values), above);
        *(mn_unaligned_half *)(void *)nibbles = (uint16_t)(first | first >> 12);
    }
}

void mn_clamp_levels(int32_t least, int32_t count, int8_t *values)
{
#if defined(__ARM_FEATURE_MVE)
    clamp_vectors(least, count >> 4, values);
    values += count >> 4 << 4;
    count &= 15;
#endif
    const uint32_t above = mn_four_times(least);
    for (int8_t *end = values + count; values < end; values += 4)
    {
        const uint32_t clamped = mn_clamped_nibbles(mn_load_word(values), above ^ MN_SIGNS);
        *(mn_unaligned_word *)(void *)values = mn_add_bytes(clamped, above);
    }
}
