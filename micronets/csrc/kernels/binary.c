/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of two values, but for DIV: divide.c. */
#include "binary.h"
#include "binary_functions.h"
#include "binary_loop.h"
#include "bytes.h"

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

/* Four values at a time, or one that all are compared with. */
MN_INLINE uint32_t word_of(const int8_t *values, int32_t stride)
{
    return stride ? mn_load_word(values) : mn_four_times(*values);
}

MN_INLINE void pick(int largest, const struct mn_binary *p, const int8_t *first, const int8_t *second, int8_t *output)
{
    const struct mn_binary_input a = p->first, b = p->second;
    const int32_t channels = p->out.channels, step_a = a.channel_stride, step_b = b.channel_stride;
    for (int32_t y = 0; y < p->out.rows; y++)
    {
        for (int32_t x = 0; x < p->out.columns; x++)
        {
            const int8_t *pa = first + y * a.row_stride + x * a.column_stride;
            const int8_t *pb = second + y * b.row_stride + x * b.column_stride;
            int32_t left = channels;
            for (; left >= 4; left -= 4, pa += 4 * step_a, pb += 4 * step_b, output += 4)
            {
                const uint32_t u = word_of(pa, step_a), v = word_of(pb, step_b);
                mn_store_word(output, largest ? mn_max_bytes(u, v) : mn_min_bytes(u, v));
            }
            for (; left > 0; left--, pa += step_a, pb += step_b)
            {
                *output++ = (*pa > *pb) == largest ? *pa : *pb;
            }
        }
    }
}

void mn_maximum(const struct mn_binary *p, const int8_t *first, const int8_t *second, int8_t *output)
{
    pick(1, p, first, second, output);
}

void mn_minimum(const struct mn_binary *p, const int8_t *first, const int8_t *second, int8_t *output)
{
    pick(0, p, first, second, output);
}

void mn_prelu(const struct mn_binary *p, const int8_t *first, const int8_t *second, int8_t *output)
{
    mn_binary_for_all(p, first, second, output, mn_parametric_relu);
}
