/* SPDX-License-Identifier: Apache-2.0 */
/* Comparisons of two values, and the choice between two, with broadcasting; descriptions as in micronets_kernels.h. */
#ifndef MICRONETS_COMPARE_H
#define MICRONETS_COMPARE_H

#include "micronets_kernels.h"

/* The output is 1 where the inputs compare as `accepted` says: 1 for less, plus 2 for equal, plus 4 for greater. */
struct mn_compare
{
    struct mn_shape out;
    struct mn_binary_input first, second;
    int32_t accepted;
};

/* Of int8: both inputs, less their zero points and shifted left by 8 bits, are scaled first. */
void mn_compare_scaled(const struct mn_compare *p, const int8_t *first, const int8_t *second, int8_t *output);
/* Of bool and int32, as they are. */
void mn_compare_int8(const struct mn_compare *p, const int8_t *first, const int8_t *second, int8_t *output);
void mn_compare_int32(const struct mn_compare *p, const int8_t *first, const int8_t *second, int8_t *output);

/* The first input's item where the condition is not 0, else the second's; items of `item_bytes`. */
struct mn_select
{
    struct mn_shape out;
    struct mn_binary_input condition, first, second;
    int32_t item_bytes;
};

void mn_select(
    const struct mn_select *p, const int8_t *condition, const int8_t *first, const int8_t *second, int8_t *output);

#endif
