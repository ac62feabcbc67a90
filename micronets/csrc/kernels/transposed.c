/* SPDX-License-Identifier: Apache-2.0 */
/* Transposed convolution whose outputs within a stride read one window of inputs.
 *
 * Outputs of one place within a stride, a stride apart, are a convolution of stride 1. The inputs under the four or more
 * strides that are computed at once are widened once for all places; the taps of a place lie behind one another, and what
 * it makes is written where it belongs.
 */
#include "transposed.h"
#include "point.h"

enum
{
    /* For fewer blocks copying a pair's lanes takes longer than reading them from flash. */
    LEAST_BLOCKS_TO_COPY = 3
};

/* One pixel of a block, of `depth` inputs. */
static void widen_pixel(const int8_t *pixel, int32_t depth, uint32_t *column)
{
    for (; depth >= 4; depth -= 4, pixel += 4, column += 2 * MN_BLOCK_PIXELS)
    {
        const uint32_t bytes = mn_load_word(pixel);
        column[0] = mn_even_bytes(bytes);
        column[MN_BLOCK_PIXELS] = mn_odd_bytes(bytes);
    }
    if (depth > 0)
    {
        mn_widen_rest(pixel, depth, column);
    }
}

/* A pixel of inputs that are all the same. */
static void fill_pixel(uint32_t lanes, int32_t depth, uint32_t *column)
{
    for (; depth > 0; depth -= 4, column += 2 * MN_BLOCK_PIXELS)
    {
        column[0] = lanes;
        column[MN_BLOCK_PIXELS] = lanes;
    }
}

/* Widens the four pixels of row y from column x on, some of which lie outside of the input: those are zero points. */
static __attribute__((noinline)) void widen_edge(
    const struct mn_transposed *p, const int8_t *input, int32_t y, int32_t x, uint32_t *column)
{
    const int32_t depth = p->in.channels, columns = y >= 0 && y < p->in.rows ? p->in.columns : 0;
    const int32_t begin = (y * p->in.columns + x) * depth, input_bytes = p->in.rows * p->in.columns * depth;
    /* All four at once where the others are of another row. */
    const int32_t at_once = columns > 0 && begin >= 0 && begin + MN_BLOCK_PIXELS * depth <= input_bytes;
    if (at_once)
    {
        mn_widen_block(input + begin, depth, depth, column);
    }
    const uint32_t zero = ((uint32_t)p->input_zero_point & 0xFFFFU) * 0x10001U;
    for (int32_t i = 0; i < MN_BLOCK_PIXELS; i++)
    {
        if (x + i < 0 || x + i >= columns)
        {
            fill_pixel(zero, depth, column + i);
        }
        else if (!at_once)
        {
            widen_pixel(input + begin + i * depth, depth, column + i);
        }
    }
}

MN_INLINE void transposed(
    enum mn_form form, const struct mn_transposed *p, const int8_t *input, int8_t *output, int8_t *scratch)
{
    uint32_t *const columns = (uint32_t *)(void *)scratch;
    const struct mn_shape in = p->in;
    const int32_t words = p->words, pixel_bytes = p->pixel_bytes, taps = p->taps;
    const int32_t tap_words = (in.channels + 3) / 4 * 2 * MN_BLOCK_PIXELS;
    const int8_t *const up = p->up, *const left = p->left;
    for (int32_t y = 0; y < p->rows; y++, output += p->row_bytes)
    {
        int32_t blocks;
        for (int32_t x = 0; x < p->columns; x += MN_BLOCK_PIXELS * blocks)
        {
            /* The last block may overlap the one before. */
            x = x > p->columns - MN_BLOCK_PIXELS ? p->columns - MN_BLOCK_PIXELS : x;
            const int32_t whole = (p->columns - x) / MN_BLOCK_PIXELS;
            blocks = whole < p->blocks ? whole : p->blocks;
            uint32_t *column = columns;
            for (int32_t block = 0; block < blocks; block++)
            {
                for (int32_t tap = 0; tap < taps; tap++, column += tap_words)
                {
                    const int32_t row = y - up[tap], first = x + MN_BLOCK_PIXELS * block - left[tap];
                    if (row >= 0 && row < in.rows && first >= 0 && first + MN_BLOCK_PIXELS <= in.columns)
                    {
                        mn_widen_block(
                            input + (row * in.columns + first) * in.channels, in.channels, in.channels, column);
                    }
                    else
                    {
                        widen_edge(p, input, row, first, column);
                    }
                }
            }
            int32_t *const lanes = blocks < LEAST_BLOCKS_TO_COPY ? 0 : (int32_t *)(void *)column;
            const int32_t *place = p->place;
            for (int32_t more = p->places; more > 0; more--, place += MN_PLACE_FIELDS)
            {
                const struct mn_point point = {
                    .words = place[MN_PLACE_WORDS],
                    .channels = p->channels,
                    .stream = p->stream + place[MN_PLACE_STREAM]};
                mn_block_channels(
                    form, 0, &point, columns + MN_BLOCK_PIXELS * place[MN_PLACE_FIRST], MN_WORD_BYTES * words, blocks,
                    lanes, pixel_bytes, output + x * pixel_bytes + place[MN_PLACE_OFFSET]);
            }
        }
    }
}

void mn_transposed_fast(const struct mn_transposed *p, const int8_t *input, int8_t *output, int8_t *scratch)
{
    transposed(MN_FAST, p, input, output, scratch);
}

void mn_transposed_rounded(const struct mn_transposed *p, const int8_t *input, int8_t *output, int8_t *scratch)
{
    transposed(MN_ROUNDED, p, input, output, scratch);
}
