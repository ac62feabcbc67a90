/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution with a 3x3 kernel, stride 1, over strips of four output columns.
 *
 * The six columns of inputs under a strip are widened once, for `rows` rows of outputs, and used three times across and
 * three times down: a row of a strip holds, per two inputs of a pixel (0 and 2, 1 and 3, 4 and 6, ...), one word of each
 * of the six columns. The three rows under an output row lie behind one another, so that a block is one run.
 */
#include "strip.h"
#include "micronets_dsp.h"
#include "strip_blocks.h"

/* Widens six pixels that lie side by side. */
static __attribute__((noinline)) void widen_six(const int8_t *pixels, int32_t depth, uint32_t *words)
{
    const int32_t three = 3 * depth, five = 5 * depth;
    for (const int8_t *end = pixels + depth; pixels != end; pixels += 4, words += 2 * MN_STRIP_COLUMNS)
    {
        const uint32_t a = mn_load_word(pixels), b = mn_load_word(pixels + depth);
        const uint32_t c = mn_load_word(pixels + 2 * depth), d = mn_load_word(pixels + three);
        const uint32_t e = mn_load_word(pixels + 4 * depth), f = mn_load_word(pixels + five);
        words[0] = mn_even_bytes(a);
        words[1] = mn_even_bytes(b);
        words[2] = mn_even_bytes(c);
        words[3] = mn_even_bytes(d);
        words[4] = mn_even_bytes(e);
        words[5] = mn_even_bytes(f);
        words[6] = mn_odd_bytes(a);
        words[7] = mn_odd_bytes(b);
        words[8] = mn_odd_bytes(c);
        words[9] = mn_odd_bytes(d);
        words[10] = mn_odd_bytes(e);
        words[11] = mn_odd_bytes(f);
    }
}

/* Widens the six pixels of row y from column x on; those outside of the input are zero points. */
static __attribute__((noinline)) void widen_row(
    const struct mn_strip *p, const int8_t *input, int32_t y, int32_t x, uint32_t *words)
{
    const int32_t depth = p->in.channels, columns = y >= 0 && y < p->in.rows ? p->in.columns : 0;
    const int8_t *pixel = input + (y * p->in.columns + x) * depth;
    if (x >= 0 && x + MN_STRIP_COLUMNS <= columns)
    {
        widen_six(pixel, depth, words);
        return;
    }
    const uint32_t zero = ((uint32_t)p->input_zero_point & 0xFFFFU) * 0x10001U;
    for (int32_t i = 0; i < MN_STRIP_COLUMNS; i++, pixel += depth)
    {
        const int32_t inside = x + i >= 0 && x + i < columns;
        uint32_t *to = words + i;
        for (int32_t k = 0; k < depth; k += 4, to += 2 * MN_STRIP_COLUMNS)
        {
            const uint32_t bytes = inside ? mn_load_word(pixel + k) : 0;
            to[0] = inside ? mn_even_bytes(bytes) : zero;
            to[MN_STRIP_COLUMNS] = inside ? mn_odd_bytes(bytes) : zero;
        }
    }
}

#if !MN_DSP

#include "point_block.h"

/* One block; returns the stream behind the pair. */
static const int32_t *block(
    enum mn_form form, const struct mn_strip_blocks *blocks, const uint32_t *words, const int32_t *stream, int8_t *out)
{
    const struct mn_bounds none = {0, 0, 0};
    struct mn_scale a, b;
    int32_t sums_p[MN_BLOCK_PIXELS], sums_b[MN_BLOCK_PIXELS];
    const int32_t start_p = *stream++, start_b = *stream++;
    for (int32_t i = 0; i < MN_BLOCK_PIXELS; i++)
    {
        sums_p[i] = start_p;
        sums_b[i] = start_b;
    }
    for (int32_t unit = 0; unit < blocks->units; unit++, words += MN_STRIP_COLUMNS)
    {
        for (int32_t column = 0; column < 3; column++)
        {
            const uint32_t lanes = (uint32_t)*stream++;
            for (int32_t i = 0; i < MN_BLOCK_PIXELS; i++)
            {
                sums_p[i] = mn_dual_mac(lanes, words[column + i], sums_p[i]);
                sums_b[i] = mn_dual_mac(mn_even_bytes(lanes), words[column + i], sums_b[i]);
            }
        }
    }
    stream = mn_read_scales(form, stream, &a, &b);
    for (int32_t i = 0; i < MN_BLOCK_PIXELS; i++, out += blocks->channels)
    {
        out[0] = mn_requantise(form, 0, &none, &a, mn_acc_a(sums_p[i], sums_b[i]));
        out[1] = mn_requantise(form, 0, &none, &b, sums_b[i]);
    }
    return stream;
}

const int32_t *mn_strip_blocks(const struct mn_strip_blocks *blocks)
{
    const int32_t *stream = blocks->stream;
    const int32_t row_words = 2 * blocks->units;
    for (int32_t output = 0; output < blocks->outputs; output += 2)
    {
        const int32_t *const pair = stream;
        for (int32_t strip = 0; strip < blocks->strips; strip++)
        {
            for (int32_t row = 0; row < blocks->rows; row++)
            {
                const uint32_t *words = blocks->columns + (strip * (blocks->rows + 2) + row) * row_words;
                int8_t *out =
                    blocks->output + output + row * blocks->out_row_bytes + strip * MN_BLOCK_PIXELS * blocks->channels;
                stream = block(blocks->rounded ? MN_ROUNDED : MN_FAST, blocks, words, pair, out);
            }
        }
    }
    return stream;
}

#endif

void mn_strip(const struct mn_strip *p, int32_t row, int32_t rows, const int8_t *input, int8_t *output, int8_t *scratch)
{
    const int32_t depth = p->in.channels, row_words = MN_STRIP_COLUMNS / 2 * depth;
    struct mn_strip_blocks blocks = {
        .columns = (const uint32_t *)(void *)scratch,
        .units = 3 * depth / 2,
        .channels = p->channels,
        .out_row_bytes = p->out_columns * p->channels,
        .rounded = p->rounded};
    for (int32_t end = row + rows; row < end; row += p->rows, output += p->rows * blocks.out_row_bytes)
    {
        blocks.rows = end - row < p->rows ? end - row : p->rows;
        for (int32_t x = 0; x < p->out_columns; x += 4 * blocks.strips)
        {
            /* The last strip may overlap the one before. */
            x = x > p->out_columns - 4 ? p->out_columns - 4 : x;
            const int32_t left = (p->out_columns - x) / 4;
            uint32_t *words = (uint32_t *)(void *)scratch;
            blocks.strips = left < p->strips ? left : p->strips;
            for (int32_t strip = 0; strip < blocks.strips; strip++)
            {
                for (int32_t y = 0; y < blocks.rows + 2; y++, words += row_words)
                {
                    widen_row(p, input, row + y - p->pad_top, x + 4 * strip - p->pad_left, words);
                }
            }
            blocks.lanes = blocks.rows * blocks.strips > 1 ? (int32_t *)words : 0;
            blocks.stream = p->stream;
            blocks.output = output + x * p->channels;
            /* Of an odd number of channels, the first two pairs share one. */
            if (p->channels & 1)
            {
                blocks.outputs = 2;
                blocks.stream = mn_strip_blocks(&blocks);
                blocks.output++;
            }
            blocks.outputs = p->channels & ~1;
            (void)mn_strip_blocks(&blocks);
        }
    }
}
