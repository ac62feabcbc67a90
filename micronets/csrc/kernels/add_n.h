/* SPDX-License-Identifier: Apache-2.0 */
/* Sums of several inputs of one scale. */
#ifndef MICRONETS_ADD_N_H
#define MICRONETS_ADD_N_H

#include <stdint.h>

struct mn_add_n
{
    int32_t inputs, count;
    int32_t input_zero_point, multiplier, shift, zero_point;
};

/* `output` may be any of `values`. */
void mn_add_n(const struct mn_add_n *p, const int8_t *const *values, int8_t *output);

#endif
