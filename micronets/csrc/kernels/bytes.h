/* SPDX-License-Identifier: Apache-2.0 */
/* Four signed bytes of a word at once: the least, the sum, and means rounded with halves away from zero. */
#ifndef MICRONETS_BYTES_H
#define MICRONETS_BYTES_H

#include "micronets_dsp.h"

#if MN_DSP

/* The smaller one of every pair of signed bytes. */
MN_INLINE uint32_t mn_min_bytes(uint32_t a, uint32_t b)
{
    uint32_t smaller;
    __asm("ssub8 %0, %2, %1\n\tsel %0, %1, %2" : "=&r"(smaller) : "r"(a), "r"(b) : "cc");
    return smaller;
}

/* floor((a + b) / 2) of signed bytes. */
MN_INLINE uint32_t mn_halve_bytes(uint32_t a, uint32_t b)
{
    uint32_t halves;
    __asm("shadd8 %0, %1, %2" : "=r"(halves) : "r"(a), "r"(b));
    return halves;
}

/* Bytes' sums, which wrap. */
MN_INLINE uint32_t mn_add_bytes(uint32_t a, uint32_t b)
{
    uint32_t sums;
    __asm("sadd8 %0, %1, %2" : "=r"(sums) : "r"(a), "r"(b) : "cc");
    return sums;
}

/* Four words from four addresses, `offset` a constant: loads directly behind one another. */
MN_INLINE void mn_load_four(
    const int8_t *a, const int8_t *b, const int8_t *c, const int8_t *d, const int32_t offset, uint32_t words[4])
{
    __asm volatile("ldr %0, [%4, %8]\n\t"
                   "ldr %1, [%5, %8]\n\t"
                   "ldr %2, [%6, %8]\n\t"
                   "ldr %3, [%7, %8]\n\t"
                   : "=&r"(words[0]), "=&r"(words[1]), "=&r"(words[2]), "=&r"(words[3])
                   : "r"(a), "r"(b), "r"(c), "r"(d), "i"(offset)
                   : "memory");
}

/* Four words behind one another, likewise. */
MN_INLINE void mn_load_sixteen_bytes(const int8_t *at, uint32_t words[4])
{
    __asm volatile("ldr %0, [%4]\n\t"
                   "ldr %1, [%4, #4]\n\t"
                   "ldr %2, [%4, #8]\n\t"
                   "ldr %3, [%4, #12]\n\t"
                   : "=&r"(words[0]), "=&r"(words[1]), "=&r"(words[2]), "=&r"(words[3])
                   : "r"(at)
                   : "memory");
}

#else

MN_INLINE void mn_load_sixteen_bytes(const int8_t *at, uint32_t words[4])
{
    words[0] = mn_load_word(at);
    words[1] = mn_load_word(at + 4);
    words[2] = mn_load_word(at + 8);
    words[3] = mn_load_word(at + 12);
}

MN_INLINE uint32_t mn_min_bytes(uint32_t a, uint32_t b)
{
    return ~mn_max_bytes(~a, ~b);
}

MN_INLINE uint32_t mn_halve_bytes(uint32_t a, uint32_t b)
{
    uint32_t halves = 0;
    for (int32_t shift = 0; shift < 32; shift += 8)
    {
        const int32_t sum = (int8_t)(a >> shift & 0xFFU) + (int8_t)(b >> shift & 0xFFU);
        halves |= (uint32_t)(sum >> 1 & 0xFF) << shift;
    }
    return halves;
}

MN_INLINE uint32_t mn_add_bytes(uint32_t a, uint32_t b)
{
    return ((a & 0x7F7F7F7FU) + (b & 0x7F7F7F7FU)) ^ ((a ^ b) & 0x80808080U);
}

MN_INLINE void mn_load_four(
    const int8_t *a, const int8_t *b, const int8_t *c, const int8_t *d, const int32_t offset, uint32_t words[4])
{
    words[0] = mn_load_word(a + offset);
    words[1] = mn_load_word(b + offset);
    words[2] = mn_load_word(c + offset);
    words[3] = mn_load_word(d + offset);
}

#endif

/* (a + b) / 2: halves are rounded up where the mean's floor is not negative. */
MN_INLINE uint32_t mn_mean_of_two(uint32_t a, uint32_t b)
{
    const uint32_t floors = mn_halve_bytes(a, b);
    return mn_add_bytes(floors, (a ^ b) & ~(floors >> 7) & 0x01010101U);
}

/* (a + b + c + d) / 4. A sum is 4 floor + 2 z + x + y, of bits x, y and z: one more than the floor from a rest of 2 on
 * where the floor is not negative, from 3 on where it is. */
MN_INLINE uint32_t mn_mean_of_four(uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
    const uint32_t first = mn_halve_bytes(a, b), second = mn_halve_bytes(c, d);
    const uint32_t floors = mn_halve_bytes(first, second);
    const uint32_t x = a ^ b, y = c ^ d, z = first ^ second;
    const uint32_t three = z & (x | y), two = (z | (x & y)) & ~(floors >> 7);
    return mn_add_bytes(floors, (three | two) & 0x01010101U);
}

/* Every byte of a word. */
MN_INLINE uint32_t mn_four_times(int32_t value)
{
    return ((uint32_t)value & 0xFFU) * 0x01010101U;
}

MN_INLINE void mn_store_word(int8_t *address, uint32_t bytes)
{
    *(mn_unaligned_word *)(void *)address = bytes;
}

#endif
