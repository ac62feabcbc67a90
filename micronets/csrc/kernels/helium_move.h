/* SPDX-License-Identifier: Apache-2.0 */
/* Filling and copying bytes, a vector at a time. */
#ifndef MICRONETS_HELIUM_MOVE_H
#define MICRONETS_HELIUM_MOVE_H

#include <stdint.h>

#if defined(__ARM_FEATURE_MVE)

/* In assembly: with the intrinsics GCC moves the predicate to a general register and back for every vector. */

static inline __attribute__((always_inline)) void mn_helium_fill(int8_t *to, int32_t value, int32_t count)
{
    __asm volatile("vdup.8 q0, %[value]\n\t"
                   "wlstp.8 lr, %[count], 2f\n"
                   "1:\n\t"
                   "vstrb.8 q0, [%[to]], #16\n\t"
                   "letp lr, 1b\n"
                   "2:\n\t"
                   : [to] "+r"(to)
                   : [value] "r"(value), [count] "r"(count)
                   : "lr", "q0", "cc", "memory");
}

/* Upwards, so that a copy to lower addresses may overlap what it reads. */
static inline __attribute__((always_inline)) void mn_helium_copy(int8_t *to, const int8_t *from, int32_t count)
{
    __asm volatile("wlstp.8 lr, %[count], 2f\n"
                   "1:\n\t"
                   "vldrb.8 q0, [%[from]], #16\n\t"
                   "vstrb.8 q0, [%[to]], #16\n\t"
                   "letp lr, 1b\n"
                   "2:\n\t"
                   : [from] "+r"(from), [to] "+r"(to)
                   : [count] "r"(count)
                   : "lr", "q0", "cc", "memory");
}

/* `rows` (more than 0) runs of `count` bytes. */
static inline __attribute__((always_inline)) void mn_helium_copy_rows(
    int8_t *to, int32_t to_stride, const int8_t *from, int32_t from_stride, int32_t count, int32_t rows)
{
    for (; count > 0; count -= 16, to += 16, from += 16)
    {
        int8_t *target = to;
        const int8_t *source = from;
        __asm volatile(
            "vctp.8 %[count]\n\t"
            "dls lr, %[rows]\n"
            "1:\n\t"
            "vpstt\n\t"
            "vldrbt.8 q0, [%[source]]\n\t"
            "vstrbt.8 q0, [%[target]]\n\t"
            "add %[source], %[source], %[from_stride]\n\t"
            "add %[target], %[target], %[to_stride]\n\t"
            "le lr, 1b\n\t"
            : [source] "+r"(source), [target] "+r"(target)
            : [count] "r"(count), [rows] "r"(rows), [from_stride] "r"(from_stride), [to_stride] "r"(to_stride)
            : "lr", "q0", "cc", "memory");
    }
}

#else

#include <string.h>

static inline void mn_helium_fill(int8_t *to, int32_t value, int32_t count)
{
    memset(to, value, (size_t)count);
}

static inline void mn_helium_copy_rows(
    int8_t *to, int32_t to_stride, const int8_t *from, int32_t from_stride, int32_t count, int32_t rows)
{
    for (; rows > 0; rows--, to += to_stride, from += from_stride)
    {
        memcpy(to, from, (size_t)count);
    }
}

#endif

#endif
