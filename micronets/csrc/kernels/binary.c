/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of two values, but for DIV: divide.c. */
#include "binary.h"
#include "binary_functions.h"
#include "binary_loop.h"

enum
{
    DIFFERENCE_SHIFT = 20,
    SQUARE_SHIFT = 7
};

MN_INLINE int32_t subtract(const struct mn_binary *p, int32_t a, int32_t b)
{
    const int32_t difference =
        mn_binary_scaled(&p->first, a, DIFFERENCE_SHIFT) - mn_binary_scaled(&p->second, b, DIFFERENCE_SHIFT);
    return mn_multiply_quantised(difference, p->multiplier, p->shift) + p->zero_point;
}

MN_INLINE int32_t squared_difference(const struct mn_binary *p, int32_t a, int32_t b)
{
    const int32_t difference =
        mn_binary_scaled(&p->first, a, SQUARE_SHIFT) - mn_binary_scaled(&p->second, b, SQUARE_SHIFT);
    const int32_t square = mn_multiply_quantised(difference * difference, p->multiplier, p->shift);
    return mn_wrapping_add(square, p->zero_point);
}

void mn_subtract(const struct mn_binary *p, const int8_t *first, const int8_t *second, int8_t *output)
{
    mn_binary_for_all(p, first, second, output, subtract);
}

void mn_squared_difference(const struct mn_binary *p, const int8_t *first, const int8_t *second, int8_t *output)
{
    mn_binary_for_all(p, first, second, output, squared_difference);
}

void mn_maximum(const struct mn_binary *p, const int8_t *first, const int8_t *second, int8_t *output)
{
    mn_binary_for_all(p, first, second, output, mn_larger);
}

void mn_minimum(const struct mn_binary *p, const int8_t *first, const int8_t *second, int8_t *output)
{
    mn_binary_for_all(p, first, second, output, mn_smaller);
}

void mn_prelu(const struct mn_binary *p, const int8_t *first, const int8_t *second, int8_t *output)
{
    mn_binary_for_all(p, first, second, output, mn_parametric_relu);
}
