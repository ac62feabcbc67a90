/* SPDX-License-Identifier: Apache-2.0 */
/* Sums of all values up to each one along a side. */
#ifndef MICRONETS_CUMSUM_H
#define MICRONETS_CUMSUM_H

#include <stdint.h>

/* The input is [outer][depth][inner]; `backwards` sums from the end, `exclusive` leaves a value out of its own sum. */
struct mn_cumsum
{
    int32_t outer, depth, inner;
    int32_t backwards, exclusive;
    int32_t input_zero_point, multiplier, shift, zero_point;
};

/* `output` may be `input`. */
void mn_cumsum(const struct mn_cumsum *p, const int8_t *input, int8_t *output);

#endif
