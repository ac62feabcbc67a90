/* SPDX-License-Identifier: Apache-2.0 */
/* Vectors divided by their lengths, int8 to int8 at the scale 1/128 with the zero point 0. */
#ifndef MICRONETS_L2_NORMALISATION_H
#define MICRONETS_L2_NORMALISATION_H

#include <stdint.h>

struct mn_l2_normalisation
{
    int32_t rows, channels, zero_point;
};

/* `output` may be `input`. */
void mn_l2_normalisation(const struct mn_l2_normalisation *p, const int8_t *input, int8_t *output);

#endif
