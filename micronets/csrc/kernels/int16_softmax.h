/* SPDX-License-Identifier: Apache-2.0 */
/* Softmax of int16, from tables of 513 values and between them. */
#ifndef MICRONETS_INT16_SOFTMAX_H
#define MICRONETS_INT16_SOFTMAX_H

#include <stdint.h>

/* `exponentials` of -10 to 0, and `reciprocals` of 1 to 2. */
struct mn_int16_softmax
{
    int32_t rows, channels, multiplier, shift;
    const int16_t *exponentials, *reciprocals;
};

void mn_int16_softmax(const struct mn_int16_softmax *p, const int8_t *input, int8_t *output);

#endif
