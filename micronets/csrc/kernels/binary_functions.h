/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of two quantised values that do not depend on how wide these are. */
#ifndef MICRONETS_BINARY_FUNCTIONS_H
#define MICRONETS_BINARY_FUNCTIONS_H

#include "micronets_arithmetic.h"
#include "micronets_dsp.h"
#include "micronets_kernels.h"

typedef int32_t mn_binary_function(const struct mn_binary *p, int32_t a, int32_t b);

/* An input, shifted left, in the scale that both inputs come to. */
MN_INLINE int32_t mn_binary_scaled(const struct mn_binary_input *in, int32_t quantised, int32_t left_shift)
{
    return mn_multiply_quantised((quantised - in->zero_point) * (1 << left_shift), in->multiplier, in->shift);
}

MN_INLINE int32_t mn_larger(const struct mn_binary *p, int32_t a, int32_t b)
{
    (void)p;
    return a > b ? a : b;
}

MN_INLINE int32_t mn_smaller(const struct mn_binary *p, int32_t a, int32_t b)
{
    (void)p;
    return a < b ? a : b;
}

/* The second is the slope below zero. */
MN_INLINE int32_t mn_parametric_relu(const struct mn_binary *p, int32_t a, int32_t b)
{
    const int32_t value = a - p->first.zero_point;
    const struct mn_binary_input *in = value >= 0 ? &p->first : &p->second;
    const int32_t product = value >= 0 ? value : value * (b - p->second.zero_point);
    return mn_wrapping_add(mn_multiply_quantised(product, in->multiplier, in->shift), p->zero_point);
}

#endif
