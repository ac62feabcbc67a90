/* SPDX-License-Identifier: Apache-2.0 */
/* Addition of two tensors of one shape as a plane (see linear_sum.py): two multiply-accumulates for every sum. */
#include "micronets_arithmetic.h"
#include "micronets_dsp.h"
#include "micronets_kernels.h"

#if defined(__ARM_FEATURE_MVE)

#include <arm_mve.h>

void mn_add_linear(const struct mn_add_linear *p, const int8_t *first, const int8_t *second, int8_t *output)
{
    const int32_t first_factor = p->first_factor, second_factor = p->second_factor;
    const int32x4_t low = vdupq_n_s32(p->low), high = vdupq_n_s32(p->high), constant = vdupq_n_s32(p->constant);
    const int32_t left_shift = -p->shift;
    for (int32_t count = p->count; count > 0; count -= 4, first += 4, second += 4, output += 4)
    {
        const mve_pred16_t lanes = vctp32q((uint32_t)count);
        int32x4_t sum = vmlaq_n_s32(constant, vldrbq_z_s32(first, lanes), first_factor);
        sum = vmlaq_n_s32(sum, vldrbq_z_s32(second, lanes), second_factor);
        sum = vminq_s32(vmaxq_s32(vshlq_r_s32(sum, left_shift), low), high);
        vstrbq_p_s32(output, sum, lanes);
    }
}

#define ALIAS(name)                                                                                                    \
    void name(const struct mn_add_linear *p, const int8_t *first, const int8_t *second, int8_t *output)                \
    {                                                                                                                  \
        mn_add_linear(p, first, second, output);                                                                       \
    }

ALIAS(mn_add_linear_clamped)
ALIAS(mn_add_linear_shifted)
ALIAS(mn_add_linear_shifted_clamped)

#else

MN_INLINE int8_t add(const struct mn_add_linear *p, int shifted, int clamped, int32_t first, int32_t second)
{
    const int32_t sum = second * p->second_factor + (first * p->first_factor + p->constant);
    const int32_t value = shifted ? mn_saturate8(sum >> p->shift) : mn_saturate8_of(sum, MN_LINEAR_SHIFT);
    return (int8_t)(clamped ? mn_clamp(value, p->low, p->high) : value);
}

MN_INLINE void add_all(
    const struct mn_add_linear *in_flash, int shifted, int clamped, const int8_t *first, const int8_t *second,
    int8_t *output)
{
    const struct mn_add_linear p = *in_flash;
    int32_t i = 0;
    /* Both words are read before the output, which may be either input, is written. */
    for (; i + 4 <= p.count; i += 4)
    {
        const uint32_t x = mn_load_word(first + i), y = mn_load_word(second + i);
        output[i] = add(&p, shifted, clamped, (int8_t)x, (int8_t)y);
        output[i + 1] = add(&p, shifted, clamped, (int8_t)(x >> 8), (int8_t)(y >> 8));
        output[i + 2] = add(&p, shifted, clamped, (int8_t)(x >> 16), (int8_t)(y >> 16));
        output[i + 3] = add(&p, shifted, clamped, (int8_t)(x >> 24), (int8_t)(y >> 24));
    }
    for (; i < p.count; i++)
    {
        output[i] = add(&p, shifted, clamped, first[i], second[i]);
    }
}

#define ADD(name, shifted, clamped)                                                                                    \
    void name(const struct mn_add_linear *p, const int8_t *first, const int8_t *second, int8_t *output)                \
    {                                                                                                                  \
        add_all(p, shifted, clamped, first, second, output);                                                           \
    }

ADD(mn_add_linear, 0, 0)
ADD(mn_add_linear_clamped, 0, 1)
ADD(mn_add_linear_shifted, 1, 0)
ADD(mn_add_linear_shifted_clamped, 1, 1)

#endif
