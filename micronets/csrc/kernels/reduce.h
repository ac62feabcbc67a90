/* SPDX-License-Identifier: Apache-2.0 */
/* Sums and extremes along the middle of three sides. */
#ifndef MICRONETS_REDUCE_H
#define MICRONETS_REDUCE_H

#include <stdint.h>

/* The input is [outer][count][inner], the output [outer][inner]. */
struct mn_reduce
{
    int32_t outer, count, inner;
    int32_t input_zero_point, multiplier, shift, zero_point;
};

/* The mean is a sum whose multiplier divides by the count. */
void mn_reduce_sum(const struct mn_reduce *p, const int8_t *input, int8_t *output);
void mn_reduce_maximum(const struct mn_reduce *p, const int8_t *input, int8_t *output);
void mn_reduce_minimum(const struct mn_reduce *p, const int8_t *input, int8_t *output);

#endif
