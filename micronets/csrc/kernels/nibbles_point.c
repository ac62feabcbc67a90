/* SPDX-License-Identifier: Apache-2.0 */
/* 1x1 convolution of activations in nibbles. Inputs are widened from nibbles as they are from bytes; four channels at a time
 * are made in scratch, and packed.
 */
#include "nibbles.h"
#include "int4_blocks.h"
#include "point.h"
#include "point_int4.h"
#include "widen.h"

/* Lanes of eight inputs: 0 and 4, 1 and 5, 2 and 6, 3 and 7; of the last four, where they are left: 0 and 2, 1 and 3. */
static __attribute__((noinline)) void widen(const int8_t *pixel, int32_t depth, uint32_t least, uint32_t *column)
{
    for (; depth >= 8; depth -= 8, pixel += 4, column += 4 * MN_BLOCK_PIXELS)
    {
        const uint32_t word = mn_load_word(pixel);
        const uint32_t low = word & MN_LOW_NIBBLES, high = word >> 4 & MN_LOW_NIBBLES;
        column[0] = mn_add_even_bytes(least, low);
        column[MN_BLOCK_PIXELS] = mn_add_odd_bytes(least, low);
        column[2 * MN_BLOCK_PIXELS] = mn_add_even_bytes(least, high);
        column[3 * MN_BLOCK_PIXELS] = mn_add_odd_bytes(least, high);
    }
    if (depth > 0)
    {
        const uint32_t half = mn_load_half(pixel), nibbles = (half | half << 12) & MN_LOW_NIBBLES;
        column[0] = mn_add_even_bytes(least, nibbles);
        column[MN_BLOCK_PIXELS] = mn_add_odd_bytes(least, nibbles);
    }
}

static void widen_bytes(const int8_t *pixel, int32_t depth, uint32_t *column)
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

static __attribute__((noinline)) void pack(
    uint32_t above, const int8_t *values, int32_t pixels, int32_t pixel_bytes, int8_t *output)
{
    for (; pixels > 0; pixels--, values += MN_NIBBLE_GROUP, output += pixel_bytes)
    {
        const uint32_t nibbles = mn_clamped_nibbles(mn_load_word(values), above);
        *(mn_unaligned_half *)(void *)output = (uint16_t)(nibbles | nibbles >> 12);
    }
}

MN_INLINE void point(
    enum mn_lanes kind, enum mn_form form, const struct mn_point_nibbles *p, int32_t pixels, const int8_t *input,
    int8_t *output, int8_t *scratch)
{
    const int32_t depth = p->point.depth, words = p->point.words, channels = p->point.channels;
    const int32_t most = MN_BLOCK_PIXELS * p->point.blocks;
    const uint32_t least = ((uint32_t)p->input_least & 0xFFFFU) * 0x10001U;
    const uint32_t above = mn_four_times(p->output_least) ^ MN_SIGNS;
    uint32_t *const columns = (uint32_t *)(void *)scratch;
    int32_t *const pair = (int32_t *)(void *)(columns + most * words);
    int8_t *const made = (int8_t *)(pair + p->pair_words);
    struct mn_point four = p->point;
    if (p->output_packed)
    {
        four.channels = MN_NIBBLE_GROUP;
    }
    for (int32_t left = pixels; left > 0; left -= most)
    {
        const int32_t count = left < most ? left : most;
        int32_t i = 0;
        for (; !p->input_packed && i + MN_BLOCK_PIXELS <= count; i += MN_BLOCK_PIXELS, input += MN_BLOCK_PIXELS * depth)
        {
            mn_widen_block(input, depth, depth, columns + i * words);
        }
        for (; i < count; i++)
        {
            uint32_t *column = columns + (i & ~(MN_BLOCK_PIXELS - 1)) * words + (i & (MN_BLOCK_PIXELS - 1));
            if (p->input_packed)
            {
                widen(input, depth, least, column);
                input += depth / 2;
            }
            else
            {
                widen_bytes(input, depth, column);
                input += depth;
            }
        }
#if MN_DSP
        if (kind == MN_INT4 && form == MN_FAST && p->output_packed)
        {
            const struct mn_int4_blocks call = {columns,         words, count,    output,          channels / 2,
                                                p->point.stream, pair,  channels, MN_INT4_NIBBLES, 0};
            (void)mn_int4_blocks(&call);
            output += count * (channels / 2);
            continue;
        }
#endif
        four.stream = p->point.stream;
        for (int32_t channel = 0; channel < channels; channel += four.channels, four.stream += p->group_words)
        {
            int8_t *const to = p->output_packed ? made : output;
            if (kind == MN_INT4)
            {
                mn_column_of_int4(form, 0, &four, columns, count, pair, to);
            }
            else
            {
                mn_column_channels(form, 0, &four, columns, count, pair, to);
            }
            if (p->output_packed)
            {
                pack(above, made, count, channels / 2, output + channel / 2);
            }
        }
        output += count * (p->output_packed ? channels / 2 : channels);
    }
}

void mn_point_nibbles_fast(
    const struct mn_point_nibbles *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch)
{
    point(MN_PAIRS, MN_FAST, p, pixels, input, output, scratch);
}

void mn_point_nibbles_rounded(
    const struct mn_point_nibbles *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch)
{
    point(MN_PAIRS, MN_ROUNDED, p, pixels, input, output, scratch);
}

void mn_point_nibbles_int4_fast(
    const struct mn_point_nibbles *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch)
{
    point(MN_INT4, MN_FAST, p, pixels, input, output, scratch);
}

void mn_point_nibbles_int4_rounded(
    const struct mn_point_nibbles *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch)
{
    point(MN_INT4, MN_ROUNDED, p, pixels, input, output, scratch);
}
