/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of two values as in binary.h and elementwise.c, for scales whose shifts go to the right. Of the output,
 * `shift` is how far to the right, 1 to 22, and `zero_point` is 2^(shift - 1) + zero point * 2^shift; shifts of inputs are
 * to the right, too, 0 to 22. */
#ifndef MICRONETS_BINARY_ROUNDED_H
#define MICRONETS_BINARY_ROUNDED_H

#include "micronets_kernels.h"

void mn_add_rounded(const struct mn_binary *p, const int8_t *first, const int8_t *second, int8_t *output);
void mn_subtract_rounded(const struct mn_binary *p, const int8_t *first, const int8_t *second, int8_t *output);
void mn_multiply_rounded(const struct mn_binary *p, const int8_t *first, const int8_t *second, int8_t *output);

#endif
