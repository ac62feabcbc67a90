/* SPDX-License-Identifier: Apache-2.0 */
/* See bilinear_lanes.c. */
#ifndef MICRONETS_BILINEAR_LANES_H
#define MICRONETS_BILINEAR_LANES_H

#include "micronets_kernels.h"

/* Of every output row and column three numbers: its neighbours, and how many of `parts` of the way from the first to the
 * second; parts = 2^bits, 16 at most. A multiple of four channels. */
struct mn_bilinear_lanes
{
    struct mn_shape out;
    int32_t in_columns, bits;
    const int16_t *rows, *columns;
};

void mn_resize_bilinear_lanes(const struct mn_bilinear_lanes *p, const int8_t *input, int8_t *output);

#endif
