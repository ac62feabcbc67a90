/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise convolution with kernels of any size, a line of the kernel at a time; the sweep is instantiated by the generated
 * code for the kernel, the stride along rows and the form of requantisation.
 *
 * For two channels at a time the rows that a band of outputs reads are gathered into two planes of int16 less the zero
 * point, with the padding of their sides; kernel lines above and below the input are left out. Every line is multiplied
 * for up to six outputs of a row at once (stride 2: four), whose sums stay in registers (kernel_line.h).
 *
 * A stream holds, per output channel, as words: start of the accumulator, factor or multiplier, and, as bytes in whole
 * words, the weights (of 4 bits two in a byte, the low nibble first), an int16: offset (FAST) or shift, and one more.
 *
 * Values of int16 are no wider in a plane: for them there are another gathering (int16_lines.c) and another form.
 */
#ifndef MICRONETS_DEPTHWISE_LINES_H
#define MICRONETS_DEPTHWISE_LINES_H

#include "items.h"
#include "kernel_line.h"
#include "micronets_kernels.h"
#include "point_block.h"
#include "span.h"

struct mn_depthwise_lines;

/* Output rows [row, row + rows) of one channel from its plane, whose first line is input row `held`; returns the stream
 * behind the channel. */
typedef const int32_t *mn_lines_sweep(
    const struct mn_depthwise_lines *p, int32_t row, int32_t rows, int32_t held, const uint32_t *plane, uint32_t *lanes,
    const int32_t *stream, int8_t *output);

/* `band` output rows at a time; of input rows `gathered` columns are read. `in.channels` above 1 (int8). */
struct mn_depthwise_lines
{
    mn_lines_sweep *sweep;
    struct mn_shape in;
    int32_t out_rows, out_columns, multiplier;
    int32_t window_rows, row_stride, row_dilation, pad_top, pad_left;
    int32_t gathered, pitch_words, plane_words, band;
    int32_t input_zero_point, output_zero_point, low, high;
    const int32_t *stream;
};

/* All rows. Scratch: two planes and a channel's lanes. `output` may overlap `input` as the plan of bands allows. Values of
 * int16 (MN_INT16) may have a single channel. */
void mn_int16_depthwise_lines(const struct mn_depthwise_lines *p, const int8_t *input, int8_t *output, int8_t *scratch);
void mn_depthwise_lines(const struct mn_depthwise_lines *p, const int8_t *input, int8_t *output, int8_t *scratch);
/* Output rows [row, row + rows); `input` begins with the first row that they read. */
void mn_depthwise_lines_band(
    const struct mn_depthwise_lines *p, int32_t row, int32_t rows, const int8_t *input, int8_t *output,
    int8_t *scratch);

/* What the blocks of one row of outputs have in common. */
struct mn_lines_row
{
    const uint32_t *lanes;
    int32_t start, lines, line_step, output_step;
    struct mn_scale scale;
    struct mn_bounds bounds;
};

#if MN_DSP
/* Else GCC would keep multiples of a step, or what a pointer's fields hold, and spill. */
#define MN_KEEP_POINTER(pointer) __asm volatile("" : "+r"(pointer) : : "memory")
#else
#define MN_KEEP_POINTER(pointer) (void)0
#endif

MN_INLINE void mn_lines_put(
    enum mn_form form, int clamped, const struct mn_bounds *bounds, const struct mn_scale *scale, int32_t sum,
    int8_t *output)
{
    if (form == MN_INT16)
    {
        const int32_t value = mn_high_mac(sum, scale->factor, 0);
        mn_set_int16(output, 0, clamped ? mn_clamp(value, bounds->low, bounds->high) : mn_saturate16(value));
        return;
    }
    *output = mn_requantise(form, clamped, bounds, scale, sum);
}

/* The outputs of `count` words, all of them wanted but perhaps the last; returns where the next ones go. `whole`: there
 * are so many lines, which are unrolled; 0: `row->lines`. */
MN_INLINE int8_t *mn_lines_block(
    const int32_t taps, const int32_t stride, const int32_t whole, enum mn_form form, int clamped, const int32_t count,
    const struct mn_lines_row *row, const uint32_t *input, int32_t wanted, int8_t *output)
{
    const int32_t words = mn_line_words(taps, stride), start = row->start, line_step = row->line_step;
    const uint32_t *lanes = row->lanes;
    int32_t sums[2 * MN_LINE_PAIRS] = {start, start, start, start, start, start};
    if (whole == 0)
    {
        for (int32_t lines = row->lines; lines > 0; lines--, lanes += words)
        {
            mn_add_line(taps, stride, count, &input, &line_step, lanes, 0, sums);
        }
    }
#define MN_LINE(line)                                                                                                  \
    if ((line) < whole)                                                                                                \
    {                                                                                                                  \
        mn_add_line(taps, stride, count, &input, &line_step, lanes, (line) * words, sums);                             \
    }
    MN_LINE(0)
    MN_LINE(1)
    MN_LINE(2)
    MN_LINE(3)
    MN_LINE(4)
    MN_LINE(5)
    MN_LINE(6)
#undef MN_LINE
    const int32_t outputs = stride == 2 ? count : 2 * count, step = row->output_step;
    const struct mn_scale scale = row->scale;
    if (form == MN_GENERAL)
    {
        const int32_t kept[] = {sums[0], sums[1], sums[2], sums[3], sums[4], sums[5]};
        for (int32_t i = 0; i < wanted; i++, output += step)
        {
            *output = mn_requantise(form, clamped, &row->bounds, &scale, kept[i]);
        }
        return output;
    }
#define MN_OUTPUT(i)                                                                                                   \
    if ((i) + 1 < outputs || ((i) < outputs && (i) < wanted))                                                          \
    {                                                                                                                  \
        mn_lines_put(form, clamped, &row->bounds, &scale, sums[i], output);                                            \
        output += step;                                                                                                \
        MN_KEEP_POINTER(output);                                                                                       \
    }
    MN_OUTPUT(0)
    MN_OUTPUT(1)
    MN_OUTPUT(2)
    MN_OUTPUT(3)
    MN_OUTPUT(4)
    MN_OUTPUT(5)
#undef MN_OUTPUT
    return output;
}

/* Whole blocks of a row, of which `*left` outputs stay. */
MN_INLINE int8_t *mn_lines_blocks(
    const int32_t taps, const int32_t stride, const int32_t whole, enum mn_form form, int clamped,
    const struct mn_lines_row *row, const uint32_t **input, int32_t *left, int8_t *output)
{
    const int32_t count = stride == 2 ? MN_STRIDED_LINE_WORDS : MN_LINE_PAIRS;
    const int32_t block = stride == 2 ? count : 2 * count;
    for (; *left >= block; *left -= block, *input += count)
    {
        output = mn_lines_block(taps, stride, whole, form, clamped, count, row, *input, block, output);
    }
    return output;
}

/* Lanes of a line of weights of 8 bits; reads whole words of them. */
MN_INLINE uint32_t *mn_unpack_line_bytes(const int32_t taps, const int32_t stride, const int8_t *bytes, uint32_t *lanes)
{
    uint32_t before = 0;
#define MN_UNPACK(i)                                                                                                   \
    if ((i) < taps)                                                                                                    \
    {                                                                                                                  \
        const uint32_t word = mn_load_word(bytes + (i)), even = mn_even_bytes(word), odd = mn_odd_bytes(word);         \
        if (stride == 1 && (i) > 0)                                                                                    \
        {                                                                                                              \
            *lanes++ = mn_pack_low(before, even);                                                                      \
        }                                                                                                              \
        if ((i) + 1 < taps)                                                                                            \
        {                                                                                                              \
            *lanes++ = mn_pack_low(even, odd);                                                                         \
        }                                                                                                              \
        else if (stride == 2 || taps == 1)                                                                             \
        {                                                                                                              \
            *lanes++ = even & 0xFFFFU;                                                                                 \
        }                                                                                                              \
        if (stride == 1 && (i) + 2 < taps)                                                                             \
        {                                                                                                              \
            *lanes++ = mn_pack_low_high(odd, even);                                                                    \
        }                                                                                                              \
        if ((i) + 3 < taps)                                                                                            \
        {                                                                                                              \
            *lanes++ = mn_pack_high(even, odd);                                                                        \
        }                                                                                                              \
        else if (stride == 2 && (i) + 2 < taps)                                                                        \
        {                                                                                                              \
            *lanes++ = even >> 16;                                                                                     \
        }                                                                                                              \
        before = odd >> 16;                                                                                            \
    }
    MN_UNPACK(0)
    MN_UNPACK(4)
    MN_UNPACK(8)
    MN_UNPACK(12)
#undef MN_UNPACK
    (void)before;
    return lanes;
}

/* Weight i of 4 bits. */
MN_INLINE uint32_t mn_line_nibble(const int8_t *bytes, int32_t i)
{
    const uint32_t byte = (uint8_t)bytes[i / 2];
    return (uint32_t)((int32_t)(byte << (i & 1 ? 24 : 28)) >> 28);
}

MN_INLINE uint32_t *mn_unpack_line_nibbles(
    const int32_t taps, const int32_t stride, const int8_t *bytes, int32_t first, uint32_t *lanes)
{
    for (int32_t i = 0; i < taps; i += stride)
    {
        if (i + 1 < taps)
        {
            *lanes++ = mn_pack_low(mn_line_nibble(bytes, first + i), mn_line_nibble(bytes, first + i + 1));
        }
        else if (stride == 2 || taps == 1)
        {
            *lanes++ = mn_line_nibble(bytes, first + i) & 0xFFFFU;
        }
    }
    return lanes;
}

/* A channel's lanes, of all lines of the kernel. */
MN_INLINE void mn_unpack_lines(
    const int32_t taps, const int32_t stride, int32_t weight_bits, int32_t lines, const int8_t *bytes, uint32_t *lanes)
{
    for (int32_t first = 0; lines > 0; lines--, first += taps)
    {
        lanes = weight_bits == 4 ? mn_unpack_line_nibbles(taps, stride, bytes, first, lanes)
                                 : mn_unpack_line_bytes(taps, stride, bytes + first, lanes);
    }
}

/* `p` lies in RAM. */
MN_INLINE const int32_t *mn_sweep_lines(
    const int32_t taps, const int32_t stride, const int32_t whole, int32_t weight_bits, enum mn_form form, int clamped,
    const struct mn_depthwise_lines *p, int32_t row, int32_t rows, int32_t held, const uint32_t *plane, uint32_t *lanes,
    const int32_t *stream, int8_t *output)
{
    const int32_t count = stride == 2 ? MN_STRIDED_LINE_WORDS : MN_LINE_PAIRS;
    const int32_t weights = p->window_rows * taps, bytes = weight_bits == 4 ? (weights + 1) / 2 : weights;
    const int8_t *packed = (const int8_t *)(const void *)(stream + 2);
    const int32_t small = (int16_t)((uint16_t)(uint8_t)packed[bytes] | (uint16_t)((uint8_t)packed[bytes + 1] << 8));
    const int32_t reach = (p->window_rows - 1) * p->row_dilation;
    struct mn_lines_row r;
    const struct mn_lines_row *in_memory = &r;
    r.start = stream[0];
    r.scale = mn_small_scale(form, p->output_zero_point, stream[1], small);
    r.bounds = (struct mn_bounds){p->output_zero_point, p->low, p->high};
    r.line_step = p->row_dilation * p->pitch_words;
    r.output_step = (form == MN_INT16 ? 2 : 1) * p->in.channels * p->multiplier;
    mn_unpack_lines(taps, stride, weight_bits, p->window_rows, packed, lanes);
    int32_t top = row * p->row_stride - p->pad_top;
    for (; rows > 0; rows--, top += p->row_stride)
    {
        const uint32_t *input = plane + (top - held) * p->pitch_words;
        int32_t left = p->out_columns;
        r.lanes = lanes;
        r.lines = p->window_rows;
        const int outside = top < 0 || top + reach >= p->in.rows;
        if (outside)
        {
            const struct mn_span inside = mn_taps_inside(top, p->row_dilation, p->window_rows, p->in.rows);
            r.lines = inside.end - inside.first;
            r.lanes += inside.first * mn_line_words(taps, stride);
            input += inside.first * r.line_step;
        }
        MN_KEEP_POINTER(in_memory);
        if (MN_DSP && whole > 0 && !outside)
        {
            output = mn_lines_blocks(taps, stride, whole, form, clamped, in_memory, &input, &left, output);
        }
        else
        {
            output = mn_lines_blocks(taps, stride, 0, form, clamped, in_memory, &input, &left, output);
        }
        if (left > (stride == 2 ? 2 : 4))
        {
            output = mn_lines_block(taps, stride, 0, form, clamped, count, in_memory, input, left, output);
        }
        else if (left > 2)
        {
            output = mn_lines_block(taps, stride, 0, form, clamped, 2, in_memory, input, left, output);
        }
        else if (left > 0)
        {
            /* A pair, or two words with stride 2. */
            output = mn_lines_block(taps, stride, 0, form, clamped, stride, in_memory, input, left, output);
        }
    }
    return stream + 2 + (bytes + 3 + 3) / 4;
}

#endif
