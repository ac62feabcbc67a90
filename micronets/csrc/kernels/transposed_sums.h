/* SPDX-License-Identifier: Apache-2.0 */
/* Transposed convolution of few output channels, stride 2 across; see transposed_sums.c. */
#ifndef MICRONETS_TRANSPOSED_SUMS_H
#define MICRONETS_TRANSPOSED_SUMS_H

#include "micronets_kernels.h"

/* Words of `scales` for each output channel: the start of its sums, and its requantisation's (micronets_dsp.h). */
enum
{
    MN_SUMS_START,
    MN_SUMS_FACTOR,
    MN_SUMS_CONSTANT,
    MN_SUMS_SHIFT,
    MN_SUMS_SCALE_WORDS
};

struct mn_transposed_sums
{
    struct mn_shape in, out;
    int32_t kernel_rows, row_stride, pad_top, pad_left;
    int32_t input_zero_point;
    /* Output channels that are summed at once; the others after them. */
    int32_t at_once;
    /* Parts of a row of the kernel, of `taps` taps each. */
    int32_t parts, taps;
    /* Sums of an output row: from column -pad_left on, as many as taps reach, and at least to the last column. */
    int32_t line_words;
    /* [output channel][kernel row][part][four input channels][tap][4], zero beyond the last tap or input channel. */
    const int8_t *weights;
    const int32_t *scales;
    int32_t zero_point;
};

/* Adds products of a row of inputs with the taps of one part to the sums of an output row. The first tap of the first
 * input adds to sums[0], that of the next one to sums[2].
 *
 * `inputs`: for every group of four channels, for every column, two words of lanes: channels 0 and 2, 1 and 3. */
typedef void (*mn_sums_of_row)(
    const uint32_t *inputs, int32_t *sums, const int8_t *weights, int32_t columns, int32_t groups);

void mn_sums_of_row_3(const uint32_t *inputs, int32_t *sums, const int8_t *weights, int32_t columns, int32_t groups);
void mn_sums_of_row_4(const uint32_t *inputs, int32_t *sums, const int8_t *weights, int32_t columns, int32_t groups);

/* Scratch: two words for every column and four input channels of a row, and `kernel_rows` lines of sums for every one of
 * the output channels at once. `sums_of_row` is that of as many taps as `taps`. */
void mn_transposed_sums_fast(
    const struct mn_transposed_sums *p, mn_sums_of_row sums_of_row, const int8_t *input, int8_t *output,
    int8_t *scratch);
void mn_transposed_sums_rounded(
    const struct mn_transposed_sums *p, mn_sums_of_row sums_of_row, const int8_t *input, int8_t *output,
    int8_t *scratch);
void mn_transposed_sums_general(
    const struct mn_transposed_sums *p, mn_sums_of_row sums_of_row, const int8_t *input, int8_t *output,
    int8_t *scratch);

#endif
