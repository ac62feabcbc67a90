/* SPDX-License-Identifier: Apache-2.0 */
/* Point blocks in assembly; see point_dsp.c. Only where MN_DSP is 1. */
#ifndef MICRONETS_POINT_DSP_H
#define MICRONETS_POINT_DSP_H

#include <stdint.h>

/* `outputs` / 2 (at least one) pairs of output channels of columns of four pixels, of `words` (more than 0, even) words
 * each; outputs of a pixel lie `pixel_bytes` after the one before's. */
struct mn_blocks
{
    const uint32_t *columns;
    int32_t words, count;
    int8_t *output;
    int32_t pixel_bytes;
    const int32_t *stream;
    /* Where a pair's lanes are copied to, as every load from flash waits; 0: they are used where they are. */
    int32_t *lanes;
    int32_t outputs;
    /* From one column to the next. */
    int32_t column_bytes;
};

/* Return the stream behind the pairs. */
const int32_t *mn_blocks_fast(const struct mn_blocks *blocks);
const int32_t *mn_blocks_rounded(const struct mn_blocks *blocks);

#endif
