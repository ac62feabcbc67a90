/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of one int16. */
#ifndef MICRONETS_INT16_FUNCTIONS_H
#define MICRONETS_INT16_FUNCTIONS_H

#include <stdint.h>

/* Two straight lines that meet at the zero point. Where the one below falls, its values change their sign before they are
 * scaled (`mirrored`) or after (`negated`): halves are rounded upwards. */
struct mn_int16_lines
{
    int32_t count;
    int32_t input_zero_point, zero_point, low, high;
    int32_t multiplier, shift;
    int32_t below_multiplier, below_shift, mirrored, negated;
};

/* As sigmoid_int16.h has them. */
struct mn_int16_sigmoid
{
    int32_t count, multiplier, shift;
    const uint16_t *table;
};

void mn_int16_lines(const struct mn_int16_lines *p, const int8_t *input, int8_t *output);
void mn_int16_logistic(const struct mn_int16_sigmoid *p, const int8_t *input, int8_t *output);
void mn_int16_tanh(const struct mn_int16_sigmoid *p, const int8_t *input, int8_t *output);

#endif
