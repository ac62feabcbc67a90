/* SPDX-License-Identifier: Apache-2.0 */
/* Resizing with interpolation between four neighbours. */
#ifndef MICRONETS_BILINEAR_H
#define MICRONETS_BILINEAR_H

#include "micronets_kernels.h"

/* Of every output row and column three numbers: its neighbours, and 1024ths of the way from the first to the second. */
struct mn_bilinear
{
    struct mn_shape out;
    int32_t in_columns;
    const int16_t *rows, *columns;
};

void mn_resize_bilinear(const struct mn_bilinear *p, const int8_t *input, int8_t *output);

#endif
