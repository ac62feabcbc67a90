/* SPDX-License-Identifier: Apache-2.0 */
/* Filling and copying bytes, a vector at a time. */
#ifndef MICRONETS_HELIUM_MOVE_H
#define MICRONETS_HELIUM_MOVE_H

#include <stdint.h>

#if defined(__ARM_FEATURE_MVE)

#include <arm_mve.h>

static inline __attribute__((always_inline)) void mn_helium_fill(int8_t *to, int32_t value, int32_t count)
{
    const int8x16_t values = vdupq_n_s8((int8_t)value);
    for (; count > 0; count -= 16, to += 16)
    {
        vstrbq_p_s8(to, values, vctp8q((uint32_t)count));
    }
}

/* `rows` runs of `count` bytes. */
static inline __attribute__((always_inline)) void mn_helium_copy_rows(
    int8_t *to, int32_t to_stride, const int8_t *from, int32_t from_stride, int32_t count, int32_t rows)
{
    for (; count > 0; count -= 16, to += 16, from += 16)
    {
        const mve_pred16_t bytes = vctp8q((uint32_t)count);
        int8_t *target = to;
        const int8_t *source = from;
        for (int32_t left = rows; left > 0; left--, target += to_stride, source += from_stride)
        {
            vstrbq_p_s8(target, vldrbq_z_s8(source, bytes), bytes);
        }
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
