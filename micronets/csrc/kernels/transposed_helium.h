/* SPDX-License-Identifier: Apache-2.0 */
/* Transposed convolution with Helium; see transposed_helium.c. */
#ifndef MICRONETS_TRANSPOSED_HELIUM_H
#define MICRONETS_TRANSPOSED_HELIUM_H

#include "micronets_helium.h"

/* Outputs of some places within a stride, which one convolution of stride 1 makes as its channels: [row of places][column
 * of places][output channel]. */
struct mn_helium_transposed
{
    int32_t out_rows, out_row_bytes;
    int32_t row_stride, place_rows;
    /* Of the first place within the first stride, which may lie in the padding. */
    int32_t first_row;
    /* Rows of the convolution. */
    int32_t rows;
    /* What a pixel of the convolution holds of one row of outputs, and from where to where those of two pixels lie there. */
    int32_t block_bytes, apart_bytes;
    /* Pixels whose block lies within the row as a whole; how many come before them, and where the first block begins. */
    int32_t whole, skipped, begin;
    /* Bytes of the blocks before and behind them that lie within the row. */
    int32_t head_bytes, tail_bytes;
    struct mn_helium_patch convolution;
};

/* Scratch: a row of the convolution's outputs, in whole words, and what mn_helium_patch takes. */
void mn_helium_transposed(
    const struct mn_helium_transposed *p, mn_helium_point_kernel point, const int8_t *input, int8_t *output,
    int8_t *scratch);

#endif
