/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution with a 3x3 kernel, stride 1, over strips of four output columns; see strip.c. */
#ifndef MICRONETS_STRIP_H
#define MICRONETS_STRIP_H

#include "micronets_kernels.h"

/* `in.channels` is a multiple of 4; there are at least four output columns and two
 * output channels. */
struct mn_strip
{
    struct mn_shape in;
    int32_t out_columns, channels;
    int32_t pad_top, pad_left, input_zero_point;
    /* Output rows and strips of them that are computed at once. */
    int32_t rows, strips;
    /* Whether the form is MN_ROUNDED; MN_FAST if not. */
    int32_t rounded;
    /* As in point_block.h, 3 * in.channels / 2 units of three lanes: those of one word of inputs under the three columns
     * of the kernel. */
    const int32_t *stream;
};

/* Rows [row, row + rows) of the output; `input` is the whole input, `output` where the first of those rows begins.
 * Scratch: for every strip `rows` + 2 rows of 3 * in.channels words; a pair's lanes, if more than one block uses them. */
void mn_strip(
    const struct mn_strip *p, int32_t row, int32_t rows, const int8_t *input, int8_t *output, int8_t *scratch);

#endif
