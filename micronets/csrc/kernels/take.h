/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks of bytes taken by int32 indices that the network makes. Indices out of range, at which the reference stops, take
   the nearest block. */
#ifndef MICRONETS_TAKE_H
#define MICRONETS_TAKE_H

#include <stdint.h>

/* From [batches][outer][side][block] by [batches][count] to [batches][outer][count][block]. */
struct mn_take
{
    int32_t batches, outer, side, count, block_bytes;
};

enum
{
    MN_COORDINATES = 5
};

/* By [count][coordinates], each a stride in bytes, to [count][block]; `last` is where the last block begins. */
struct mn_take_points
{
    int32_t count, coordinates, strides[MN_COORDINATES];
    int32_t last, block_bytes;
};

void mn_take(const struct mn_take *p, const int8_t *input, const int8_t *indices, int8_t *output);
void mn_take_points(const struct mn_take_points *p, const int8_t *input, const int8_t *indices, int8_t *output);

#endif
