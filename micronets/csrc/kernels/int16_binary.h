/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of two int16; where an input is broadcast, its strides are 0, and they count items. */
#ifndef MICRONETS_INT16_BINARY_H
#define MICRONETS_INT16_BINARY_H

#include "micronets_kernels.h"

void mn_int16_add(const struct mn_binary *p, const int8_t *first, const int8_t *second, int8_t *output);
void mn_int16_subtract(const struct mn_binary *p, const int8_t *first, const int8_t *second, int8_t *output);
void mn_int16_multiply(const struct mn_binary *p, const int8_t *first, const int8_t *second, int8_t *output);
void mn_int16_squared_difference(const struct mn_binary *p, const int8_t *first, const int8_t *second, int8_t *output);
void mn_int16_maximum(const struct mn_binary *p, const int8_t *first, const int8_t *second, int8_t *output);
void mn_int16_minimum(const struct mn_binary *p, const int8_t *first, const int8_t *second, int8_t *output);

/* The second input is int8. */
void mn_int16_prelu(const struct mn_binary *p, const int8_t *first, const int8_t *second, int8_t *output);

#endif
