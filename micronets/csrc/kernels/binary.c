/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of two values: one loop over the output, into which each function is inlined. */
#include "binary.h"
#include "binary_functions.h"
#include "micronets_dsp.h"
#include "reciprocal.h"

enum
{
    DIFFERENCE_SHIFT = 20,
    SQUARE_SHIFT = 7,
    LONGEST_SHIFT = 31
};

MN_INLINE void for_all(
    const struct mn_binary *p, const int8_t *first, const int8_t *second, int8_t *output, mn_binary_function *combine)
{
    const struct mn_binary_input *a = &p->first, *b = &p->second;
    for (int32_t y = 0; y < p->out.rows; y++)
    {
        for (int32_t x = 0; x < p->out.columns; x++)
        {
            const int8_t *pa = first + y * a->row_stride + x * a->column_stride;
            const int8_t *pb = second + y * b->row_stride + x * b->column_stride;
            for (int32_t c = 0; c < p->out.channels; c++, pa += a->channel_stride, pb += b->channel_stride)
            {
                *output++ = (int8_t)mn_clamp(combine(p, *pa, *pb), p->low, p->high);
            }
        }
    }
}

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

/* The quotient is dividend * 2^headroom times 1 / divisor, which lies between one half and one. */
MN_INLINE int32_t divide(const struct mn_binary *p, int32_t a, int32_t b)
{
    int32_t dividend = a - p->first.zero_point, divisor = b - p->second.zero_point;
    if (divisor < 0)
    {
        dividend = -dividend;
        divisor = -divisor;
    }
    divisor = divisor == 0 ? 1 : divisor;
    const int32_t zeros = mn_leading_zeros((uint32_t)divisor);
    const int32_t inverse = mn_one_over_one_plus((int32_t)(((uint32_t)divisor << zeros) & INT32_MAX));
    const int32_t magnitude = dividend < 0 ? -dividend - 1 : dividend;
    const int32_t headroom = magnitude == 0 ? 31 : mn_leading_zeros((uint32_t)magnitude) - 1;
    const int32_t quotient = mn_high_multiply((int32_t)((uint32_t)dividend << headroom), inverse);
    const int32_t shift = p->shift - (31 - zeros) - headroom;
    if (shift < -LONGEST_SHIFT)
    {
        return p->zero_point; /* less than one half; the reference shifts by more bits than there are */
    }
    return mn_wrapping_add(mn_multiply_quantised(quotient, p->multiplier, shift), p->zero_point);
}

void mn_subtract(const struct mn_binary *p, const int8_t *first, const int8_t *second, int8_t *output)
{
    for_all(p, first, second, output, subtract);
}

void mn_squared_difference(const struct mn_binary *p, const int8_t *first, const int8_t *second, int8_t *output)
{
    for_all(p, first, second, output, squared_difference);
}

void mn_divide(const struct mn_binary *p, const int8_t *first, const int8_t *second, int8_t *output)
{
    for_all(p, first, second, output, divide);
}

void mn_maximum(const struct mn_binary *p, const int8_t *first, const int8_t *second, int8_t *output)
{
    for_all(p, first, second, output, mn_larger);
}

void mn_minimum(const struct mn_binary *p, const int8_t *first, const int8_t *second, int8_t *output)
{
    for_all(p, first, second, output, mn_smaller);
}

void mn_prelu(const struct mn_binary *p, const int8_t *first, const int8_t *second, int8_t *output)
{
    for_all(p, first, second, output, mn_parametric_relu);
}
