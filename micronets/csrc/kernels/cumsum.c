/* SPDX-License-Identifier: Apache-2.0 */
/* Sums along a side as in the reference: values shifted left by 20 bits and halved, products rounded twice. */
#include "cumsum.h"
#include "micronets_arithmetic.h"

enum
{
    HALVED_SHIFT = 19
};

static void sum_line(const struct mn_cumsum *p, const int8_t *input, int8_t *output, int32_t stride)
{
    int32_t sum = -p->input_zero_point * (1 << HALVED_SHIFT);
    for (int32_t i = 0; i < p->depth; i++)
    {
        const int32_t before = sum;
        sum = mn_wrapping_add(sum, (input[i * stride] - p->input_zero_point) * (1 << HALVED_SHIFT));
        const int32_t scaled = mn_multiply_quantised(p->exclusive ? before : sum, p->multiplier, p->shift);
        output[i * stride] = (int8_t)mn_clamp(scaled + p->zero_point, INT8_MIN, INT8_MAX);
    }
}

void mn_cumsum(const struct mn_cumsum *p, const int8_t *input, int8_t *output)
{
    const int32_t first = p->backwards ? (p->depth - 1) * p->inner : 0;
    const int32_t stride = p->backwards ? -p->inner : p->inner;
    for (int32_t i = 0; i < p->outer; i++)
    {
        for (int32_t j = 0; j < p->inner; j++)
        {
            const int32_t at = i * p->depth * p->inner + first + j;
            sum_line(p, input + at, output + at, stride);
        }
    }
}
