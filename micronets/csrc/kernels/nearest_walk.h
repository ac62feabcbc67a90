/* SPDX-License-Identifier: Apache-2.0 */
/* See nearest_walk.c. */
#ifndef MICRONETS_NEAREST_WALK_H
#define MICRONETS_NEAREST_WALK_H

#include "micronets_kernels.h"

/* Output column x is the input column (first + x * step) / 2^16, and one behind the last would be another one. */
struct mn_nearest_walk
{
    struct mn_shape out;
    int32_t in_columns, first, step;
    const uint16_t *rows;
};

/* Of four channels and more, three and two. */
void mn_resize_nearest_words(const struct mn_nearest_walk *p, const int8_t *input, int8_t *output);
void mn_resize_nearest_three(const struct mn_nearest_walk *p, const int8_t *input, int8_t *output);
void mn_resize_nearest_two(const struct mn_nearest_walk *p, const int8_t *input, int8_t *output);

#endif
