/* SPDX-License-Identifier: Apache-2.0 */
/* Products of matrices that are both activations. */
#ifndef MICRONETS_MATMUL_H
#define MICRONETS_MATMUL_H

#include <stdint.h>

/* Strides in items; that of a batch is 0 where one matrix serves all. */
struct mn_matrix
{
    int32_t batch_stride, row_stride, column_stride, zero_point;
};

/* output[batch][row][column] = sum over depth of first[batch][row][depth] * second[batch][depth][column], rescaled */
struct mn_matmul
{
    int32_t batches, rows, depth, columns;
    struct mn_matrix first, second;
    int32_t multiplier, shift, zero_point;
};

/* Of which the output's rows and columns lie `row_step` and `column_step` items apart, so that either matrix may be the
 * first. Of int8, sums begin with `start`, and `multiplier` and `shift` are factor and offset (FAST) or shift of a form of
 * requantisation (micronets_dsp.h). */
struct mn_matmul_columns
{
    struct mn_matmul product;
    int32_t row_step, column_step, start;
};

void mn_matmul(const struct mn_matmul *p, const int8_t *first, const int8_t *second, int8_t *output);

/* `scratch` holds 32 bytes for every four items of the depth, at least 64, and the depth once more where a row's values do
 * not lie side by side. */
void mn_matmul_columns_fast(
    const struct mn_matmul_columns *p, const int8_t *first, const int8_t *second, int8_t *output, int8_t *scratch);
void mn_matmul_columns_rounded(
    const struct mn_matmul_columns *p, const int8_t *first, const int8_t *second, int8_t *output, int8_t *scratch);
void mn_matmul_columns_general(
    const struct mn_matmul_columns *p, const int8_t *first, const int8_t *second, int8_t *output, int8_t *scratch);

/* Of int16 with zero points of 0; sums have 64 bits, the multiplier 15. */
void mn_int16_matmul(const struct mn_matmul *p, const int8_t *first, const int8_t *second, int8_t *output);

/* `scratch` holds 16 bytes for every two items of the depth, and as many again where a row's do not lie side by side. */
void mn_int16_matmul_columns(
    const struct mn_matmul_columns *p, const int8_t *first, const int8_t *second, int8_t *output, int8_t *scratch);

#endif
