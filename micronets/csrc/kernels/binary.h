/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of two values, either of them broadcast; descriptions as in micronets_kernels.h. */
#ifndef MICRONETS_BINARY_H
#define MICRONETS_BINARY_H

#include "micronets_kernels.h"

/* Both inputs come to a common scale, shifted left by 20 bits; the description is that of mn_add. */
void mn_subtract(const struct mn_binary *p, const int8_t *first, const int8_t *second, int8_t *output);
/* The same, shifted left by 7 bits. */
void mn_squared_difference(const struct mn_binary *p, const int8_t *first, const int8_t *second, int8_t *output);
/* A divisor of zero counts as the smallest above it. */
void mn_divide(const struct mn_binary *p, const int8_t *first, const int8_t *second, int8_t *output);
/* Of the quantised values as they are. */
void mn_maximum(const struct mn_binary *p, const int8_t *first, const int8_t *second, int8_t *output);
void mn_minimum(const struct mn_binary *p, const int8_t *first, const int8_t *second, int8_t *output);
/* The second input is the slope below zero: its multiplier is that of the product, the first's that above zero. */
void mn_prelu(const struct mn_binary *p, const int8_t *first, const int8_t *second, int8_t *output);

#endif
