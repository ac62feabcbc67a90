/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise 3x3 convolution: bands, channels and the gathering of planes. The sweep is in depthwise_3x3.h. */
#include "micronets_dsp.h"
#include "micronets_kernels.h"
#include "small.h"

/* Two channels' lines of the input, `p->inputs_inner` pixels each, into two planes. */
static MN_SMALL void gather(
    const struct mn_depthwise_3x3 *p, const int8_t *input, int32_t lines, uint32_t zero, uint32_t *plane)
{
    /* Read once: the stores below may alias the description, which lies in flash. */
    const int32_t stride = p->input_inner_stride, line_stride = p->input_outer_stride, pitch = p->pitch_words;
    const int32_t second = p->plane_words, lead = p->pad_inner, pixels = p->inputs_inner - lead;
    const int32_t rest = pixels & 3;
    for (; lines > 0; lines--, input += line_stride, plane += pitch)
    {
        const int8_t *from = input;
        uint32_t *to = plane;
        if (lead)
        {
            const uint32_t half = mn_load_half(from);
            to[0] = mn_pack_low(zero, mn_even_bytes(half));
            to[second] = mn_pack_low(zero, mn_odd_bytes(half));
            to++;
            from += stride;
        }
        for (int32_t left = pixels; left >= 4; left -= 4)
        {
            const uint32_t a = mn_load_half(from), b = mn_load_half(from + stride);
            from += 2 * stride;
            const uint32_t c = mn_load_half(from), d = mn_load_half(from + stride);
            from += 2 * stride;
            const uint32_t ab = a | b << 16, cd = c | d << 16;
            to[0] = mn_even_bytes(ab);
            to[1] = mn_even_bytes(cd);
            to += second;
            to[0] = mn_odd_bytes(ab);
            to[1] = mn_odd_bytes(cd);
            to += 2 - second;
        }
        if (rest & 2)
        {
            const uint32_t both = mn_load_half(from) | mn_load_half(from + stride) << 16;
            from += 2 * stride;
            to[0] = mn_even_bytes(both);
            to[second] = mn_odd_bytes(both);
            to++;
        }
        if (rest & 1)
        {
            const uint32_t half = mn_load_half(from);
            to[0] = mn_pack_low(mn_even_bytes(half), zero);
            to[second] = mn_pack_low(mn_odd_bytes(half), zero);
        }
    }
}

MN_SMALL void mn_depthwise_3x3_band(
    const struct mn_depthwise_3x3 *p, int32_t line, int32_t lines, const int8_t *input, int8_t *output, int8_t *scratch)
{
    uint32_t *plane = (uint32_t *)(void *)scratch;
    uint32_t *second_plane = plane + p->plane_words;
    const uint32_t zero = (uint32_t)p->input_zero_point & 0xFFFFU;
    const int32_t pitch = p->pitch_words, channels = p->channels;
    const int32_t top = line * p->stride - p->pad_outer;
    const int32_t bottom = top + (lines - 1) * p->stride + 3;
    const int32_t before = top < 0 ? -top : 0;
    const int32_t end = bottom > p->inputs_outer ? p->inputs_outer : bottom;
    const int32_t count = end - top - before;
    const uint32_t *planes_end = second_plane + p->plane_words;
    for (uint32_t *word = plane; word != planes_end; word++)
    {
        *word = zero | zero << 16;
    }
    const int32_t *stream = p->stream;
    for (int32_t channel = 0; channel < channels; channel += 2)
    {
        /* The last channel of an odd number is read as the second of a pair. */
        const int32_t odd = channel + 1 == channels;
        const int8_t *source = input + channel - odd;
        gather(p, source, count, zero, plane + before * pitch);
        if (!odd)
        {
            stream = p->sweep(p, lines, plane, stream, output + channel);
        }
        stream = p->sweep(p, lines, second_plane, stream, output + channel + 1 - odd);
    }
}

MN_SMALL void mn_depthwise_3x3(const struct mn_depthwise_3x3 *p, const int8_t *input, int8_t *output, int8_t *scratch)
{
    for (int32_t line = 0; line < p->outputs_outer; line += p->band)
    {
        const int32_t left = p->outputs_outer - line;
        const int32_t top = line * p->stride - p->pad_outer;
        mn_depthwise_3x3_band(
            p, line, left < p->band ? left : p->band, input + (top < 0 ? 0 : top) * p->input_outer_stride,
            output + line * p->output_outer_stride, scratch);
    }
}
