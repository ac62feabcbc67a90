/* SPDX-License-Identifier: Apache-2.0 */
/* Loops around the point block, shared by 1x1 and patch convolutions. */
#ifndef MICRONETS_POINT_H
#define MICRONETS_POINT_H

#include "micronets_kernels.h"
#include "point_block.h"
#include "point_dsp.h"
#include "widen.h"

/* How weights lie in a stream: point_block.h, point_deep.h, point_int4.h. */
enum mn_lanes
{
    MN_PAIRS,
    MN_DEEP,
    MN_INT4
};

/* The first channel of the pair behind that of `channel`. */
MN_INLINE int32_t mn_next_pair(int32_t channel, int32_t channels)
{
    return channel + (channel == 0 && (channels & 1) && channels > 1 ? 1 : 2);
}

/* All output channels of one pixel of a column. */
MN_INLINE void mn_single_channels(
    enum mn_form form, int clamped, const struct mn_point *p, const uint32_t *column, int8_t *output)
{
    const struct mn_bounds bounds = {p->zero_point, p->low, p->high};
    const int32_t *stream = p->stream;
    const int32_t channels = p->channels, words = p->words;
    for (int32_t channel = 0; channel < channels; channel = mn_next_pair(channel, channels))
    {
        struct mn_scale a, b;
        int32_t acc_p = stream[0], acc_b = stream[1];
        stream = mn_single_mac(&acc_p, &acc_b, column, MN_BLOCK_PIXELS, stream + 2, words);
        stream = mn_read_scales(form, stream, &a, &b);
        output[channel] = mn_requantise(form, clamped, &bounds, &a, mn_acc_a(acc_p, acc_b));
        if (channel + 1 < channels)
        {
            output[channel + 1] = mn_requantise(form, clamped, &bounds, &b, acc_b);
        }
    }
}

/* Outputs of a whole pair of channels for one column; returns the stream behind the pair. */
MN_INLINE const int32_t *mn_pair_of_column(
    enum mn_form form, int clamped, const struct mn_point *p, const uint32_t *column, const int32_t *stream,
    int32_t pixel_bytes, int8_t *out)
{
    const struct mn_bounds bounds = {p->zero_point, p->low, p->high};
    struct mn_scale a, b;
    struct mn_accumulators acc;
    acc.p0 = acc.p1 = acc.p2 = acc.p3 = stream[0];
    acc.b0 = acc.b1 = acc.b2 = acc.b3 = stream[1];
    stream = mn_block_mac(&acc, column, stream + 2, p->words);
    stream = mn_read_scales(form, stream, &a, &b);
    out[0] = mn_requantise(form, clamped, &bounds, &a, mn_acc_a(acc.p0, acc.b0));
    out[1] = mn_requantise(form, clamped, &bounds, &b, acc.b0);
    out += pixel_bytes;
    out[0] = mn_requantise(form, clamped, &bounds, &a, mn_acc_a(acc.p1, acc.b1));
    out[1] = mn_requantise(form, clamped, &bounds, &b, acc.b1);
    out += pixel_bytes;
    out[0] = mn_requantise(form, clamped, &bounds, &a, mn_acc_a(acc.p2, acc.b2));
    out[1] = mn_requantise(form, clamped, &bounds, &b, acc.b2);
    out += pixel_bytes;
    out[0] = mn_requantise(form, clamped, &bounds, &a, mn_acc_a(acc.p3, acc.b3));
    out[1] = mn_requantise(form, clamped, &bounds, &b, acc.b3);
    return stream;
}

/* All output channels, more than one, of `count` columns of some place within a stride of columns and of outputs; `lanes`
 * has room for a pair's. */
MN_INLINE void mn_block_channels(
    enum mn_form form, int clamped, const struct mn_point *p, const uint32_t *columns, int32_t column_bytes,
    int32_t count, int32_t *lanes, int32_t pixel_bytes, int8_t *output)
{
    const int32_t channels = p->channels;
#if MN_DSP
    if (!clamped)
    {
        struct mn_blocks blocks = {columns, p->words,    count, output, pixel_bytes, p->stream, count > 1 ? lanes : 0,
                                   2,       column_bytes};
        if (channels & 1)
        {
            blocks.stream = form == MN_FAST ? mn_blocks_fast(&blocks) : mn_blocks_rounded(&blocks);
            blocks.output++;
        }
        blocks.outputs = channels & ~1;
        (void)(form == MN_FAST ? mn_blocks_fast(&blocks) : mn_blocks_rounded(&blocks));
        return;
    }
#endif
    (void)lanes;
    const int32_t *stream = p->stream;
    for (int32_t channel = 0; channel < channels; channel = mn_next_pair(channel, channels))
    {
        const int32_t *const pair = stream;
        const uint32_t *column = columns;
        int8_t *out = output + channel;
        for (int32_t left = count; left > 0; left--)
        {
            stream = mn_pair_of_column(form, clamped, p, column, pair, pixel_bytes, out);
            column += column_bytes / (int32_t)sizeof(*column);
            out += MN_BLOCK_PIXELS * pixel_bytes;
        }
    }
}

/* Output channels of `pixels` pixels whose columns are filled one behind the other; `lanes` has room for a pair's. */
MN_INLINE void mn_column_channels(
    enum mn_form form, int clamped, const struct mn_point *p, const uint32_t *columns, int32_t pixels, int32_t *lanes,
    int8_t *output)
{
    const int32_t channels = p->channels, whole = channels > 1 ? pixels & ~(MN_BLOCK_PIXELS - 1) : 0;
    if (whole > 0)
    {
        mn_block_channels(
            form, clamped, p, columns, MN_WORD_BYTES * p->words, whole / MN_BLOCK_PIXELS, lanes, channels, output);
    }
    for (int32_t i = whole; i < pixels; i++)
    {
        const uint32_t *column = columns + (i & ~(MN_BLOCK_PIXELS - 1)) * p->words + (i & (MN_BLOCK_PIXELS - 1));
        mn_single_channels(form, clamped, p, column, output + i * channels);
    }
}

#endif
