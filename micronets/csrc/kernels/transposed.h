/* SPDX-License-Identifier: Apache-2.0 */
/* Transposed convolution whose outputs within a stride read one window of inputs; see transposed.c. */
#ifndef MICRONETS_TRANSPOSED_H
#define MICRONETS_TRANSPOSED_H

#include "micronets_kernels.h"

/* What is known of a place within a stride: of the window's words, the first that its outputs read, and how many; bytes
 * from the stride's first output to its own; where its constants begin in the stream. */
enum
{
    MN_PLACE_FIRST,
    MN_PLACE_WORDS,
    MN_PLACE_OFFSET,
    MN_PLACE_STREAM,
    MN_PLACE_FIELDS
};

/* Inputs [q - j] under outputs [stride * q, stride * (q + 1)), down and across. */
struct mn_transposed
{
    struct mn_shape in;
    /* Strides of outputs, down and across, at least four across; output channels, at least two. */
    int32_t rows, columns, channels;
    /* In bytes: from a stride to the next one down, and across. */
    int32_t row_bytes, pixel_bytes;
    int32_t input_zero_point;
    /* Four strides of outputs at a time, as many times. */
    int32_t blocks;
    /* Of the window, for all its taps. */
    int32_t words;
    /* How many inputs up and to the left each tap lies, in the order of the words. */
    int32_t taps;
    const int8_t *up, *left;
    int32_t places;
    /* MN_PLACE_FIELDS for each place. */
    const int32_t *place;
    /* As point_block.h describes, one place's behind the other's. */
    const int32_t *stream;
};

/* Scratch: 16 bytes per word and block; 4 more per word for more than two blocks. */
void mn_transposed_fast(const struct mn_transposed *p, const int8_t *input, int8_t *output, int8_t *scratch);
void mn_transposed_rounded(const struct mn_transposed *p, const int8_t *input, int8_t *output, int8_t *scratch);

#endif
