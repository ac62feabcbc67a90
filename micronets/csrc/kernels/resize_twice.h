/* SPDX-License-Identifier: Apache-2.0 */
/* See resize_twice.c. */
#ifndef MICRONETS_RESIZE_TWICE_H
#define MICRONETS_RESIZE_TWICE_H

#include "micronets_kernels.h"

/* The output has twice the rows and columns of `in`, which has a multiple of sixteen channels for the nearest ones, of four
 * for bilinear ones. */
void mn_resize_nearest_twice(const struct mn_shape *in, const int8_t *input, int8_t *output);
void mn_resize_bilinear_twice(const struct mn_shape *in, const int8_t *input, int8_t *output);

#endif
