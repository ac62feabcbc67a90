/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions with 4-bit weights, which stay packed in flash: a pair's are unpacked to RAM, into lanes as int8 weights
 * have (point_block.h), and used there for as many blocks of pixels as there are columns.
 *
 * A stream holds, per pair of output channels a and b, which are those of point_block.h, as words:
 *   heads[2]: start of the accumulator << 12 | (offset in the forms FAST and SHIFTED, else shift, to the left where positive) as 12 bits
 *   nibbles[words / 2]
 *   factors[2] (FAST, SHIFTED) or multipliers[2]
 * A word of nibbles holds two words of lanes: the low nibbles of its bytes are the bytes of the first one, the high ones
 * those of the second one, every weight with 8 added to it.
 */
#ifndef MICRONETS_POINT_INT4_H
#define MICRONETS_POINT_INT4_H

#include "int4_blocks.h"
#include "micronets_kernels.h"
#include "point.h"
#include "point_int4_dsp.h"

enum
{
    MN_HEAD_BITS = 12,
    /* Of an unpacked pair, at most: starts and requantisation. */
    MN_PAIR_WORDS = 7
};

MN_INLINE int32_t mn_head_start(int32_t head)
{
    return head >> MN_HEAD_BITS;
}

MN_INLINE int32_t mn_head_small(int32_t head)
{
    return (int32_t)((uint32_t)head << (32 - MN_HEAD_BITS)) >> (32 - MN_HEAD_BITS);
}

MN_INLINE int32_t mn_start_of_pair(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a * 256 + (uint32_t)b);
}

#if !MN_DSP

/* 256 a + b in each lane. */
MN_INLINE uint32_t mn_lanes_of_nibbles(uint32_t nibbles)
{
    const uint32_t bytes = nibbles & 0x0F0F0F0FU;
    return mn_pair(mn_low(bytes) - 0x0808, mn_high(bytes) - 0x0808);
}

MN_INLINE const int32_t *mn_unpack_lanes(const int32_t *nibbles, int32_t *lanes, int32_t words)
{
    for (; words > 0; words -= 2, nibbles++)
    {
        *lanes++ = (int32_t)mn_lanes_of_nibbles((uint32_t)*nibbles);
        *lanes++ = (int32_t)mn_lanes_of_nibbles((uint32_t)*nibbles >> 4);
    }
    return nibbles;
}

#endif

/* Writes a pair as in a stream of point_block.h; returns the stream behind it. */
MN_INLINE const int32_t *mn_unpack_pair(
    enum mn_form form, const struct mn_point *p, const int32_t *stream, int32_t *pair)
{
    const int32_t head_a = stream[0], head_b = stream[1];
    /* The form ROUNDED counts shifts to the right. */
    const int32_t sign = form == MN_ROUNDED ? -1 : 1;
    const int32_t small_a = sign * mn_head_small(head_a), small_b = sign * mn_head_small(head_b);
    *pair++ = mn_start_of_pair(mn_head_start(head_a), mn_head_start(head_b));
    *pair++ = mn_head_start(head_b);
    stream = mn_unpack_lanes(stream + 2, pair, p->words);
    pair += p->words;
    *pair++ = stream[0];
    *pair++ = stream[1];
    if (form == MN_ROUNDED)
    {
        *pair++ = mn_small_scale(form, p->zero_point, 0, small_a).constant;
        *pair++ = mn_small_scale(form, p->zero_point, 0, small_b).constant;
    }
    *pair = (int32_t)mn_pack_low((uint32_t)small_a, (uint32_t)small_b);
    return stream + 2;
}

/* One pair's outputs of `blocks` columns of four pixels. */
MN_INLINE void mn_pair_of_columns(
    enum mn_form form, int clamped, const struct mn_point *p, const uint32_t *columns, int32_t blocks,
    const int32_t *pair, int8_t *output)
{
    for (; blocks > 0; blocks--, columns += MN_BLOCK_PIXELS * p->words, output += MN_BLOCK_PIXELS * p->channels)
    {
        (void)mn_pair_of_column(form, clamped, p, columns, pair, p->channels, output);
    }
}

/* Output channels of `pixels` pixels whose columns are filled one behind the other; `pair` has room for an unpacked one.
 * `few`: of fewer than four pixels, so that no block's code is needed. */
MN_INLINE void mn_column_int4(
    enum mn_form form, int clamped, int few, const struct mn_point *p, const uint32_t *columns, int32_t pixels,
    int32_t *pair, int8_t *output)
{
    const struct mn_bounds bounds = {p->zero_point, p->low, p->high};
    const int32_t channels = p->channels, words = p->words;
    const int32_t whole = channels > 1 && !few ? pixels & ~(MN_BLOCK_PIXELS - 1) : 0;
    const int32_t *stream = p->stream;
    for (int32_t channel = 0; channel < channels; channel = mn_next_pair(channel, channels))
    {
        stream = mn_unpack_pair(form, p, stream, pair);
        if (whole > 0)
        {
            mn_pair_of_columns(form, clamped, p, columns, whole / MN_BLOCK_PIXELS, pair, output + channel);
        }
        for (int32_t i = whole; i < pixels; i++)
        {
            const uint32_t *column = columns + (i & ~(MN_BLOCK_PIXELS - 1)) * words + (i & (MN_BLOCK_PIXELS - 1));
            int8_t *out = output + i * channels + channel;
            struct mn_scale a, b;
            int32_t acc_p = pair[0], acc_b = pair[1];
            const int32_t *scales = mn_single_mac(&acc_p, &acc_b, column, MN_BLOCK_PIXELS, pair + 2, words);
            (void)mn_read_scales(form, scales, &a, &b);
            out[0] = mn_requantise(form, clamped, &bounds, &a, mn_acc_a(acc_p, acc_b));
            if (channel + 1 < channels)
            {
                out[1] = mn_requantise(form, clamped, &bounds, &b, acc_b);
            }
        }
    }
}

#if MN_DSP

/* The same by blocks in assembly, in any form: one copy for 1x1 convolutions, those of patches and those of nibbles. */
void mn_column_of_int4(
    enum mn_form form, int clamped, const struct mn_point *p, const uint32_t *columns, int32_t pixels, int32_t *pair,
    int8_t *output);

#else

/* One copy of each for 1x1 convolutions, those of patches and those of nibbles. */
void mn_column_int4_fast(
    const struct mn_point *p, const uint32_t *columns, int32_t pixels, int32_t *pair, int8_t *output);
void mn_column_int4_shifted(
    const struct mn_point *p, const uint32_t *columns, int32_t pixels, int32_t *pair, int8_t *output);
void mn_column_int4_rounded(
    const struct mn_point *p, const uint32_t *columns, int32_t pixels, int32_t *pair, int8_t *output);
void mn_column_int4_clamped(
    const struct mn_point *p, const uint32_t *columns, int32_t pixels, int32_t *pair, int8_t *output);
void mn_column_int4_general(
    const struct mn_point *p, const uint32_t *columns, int32_t pixels, int32_t *pair, int8_t *output);

MN_INLINE void mn_column_of_int4(
    enum mn_form form, int clamped, const struct mn_point *p, const uint32_t *columns, int32_t pixels, int32_t *pair,
    int8_t *output)
{
    switch (form)
    {
    case MN_FAST:
        mn_column_int4_fast(p, columns, pixels, pair, output);
        break;
    case MN_SHIFTED:
        mn_column_int4_shifted(p, columns, pixels, pair, output);
        break;
    case MN_ROUNDED:
        (clamped ? mn_column_int4_clamped : mn_column_int4_rounded)(p, columns, pixels, pair, output);
        break;
    default:
        mn_column_int4_general(p, columns, pixels, pair, output);
    }
}

#endif

#endif
