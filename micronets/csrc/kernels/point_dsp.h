/* SPDX-License-Identifier: Apache-2.0 */
/* Point blocks in assembly; see point_dsp.c. Only where MN_DSP is 1. */
#ifndef MICRONETS_POINT_DSP_H
#define MICRONETS_POINT_DSP_H

#include <stdint.h>

/* All whole pairs (at least one) of `channels` output channels of four pixels, each `channels` bytes after the other;
 * `words` more than 0. Returns the stream behind them. */
const int32_t *mn_block_fast(
    const uint32_t *column, int32_t words, int8_t *output, int32_t channels, const int32_t *stream);
const int32_t *mn_block_rounded(
    const uint32_t *column, int32_t words, int8_t *output, int32_t channels, const int32_t *stream);

#endif
