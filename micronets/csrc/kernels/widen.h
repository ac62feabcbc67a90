/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of pixels as the int16 lanes of a column (point_block.h). */
#ifndef MICRONETS_WIDEN_H
#define MICRONETS_WIDEN_H

#include "point_block.h"

/* Widens the last 1 to 3 inputs of a pixel; lanes beyond them become zero. */
MN_INLINE void mn_widen_rest(const int8_t *pixel, int32_t count, uint32_t *column)
{
    uint32_t bytes = (uint8_t)pixel[0];
    bytes |= count > 1 ? (uint32_t)(uint8_t)pixel[1] << 8 : 0;
    bytes |= count > 2 ? (uint32_t)(uint8_t)pixel[2] << 16 : 0;
    column[0] = mn_even_bytes(bytes);
    column[MN_BLOCK_PIXELS] = mn_odd_bytes(bytes);
}

/* Widens four pixels, each `stride` bytes after the other, into a whole column. */
void mn_widen_block(const int8_t *pixels, int32_t stride, int32_t depth, uint32_t *column);

#endif
