/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions with 4-bit weights over columns in assembly; see int4_blocks_dsp.c. Only where MN_DSP is 1. */
#ifndef MICRONETS_INT4_BLOCKS_H
#define MICRONETS_INT4_BLOCKS_H

#include <stdint.h>

enum mn_int4_made
{
    /* By the form FAST. */
    MN_INT4_BYTES,
    MN_INT4_NIBBLES,
    /* By TFLM's own requantisation. */
    MN_INT4_ROUNDED,
    /* By the form SHIFTED. */
    MN_INT4_SHIFTED
};

/* `channels` (a multiple of 2, of 4 where nibbles are made) of `pixels` (more than 0) pixels, whose columns of `words`
 * (more than 0, even) words lie one behind the other; what the last one holds of pixels beyond them does not matter. */
struct mn_int4_blocks
{
    const uint32_t *columns;
    int32_t words, pixels;
    int8_t *output;
    int32_t pixel_bytes;
    const int32_t *stream;
    /* Room for a pair's. */
    int32_t *lanes;
    int32_t channels;
    /* An enum mn_int4_made. */
    int32_t made;
    /* 2 zero points + 1; SHIFTED: the shift. */
    int32_t rounding;
};

/* Returns the stream (point_int4.h) behind the channels. */
const int32_t *mn_int4_blocks(const struct mn_int4_blocks *call);

#endif
