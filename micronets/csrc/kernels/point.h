/* SPDX-License-Identifier: Apache-2.0 */
/* Loops around the point block, shared by 1x1 and patch convolutions. */
#ifndef MICRONETS_POINT_H
#define MICRONETS_POINT_H

#include "micronets_kernels.h"
#include "point_block.h"
#include "point_dsp.h"

/* How weights lie in a stream: point_block.h, point_deep.h, point_int4.h. */
enum mn_lanes
{
    MN_PAIRS,
    MN_DEEP,
    MN_QUADS
};

/* Widens `depth` inputs of one pixel into its words of a column; lanes beyond the depth become zero. */
MN_INLINE void mn_widen(const int8_t *pixel, int32_t depth, uint32_t *column)
{
    int32_t k = 0;
    for (; k + 4 <= depth; k += 4, column += 2 * MN_BLOCK_PIXELS)
    {
        const uint32_t bytes = mn_load_word(pixel + k);
        column[0] = mn_even_bytes(bytes);
        column[MN_BLOCK_PIXELS] = mn_odd_bytes(bytes);
    }
    if (k < depth)
    {
        uint32_t bytes = (uint8_t)pixel[k];
        bytes |= k + 1 < depth ? (uint32_t)(uint8_t)pixel[k + 1] << 8 : 0;
        bytes |= k + 2 < depth ? (uint32_t)(uint8_t)pixel[k + 2] << 16 : 0;
        column[0] = mn_even_bytes(bytes);
        column[MN_BLOCK_PIXELS] = mn_odd_bytes(bytes);
    }
}

/* Widens four pixels, each `stride` bytes after the other, into a whole column. */
MN_INLINE void mn_widen_block(const int8_t *pixels, int32_t stride, int32_t depth, uint32_t *column)
{
    const int8_t *a = pixels, *b = a + stride, *c = b + stride, *d = c + stride;
    int32_t k = depth;
    for (; k >= 4; k -= 4, a += 4, b += 4, c += 4, d += 4, column += 2 * MN_BLOCK_PIXELS)
    {
        const uint32_t p = mn_load_word(a), q = mn_load_word(b), r = mn_load_word(c), s = mn_load_word(d);
        column[0] = mn_even_bytes(p);
        column[1] = mn_even_bytes(q);
        column[2] = mn_even_bytes(r);
        column[3] = mn_even_bytes(s);
        column[4] = mn_odd_bytes(p);
        column[5] = mn_odd_bytes(q);
        column[6] = mn_odd_bytes(r);
        column[7] = mn_odd_bytes(s);
    }
    if (k > 0)
    {
        mn_widen(a, k, column);
        mn_widen(b, k, column + 1);
        mn_widen(c, k, column + 2);
        mn_widen(d, k, column + 3);
    }
}

/* Output channels from `channel` on of one pixel of a column. */
MN_INLINE void mn_single_channels(
    enum mn_form form, int clamped, const struct mn_point *p, const uint32_t *column, const int32_t *stream,
    int32_t channel, int8_t *output)
{
    const struct mn_bounds bounds = {p->zero_point, p->low, p->high};
    for (; channel < p->channels; channel += 2)
    {
        struct mn_scale a, b;
        int32_t acc_p = stream[0], acc_b = stream[1];
        stream = mn_single_mac(&acc_p, &acc_b, column, MN_BLOCK_PIXELS, stream + 2, p->words);
        stream = mn_read_scales(form, stream, &a, &b);
        output[channel] = mn_requantise(form, clamped, &bounds, &a, mn_acc_a(acc_p, acc_b));
        if (channel + 1 < p->channels)
        {
            output[channel + 1] = mn_requantise(form, clamped, &bounds, &b, acc_b);
        }
    }
}

/* Outputs of a whole pair of channels for one column; returns the stream behind the pair. */
MN_INLINE const int32_t *mn_pair_of_column(
    enum mn_form form, int clamped, const struct mn_point *p, const uint32_t *column, const int32_t *stream,
    int8_t *out)
{
    const struct mn_bounds bounds = {p->zero_point, p->low, p->high};
    const int32_t channels = p->channels;
    struct mn_scale a, b;
    struct mn_accumulators acc;
    acc.p0 = acc.p1 = acc.p2 = acc.p3 = stream[0];
    acc.b0 = acc.b1 = acc.b2 = acc.b3 = stream[1];
    stream = mn_block_mac(&acc, column, stream + 2, p->words);
    stream = mn_read_scales(form, stream, &a, &b);
    out[0] = mn_requantise(form, clamped, &bounds, &a, mn_acc_a(acc.p0, acc.b0));
    out[1] = mn_requantise(form, clamped, &bounds, &b, acc.b0);
    out += channels;
    out[0] = mn_requantise(form, clamped, &bounds, &a, mn_acc_a(acc.p1, acc.b1));
    out[1] = mn_requantise(form, clamped, &bounds, &b, acc.b1);
    out += channels;
    out[0] = mn_requantise(form, clamped, &bounds, &a, mn_acc_a(acc.p2, acc.b2));
    out[1] = mn_requantise(form, clamped, &bounds, &b, acc.b2);
    out += channels;
    out[0] = mn_requantise(form, clamped, &bounds, &a, mn_acc_a(acc.p3, acc.b3));
    out[1] = mn_requantise(form, clamped, &bounds, &b, acc.b3);
    return stream;
}

/* All whole pairs of output channels of `count` columns; returns the stream behind them. `lanes` has room for a pair's. */
MN_INLINE const int32_t *mn_block_channels(
    enum mn_form form, int clamped, const struct mn_point *p, const uint32_t *columns, int32_t count, int32_t *lanes,
    int8_t *output)
{
#if MN_DSP
    if (!clamped)
    {
        const struct mn_blocks blocks = {
            columns, p->words, count, output, p->channels, p->stream, count > 1 ? lanes : 0};
        return p->channels < 2 ? p->stream : form == MN_FAST ? mn_blocks_fast(&blocks) : mn_blocks_rounded(&blocks);
    }
#endif
    (void)lanes;
    const int32_t *stream = p->stream;
    for (int32_t pairs = p->channels / 2; pairs > 0; pairs--, output += 2)
    {
        const int32_t *const pair = stream;
        const uint32_t *column = columns;
        int8_t *out = output;
        for (int32_t left = count; left > 0; left--)
        {
            stream = mn_pair_of_column(form, clamped, p, column, pair, out);
            column += MN_BLOCK_PIXELS * p->words;
            out += MN_BLOCK_PIXELS * p->channels;
        }
    }
    return stream;
}

/* Output channels of `pixels` pixels whose columns are filled one behind the other; behind `columns` lie the lanes. */
MN_INLINE void mn_column_channels(
    enum mn_form form, int clamped, const struct mn_point *p, const uint32_t *columns, int32_t pixels, int32_t *lanes,
    int8_t *output)
{
    const int32_t whole = pixels / MN_BLOCK_PIXELS, column_words = MN_BLOCK_PIXELS * p->words;
    const int32_t *stream = p->stream;
    if (whole > 0)
    {
        stream = mn_block_channels(form, clamped, p, columns, whole, lanes, output);
        if (p->channels & 1)
        {
            const uint32_t *column = columns;
            int8_t *out = output;
            for (int32_t i = 0; i < whole * MN_BLOCK_PIXELS; i++, out += p->channels)
            {
                mn_single_channels(
                    form, clamped, p, column + (i & (MN_BLOCK_PIXELS - 1)), stream, p->channels - 1, out);
                column += (i & (MN_BLOCK_PIXELS - 1)) == MN_BLOCK_PIXELS - 1 ? column_words : 0;
            }
        }
    }
    output += whole * MN_BLOCK_PIXELS * p->channels;
    columns += whole * column_words;
    for (int32_t i = 0; i < pixels % MN_BLOCK_PIXELS; i++, output += p->channels)
    {
        mn_single_channels(form, clamped, p, columns + i, p->stream, 0, output);
    }
}

#endif
