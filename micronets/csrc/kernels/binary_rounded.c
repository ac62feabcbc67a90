/* SPDX-License-Identifier: Apache-2.0 */
/* Sums, differences and products with each rounding in one multiply-accumulate. */
#include "binary_rounded.h"
#include "binary_loop.h"

enum
{
    /* By 20 bits, and one more for the product's upper half. */
    LEFT_SHIFT = 21
};

/* What does not depend on the value is worked out once: the loop is inlined. */
MN_INLINE int32_t scaled(const struct mn_binary_input *in, int32_t quantised)
{
    const int32_t value = (int32_t)((uint32_t)(quantised - in->zero_point) << LEFT_SHIFT);
    const int32_t half = (1 << in->shift) >> 1, is_shifted = -(in->shift > 0);
    return mn_high_mac(value, in->multiplier, half + (value >> 31 & is_shifted)) >> in->shift;
}

MN_INLINE int32_t rounded(const struct mn_binary *p, int32_t value)
{
    return mn_high_mac(2 * value, p->multiplier, p->zero_point + (value >> 31)) >> p->shift;
}

MN_INLINE int32_t add(const struct mn_binary *p, int32_t a, int32_t b)
{
    return rounded(p, scaled(&p->first, a) + scaled(&p->second, b));
}

MN_INLINE int32_t subtract(const struct mn_binary *p, int32_t a, int32_t b)
{
    return rounded(p, scaled(&p->first, a) - scaled(&p->second, b));
}

MN_INLINE int32_t multiply(const struct mn_binary *p, int32_t a, int32_t b)
{
    return rounded(p, (a - p->first.zero_point) * (b - p->second.zero_point));
}

void mn_add_rounded(const struct mn_binary *p, const int8_t *first, const int8_t *second, int8_t *output)
{
    mn_binary_for_all(p, first, second, output, add);
}

void mn_subtract_rounded(const struct mn_binary *p, const int8_t *first, const int8_t *second, int8_t *output)
{
    mn_binary_for_all(p, first, second, output, subtract);
}

void mn_multiply_rounded(const struct mn_binary *p, const int8_t *first, const int8_t *second, int8_t *output)
{
    mn_binary_for_all(p, first, second, output, multiply);
}
