/* SPDX-License-Identifier: Apache-2.0 */
/* Values moved about: every output comes from one place in the input. */
#ifndef MICRONETS_REARRANGE_H
#define MICRONETS_REARRANGE_H

#include <stdint.h>

enum
{
    MN_SIDES = 5
};

/* Blocks of bytes, output[i]...[m] from input + first + i * strides[0] + ... + m * strides[4]. */
struct mn_rearrange
{
    int32_t counts[MN_SIDES], strides[MN_SIDES];
    int32_t first, block_bytes;
};

/* The same from input + first + offsets[0][i] + ... + offsets[4][m]. */
struct mn_gather
{
    int32_t counts[MN_SIDES];
    const int32_t *offsets[MN_SIDES];
    int32_t first, block_bytes;
};

void mn_rearrange(const struct mn_rearrange *p, const int8_t *input, int8_t *output);
void mn_gather(const struct mn_gather *p, const int8_t *input, int8_t *output);

#endif
