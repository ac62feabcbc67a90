/* SPDX-License-Identifier: Apache-2.0 */
/* Sums and extremes along a side. */
#include "reduce.h"
#include "micronets_arithmetic.h"

void mn_reduce_sum(const struct mn_reduce *p, const int8_t *input, int8_t *output)
{
    for (int32_t i = 0; i < p->outer; i++, input += p->count * p->inner)
    {
        for (int32_t j = 0; j < p->inner; j++)
        {
            int32_t sum = -p->input_zero_point * p->count;
            for (int32_t k = 0; k < p->count; k++)
            {
                sum += input[k * p->inner + j];
            }
            const int32_t scaled = mn_multiply_quantised(sum, p->multiplier, p->shift);
            *output++ = (int8_t)mn_clamp(mn_wrapping_add(scaled, p->zero_point), INT8_MIN, INT8_MAX);
        }
    }
}

void mn_reduce_maximum(const struct mn_reduce *p, const int8_t *input, int8_t *output)
{
    for (int32_t i = 0; i < p->outer; i++, input += p->count * p->inner)
    {
        for (int32_t j = 0; j < p->inner; j++)
        {
            int8_t largest = input[j];
            for (int32_t k = 1; k < p->count; k++)
            {
                const int8_t value = input[k * p->inner + j];
                largest = value > largest ? value : largest;
            }
            *output++ = largest;
        }
    }
}

void mn_reduce_minimum(const struct mn_reduce *p, const int8_t *input, int8_t *output)
{
    for (int32_t i = 0; i < p->outer; i++, input += p->count * p->inner)
    {
        for (int32_t j = 0; j < p->inner; j++)
        {
            int8_t least = input[j];
            for (int32_t k = 1; k < p->count; k++)
            {
                const int8_t value = input[k * p->inner + j];
                least = value < least ? value : least;
            }
            *output++ = least;
        }
    }
}
