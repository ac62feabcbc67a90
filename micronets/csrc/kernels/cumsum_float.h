/* SPDX-License-Identifier: Apache-2.0 */
/* Sums in float32 of what int8 stand for, up to each one along a side. */
#ifndef MICRONETS_CUMSUM_FLOAT_H
#define MICRONETS_CUMSUM_FLOAT_H

#include <stdint.h>

/* The input is [outer][depth][inner]; `backwards` sums from the end, `exclusive` leaves a value out of its own sum. `reals`
 * are the bits of 256 float32. */
struct mn_cumsum_float
{
    int32_t outer, depth, inner;
    int32_t backwards, exclusive;
    const int32_t *reals;
    float scale;
    int32_t zero_point;
};

/* `output` may be `input`. */
void mn_cumsum_float(const struct mn_cumsum_float *p, const int8_t *input, int8_t *output);

#endif
