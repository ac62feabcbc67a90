/* SPDX-License-Identifier: Apache-2.0 */
/* Logarithm of softmax over the last side, int8 to int8 at the scale 1/16 with the zero point 127. */
#ifndef MICRONETS_LOG_SOFTMAX_H
#define MICRONETS_LOG_SOFTMAX_H

#include <stdint.h>

/* For differences to the maximum of 0, -1, ..., -(count - 1); larger ones count as nothing.
 * exponentials: Q12.19; differences: Q5.26; divisor * 2^(shift - 31) brings Q5.26 back to steps of the input. */
struct mn_log_softmax
{
    int32_t rows, channels;
    const int32_t *exponentials, *differences;
    int32_t count, divisor, shift;
};

/* `output` may be `input`. */
void mn_log_softmax(const struct mn_log_softmax *p, const int8_t *input, int8_t *output);

#endif
