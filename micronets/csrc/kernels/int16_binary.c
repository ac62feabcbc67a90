/* SPDX-License-Identifier: Apache-2.0 */
#include "int16_binary.h"
#include "binary_functions.h"
#include "items.h"

enum
{
    SUM_SHIFT = 15
};

MN_INLINE void for_all(
    const struct mn_binary *in_flash, const int8_t *first, const int8_t *second, int8_t *output,
    mn_binary_function *combine, int32_t second_bytes)
{
    /* Stores could alias the description. */
    const struct mn_binary p = *in_flash;
    const struct mn_binary_input *a = &p.first, *b = &p.second;
    for (int32_t y = 0; y < p.out.rows; y++)
    {
        for (int32_t x = 0; x < p.out.columns; x++)
        {
            int32_t i = y * a->row_stride + x * a->column_stride, j = y * b->row_stride + x * b->column_stride;
            for (int32_t c = 0; c < p.out.channels; c++, i += a->channel_stride, j += b->channel_stride, output += 2)
            {
                const int32_t other = second_bytes == 1 ? second[j] : mn_int16_at(second, j);
                const int32_t value = combine(&p, mn_int16_at(first, i), other);
                mn_set_int16(output, 0, mn_clamp(value, p.low, p.high));
            }
        }
    }
}

MN_INLINE int32_t finished(const struct mn_binary *p, int32_t value)
{
    return mn_wrapping_add(mn_multiply_quantised(value, p->multiplier, p->shift), p->zero_point);
}

MN_INLINE int32_t add(const struct mn_binary *p, int32_t a, int32_t b)
{
    return finished(
        p, mn_wrapping_add(mn_binary_scaled(&p->first, a, SUM_SHIFT), mn_binary_scaled(&p->second, b, SUM_SHIFT)));
}

MN_INLINE int32_t subtract(const struct mn_binary *p, int32_t a, int32_t b)
{
    return finished(
        p, mn_wrap_subtract(mn_binary_scaled(&p->first, a, SUM_SHIFT), mn_binary_scaled(&p->second, b, SUM_SHIFT)));
}

MN_INLINE int32_t multiply(const struct mn_binary *p, int32_t a, int32_t b)
{
    return finished(p, a * b);
}

MN_INLINE int32_t squared_difference(const struct mn_binary *p, int32_t a, int32_t b)
{
    const uint32_t difference =
        (uint32_t)mn_binary_scaled(&p->first, a, 0) - (uint32_t)mn_binary_scaled(&p->second, b, 0);
    return finished(p, (int32_t)(difference * difference));
}

void mn_int16_add(const struct mn_binary *p, const int8_t *first, const int8_t *second, int8_t *output)
{
    for_all(p, first, second, output, add, 2);
}

void mn_int16_subtract(const struct mn_binary *p, const int8_t *first, const int8_t *second, int8_t *output)
{
    for_all(p, first, second, output, subtract, 2);
}

void mn_int16_multiply(const struct mn_binary *p, const int8_t *first, const int8_t *second, int8_t *output)
{
    for_all(p, first, second, output, multiply, 2);
}

void mn_int16_squared_difference(const struct mn_binary *p, const int8_t *first, const int8_t *second, int8_t *output)
{
    for_all(p, first, second, output, squared_difference, 2);
}

void mn_int16_maximum(const struct mn_binary *p, const int8_t *first, const int8_t *second, int8_t *output)
{
    for_all(p, first, second, output, mn_larger, 2);
}

void mn_int16_minimum(const struct mn_binary *p, const int8_t *first, const int8_t *second, int8_t *output)
{
    for_all(p, first, second, output, mn_smaller, 2);
}

void mn_int16_prelu(const struct mn_binary *p, const int8_t *first, const int8_t *second, int8_t *output)
{
    for_all(p, first, second, output, mn_parametric_relu, 1);
}
