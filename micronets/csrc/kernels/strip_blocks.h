/* SPDX-License-Identifier: Apache-2.0 */
/* The inner blocks of strip.c: four pixels times a pair of output channels. */
#ifndef MICRONETS_STRIP_BLOCKS_H
#define MICRONETS_STRIP_BLOCKS_H

#include <stdint.h>

enum
{
    /* Columns that four outputs side by side read. */
    MN_STRIP_COLUMNS = 6
};

/* `outputs` / 2 (at least one) pairs of output channels of `strips` strips of `rows` rows of four pixels.
 *
 * A strip is rows + 2 rows of units / 3 times six words: two inputs of each of its columns. The next strip lies behind
 * it, and its outputs four pixels behind. Outputs of a pixel lie `channels` bytes after the one before's. */
struct mn_strip_blocks
{
    const uint32_t *columns;
    int32_t units, rows;
    int8_t *output;
    int32_t channels;
    const int32_t *stream;
    /* Where a pair's lanes are copied to, as every load from flash waits; 0: they are used where they are. */
    int32_t *lanes;
    int32_t outputs, out_row_bytes, strips;
    /* Whether the form is MN_ROUNDED; MN_FAST if not. */
    int32_t rounded;
};

/* Returns the stream behind the pairs. */
const int32_t *mn_strip_blocks(const struct mn_strip_blocks *blocks);

#endif
