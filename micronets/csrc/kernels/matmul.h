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

void mn_matmul(const struct mn_matmul *p, const int8_t *first, const int8_t *second, int8_t *output);

/* Of int16 with zero points of 0; sums have 64 bits, the multiplier 15. */
void mn_int16_matmul(const struct mn_matmul *p, const int8_t *first, const int8_t *second, int8_t *output);

#endif
