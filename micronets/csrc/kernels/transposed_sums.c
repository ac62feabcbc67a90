/* SPDX-License-Identifier: Apache-2.0 */
/* Transposed convolution of few output channels, stride 2 across.
 *
 * Row by row of the input, each tap's products are added to the sums of the output that it reaches, so that an input is
 * widened once for all taps and no zeros are multiplied where outputs within a stride read other inputs. As many output
 * rows are summed at once as the kernel has rows; those that no further input reaches are requantised, and their lines
 * begin anew. Inputs outside add nothing, as the zero point is subtracted on widening.
 */
#include "transposed_sums.h"
#include "point_block.h"

/* A word of four channels, the last ones of which may be missing. */
MN_INLINE uint32_t load_some(const int8_t *pixel, int32_t count)
{
    if (count >= 4)
    {
        return mn_load_word(pixel);
    }
    uint32_t bytes = (uint8_t)pixel[0];
    bytes |= count > 1 ? (uint32_t)(uint8_t)pixel[1] << 8 : 0;
    bytes |= count > 2 ? (uint32_t)(uint8_t)pixel[2] << 16 : 0;
    return bytes;
}

/* A row of inputs less their zero point, by groups of four channels. */
static void widen_row(const struct mn_transposed_sums *p, const int8_t *input, uint32_t *words)
{
    const int32_t depth = p->in.channels, columns = p->in.columns;
    const uint32_t minus_zero = ((uint32_t)-p->input_zero_point & 0xFFFFU) * 0x10001U;
    for (int32_t channel = 0; channel < depth; channel += 4)
    {
        const int8_t *pixel = input + channel;
        int32_t left = columns;
        if (channel + 4 <= depth)
        {
            for (; left >= 4; left -= 4, pixel += 4 * depth, words += 8)
            {
                const uint32_t a = mn_load_word(pixel), b = mn_load_word(pixel + depth);
                const uint32_t c = mn_load_word(pixel + 2 * depth), d = mn_load_word(pixel + 3 * depth);
                words[0] = mn_add_even_bytes(minus_zero, a);
                words[1] = mn_add_odd_bytes(minus_zero, a);
                words[2] = mn_add_even_bytes(minus_zero, b);
                words[3] = mn_add_odd_bytes(minus_zero, b);
                words[4] = mn_add_even_bytes(minus_zero, c);
                words[5] = mn_add_odd_bytes(minus_zero, c);
                words[6] = mn_add_even_bytes(minus_zero, d);
                words[7] = mn_add_odd_bytes(minus_zero, d);
            }
        }
        for (; left > 0; left--, pixel += depth, words += 2)
        {
            const uint32_t bytes = load_some(pixel, depth - channel);
            words[0] = mn_add_even_bytes(minus_zero, bytes);
            words[1] = mn_add_odd_bytes(minus_zero, bytes);
        }
    }
}

/* Outputs of one channel of a row, whose sums begin anew for a later row. */
MN_INLINE void finish_row(
    enum mn_form form, const struct mn_transposed_sums *p, const int32_t *words, int32_t *sums, int8_t *output)
{
    const struct mn_bounds bounds = {p->zero_point, -128, 127};
    const struct mn_scale scale = {words[MN_SUMS_FACTOR], words[MN_SUMS_CONSTANT], words[MN_SUMS_SHIFT]};
    const int32_t start = words[MN_SUMS_START], channels = p->out.channels;
    int32_t left = p->out.columns;
    for (; left >= 4; left -= 4, sums += 4, output += 4 * channels)
    {
        const int32_t a = sums[0], b = sums[1], c = sums[2], d = sums[3];
        sums[0] = sums[1] = sums[2] = sums[3] = start;
        output[0] = mn_requantise(form, 0, &bounds, &scale, a);
        output[channels] = mn_requantise(form, 0, &bounds, &scale, b);
        output[2 * channels] = mn_requantise(form, 0, &bounds, &scale, c);
        output[3 * channels] = mn_requantise(form, 0, &bounds, &scale, d);
    }
    for (; left > 0; left--, output += channels)
    {
        *output = mn_requantise(form, 0, &bounds, &scale, *sums);
        *sums++ = start;
    }
}

/* The line behind one of `line_words` words, of those that end at `end` and take `words` words. */
MN_INLINE int32_t *next_line(int32_t *line, int32_t line_words, const int32_t *end, int32_t words)
{
    line += line_words;
    return line == end ? line - words : line;
}

/* Output channels [from, to). */
MN_INLINE void sum_channels(
    enum mn_form form, const struct mn_transposed_sums *p, mn_sums_of_row sums_of_row, int32_t from, int32_t to,
    const int8_t *input, int8_t *output, int8_t *scratch)
{
    const int32_t columns = p->in.columns, groups = (p->in.channels + 3) / 4, out_channels = p->out.channels;
    const int32_t out_rows = p->out.rows, rows = p->kernel_rows, row_stride = p->row_stride, channels = to - from;
    const int32_t line_words = p->line_words, channel_words = rows * line_words;
    const int32_t taps = p->taps, part_bytes = 4 * taps * groups, row_bytes = p->parts * part_bytes;
    const int32_t *const scales = p->scales + from * MN_SUMS_SCALE_WORDS;
    uint32_t *const words = (uint32_t *)(void *)scratch;
    int32_t *const lines = (int32_t *)(void *)(words + 2 * columns * groups), *line = lines;
    const int32_t *const end = lines + channel_words;
    for (int32_t channel = 0; channel < channels; channel++)
    {
        const int32_t start = scales[channel * MN_SUMS_SCALE_WORDS + MN_SUMS_START];
        for (int32_t i = 0; i < channel_words; i++)
        {
            *line++ = start;
        }
    }
    /* Output rows that this input row's first taps reach, and that are to be made next, and their lines. */
    int32_t first = -p->pad_top, done = 0;
    int32_t *first_line = lines, *done_line = lines + p->pad_top % rows * line_words;
    for (int32_t left = p->in.rows; left > 0; left--, input += columns * p->in.channels)
    {
        const int8_t *weights = p->weights + from * rows * row_bytes;
        widen_row(p, input, words);
        for (int32_t channel = 0; channel < channels; channel++)
        {
            line = first_line + channel * channel_words;
            for (int32_t row = first; row < first + rows; row++, weights += row_bytes)
            {
                if (row >= 0 && row < out_rows)
                {
                    int32_t *sums = line;
                    for (const int8_t *part = weights; part != weights + row_bytes; part += part_bytes, sums += taps)
                    {
                        sums_of_row(words, sums, part, columns, groups);
                    }
                }
                line = next_line(line, line_words, end + channel * channel_words, channel_words);
            }
        }
        first += row_stride;
        for (int32_t i = 0; i < row_stride; i++)
        {
            first_line = next_line(first_line, line_words, end, channel_words);
        }
        for (const int32_t last = left > 1 && first < out_rows ? first : out_rows; done < last; done++)
        {
            const int32_t *scale = scales;
            line = done_line + p->pad_left;
            for (int32_t channel = from; channel < to; channel++, scale += MN_SUMS_SCALE_WORDS, line += channel_words)
            {
                finish_row(form, p, scale, line, output + channel);
            }
            output += p->out.columns * out_channels;
            done_line = next_line(done_line, line_words, end, channel_words);
        }
    }
}

MN_INLINE void transposed_sums(
    enum mn_form form, const struct mn_transposed_sums *p, mn_sums_of_row sums_of_row, const int8_t *input,
    int8_t *output, int8_t *scratch)
{
    const int32_t channels = p->out.channels, at_once = p->at_once;
    for (int32_t from = 0; from < channels; from += at_once)
    {
        const int32_t to = from + at_once < channels ? from + at_once : channels;
        sum_channels(form, p, sums_of_row, from, to, input, output, scratch);
    }
}

void mn_transposed_sums_fast(
    const struct mn_transposed_sums *p, mn_sums_of_row sums_of_row, const int8_t *input, int8_t *output,
    int8_t *scratch)
{
    transposed_sums(MN_FAST, p, sums_of_row, input, output, scratch);
}

void mn_transposed_sums_rounded(
    const struct mn_transposed_sums *p, mn_sums_of_row sums_of_row, const int8_t *input, int8_t *output,
    int8_t *scratch)
{
    transposed_sums(MN_ROUNDED, p, sums_of_row, input, output, scratch);
}

void mn_transposed_sums_general(
    const struct mn_transposed_sums *p, mn_sums_of_row sums_of_row, const int8_t *input, int8_t *output,
    int8_t *scratch)
{
    transposed_sums(MN_GENERAL, p, sums_of_row, input, output, scratch);
}
