/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise convolution of any shape, four output channels at a time: every tap is one word of inputs and one of weights.
 *
 * A stream holds, per four output channels, as words: starts[4], the requantisation of two pairs as in point_block.h, and
 * the weights: a word per tap with a byte per channel, or with 4-bit weights a word per two taps, of which the first has
 * the low nibbles. Weights wait in `scratch` while a quad's outputs are computed.
 */
#include "micronets_kernels.h"
#include "point_block.h"
#include "span.h"

enum
{
    QUAD = 4
};

struct quad
{
    int32_t a, b, c, d;
};

/* Four nibbles, the low ones of each byte, as signed bytes. */
MN_INLINE uint32_t signed_bytes(uint32_t nibbles)
{
    const uint32_t biased = (nibbles & 0x0F0F0F0FU) ^ 0x08080808U;
    return ((biased | 0x80808080U) - 0x08080808U) ^ 0x80808080U;
}

static void unpack(int32_t weight_bits, int32_t taps, const int32_t *stream, uint32_t *weights)
{
    if (weight_bits == 4)
    {
        /* Counted in pairs: GCC 12.2 at -Os for a Cortex-M55 drops the question whether one is left of `taps -= 2`. */
        for (int32_t pairs = taps / 2; pairs > 0; pairs--, stream++)
        {
            *weights++ = signed_bytes((uint32_t)*stream);
            *weights++ = signed_bytes((uint32_t)*stream >> 4);
        }
        if (taps & 1)
        {
            *weights = signed_bytes((uint32_t)*stream);
        }
        return;
    }
    for (; taps > 0; taps--)
    {
        *weights++ = (uint32_t)*stream++;
    }
}

/* The inputs of a quad: side by side, or where `offsets` says. */
MN_INLINE uint32_t gather(int gathered, const int8_t *pixel, const struct quad *offsets)
{
    if (!gathered)
    {
        return mn_load_word(pixel);
    }
    return (uint32_t)(uint8_t)pixel[offsets->a] | (uint32_t)(uint8_t)pixel[offsets->b] << 8 |
           (uint32_t)(uint8_t)pixel[offsets->c] << 16 | (uint32_t)(uint8_t)pixel[offsets->d] << 24;
}

MN_INLINE void add_tap(struct quad *acc, uint32_t minus_zero, uint32_t inputs, uint32_t weights)
{
    const uint32_t even = mn_add_even_bytes(minus_zero, inputs), odd = mn_add_odd_bytes(minus_zero, inputs);
    const uint32_t even_weights = mn_even_bytes(weights), odd_weights = mn_odd_bytes(weights);
    acc->a = mn_mac_low_low(even, even_weights, acc->a);
    acc->b = mn_mac_low_low(odd, odd_weights, acc->b);
    acc->c = mn_mac_high_high(even, even_weights, acc->c);
    acc->d = mn_mac_high_high(odd, odd_weights, acc->d);
}

/* All outputs of `present` channels of one quad. */
MN_INLINE void sweep(
    enum mn_form form, int clamped, int gathered, const struct mn_depthwise *p, const struct quad *offsets,
    const int32_t *stream, const uint32_t *weights, const int8_t *input, int8_t *output, int32_t present)
{
    const struct mn_window w = p->window;
    const struct mn_bounds bounds = {p->zero_point, p->low, p->high};
    const uint32_t minus_zero = ((uint32_t)-p->input_zero_point & 0xFFFFU) * 0x10001U;
    const int32_t depth = p->in.channels;
    const int32_t row_step = w.row_dilation * p->in.columns * depth, column_step = w.column_dilation * depth;
    const struct quad start = {stream[0], stream[1], stream[2], stream[3]};
    struct mn_scale a, b, c, d;
    mn_read_scales(form, mn_read_scales(form, stream + QUAD, &a, &b), &c, &d);
    for (int32_t y = 0; y < p->out.rows; y++)
    {
        const int32_t top = y * w.row_stride - w.pad_top;
        const struct mn_span ys = mn_taps_inside(top, w.row_dilation, w.rows, p->in.rows);
        const int8_t *first_row = input + (top + ys.first * w.row_dilation) * p->in.columns * depth;
        for (int32_t x = 0; x < p->out.columns; x++, output += p->out.channels)
        {
            const int32_t left = x * w.column_stride - w.pad_left;
            const struct mn_span xs = mn_taps_inside(left, w.column_dilation, w.columns, p->in.columns);
            const int8_t *row = first_row + (left + xs.first * w.column_dilation) * depth;
            const uint32_t *row_weights = weights + ys.first * w.columns + xs.first;
            struct quad acc = start;
            for (int32_t ky = ys.first; ky < ys.end; ky++, row += row_step, row_weights += w.columns)
            {
                const int8_t *pixel = row;
                const uint32_t *tap = row_weights, *end = tap + (xs.end - xs.first);
                if ((xs.end - xs.first) & 1)
                {
                    add_tap(&acc, minus_zero, gather(gathered, pixel, offsets), *tap++);
                    pixel += column_step;
                }
                for (; tap != end; tap += 2, pixel += 2 * column_step)
                {
                    add_tap(&acc, minus_zero, gather(gathered, pixel, offsets), tap[0]);
                    add_tap(&acc, minus_zero, gather(gathered, pixel + column_step, offsets), tap[1]);
                }
            }
            output[0] = mn_requantise(form, clamped, &bounds, &a, acc.a);
            if (!gathered || present > 1)
            {
                output[1] = mn_requantise(form, clamped, &bounds, &b, acc.b);
            }
            if (!gathered || present > 2)
            {
                output[2] = mn_requantise(form, clamped, &bounds, &c, acc.c);
            }
            if (!gathered || present > 3)
            {
                output[3] = mn_requantise(form, clamped, &bounds, &d, acc.d);
            }
        }
    }
}

MN_INLINE void depthwise(
    enum mn_form form, int clamped, const struct mn_depthwise *p, const int8_t *input, int8_t *output, int8_t *scratch)
{
    const int32_t taps = p->window.rows * p->window.columns, channels = p->out.channels;
    const int32_t scales = form == MN_ROUNDED ? 10 : 6;
    uint32_t *weights = (uint32_t *)(void *)scratch;
    const int32_t *stream = p->stream;
    for (int32_t channel = 0; channel < channels; channel += QUAD)
    {
        const int32_t *packed = stream + QUAD + scales;
        const int32_t first = channel / p->multiplier, last = channels - 1;
        unpack(p->weight_bits, taps, packed, weights);
        if (p->multiplier == 1 && channel + QUAD <= channels)
        {
            sweep(form, clamped, 0, p, 0, stream, weights, input + first, output + channel, QUAD);
        }
        else
        {
            /* Channels beyond the last are read as the last, and not written. */
            const struct quad offsets = {
                0, (channel + 1 < last ? channel + 1 : last) / p->multiplier - first,
                (channel + 2 < last ? channel + 2 : last) / p->multiplier - first,
                (channel + 3 < last ? channel + 3 : last) / p->multiplier - first};
            sweep(form, clamped, 1, p, &offsets, stream, weights, input + first, output + channel, channels - channel);
        }
        stream = packed + (p->weight_bits == 4 ? (taps + 1) / 2 : taps);
    }
}

void mn_depthwise_fast(const struct mn_depthwise *p, const int8_t *input, int8_t *output, int8_t *scratch)
{
    depthwise(MN_FAST, 0, p, input, output, scratch);
}

void mn_depthwise_rounded(const struct mn_depthwise *p, const int8_t *input, int8_t *output, int8_t *scratch)
{
    depthwise(MN_ROUNDED, 0, p, input, output, scratch);
}

void mn_depthwise_clamped(const struct mn_depthwise *p, const int8_t *input, int8_t *output, int8_t *scratch)
{
    depthwise(MN_ROUNDED, 1, p, input, output, scratch);
}

void mn_depthwise_general(const struct mn_depthwise *p, const int8_t *input, int8_t *output, int8_t *scratch)
{
    depthwise(MN_GENERAL, 1, p, input, output, scratch);
}
