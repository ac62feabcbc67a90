/* Depthwise 3x3 convolution: bands, channels and the gathering of planes. The sweep is in depthwise_3x3.h. */
#include "micronets_dsp.h"
#include "micronets_kernels.h"

/* One plane line: `count` pixels, `lead` columns of padding before them already in place (0 or 1). */
static void gather_line(
    const int8_t *input, int32_t stride, int32_t count, int32_t lead, uint32_t zero, uint32_t *first, uint32_t *second)
{
    if (lead)
    {
        const uint32_t half = mn_load_half(input);
        *first++ = mn_pack_low(zero, mn_even_bytes(half));
        *second++ = mn_pack_low(zero, mn_odd_bytes(half));
        input += stride;
        count--;
    }
    for (; count >= 4; count -= 4)
    {
        const uint32_t a = mn_load_half(input), b = mn_load_half(input + stride);
        input += 2 * stride;
        const uint32_t c = mn_load_half(input), d = mn_load_half(input + stride);
        input += 2 * stride;
        const uint32_t ab = a | b << 16, cd = c | d << 16;
        first[0] = mn_even_bytes(ab);
        first[1] = mn_even_bytes(cd);
        second[0] = mn_odd_bytes(ab);
        second[1] = mn_odd_bytes(cd);
        first += 2;
        second += 2;
    }
    for (; count >= 2; count -= 2)
    {
        const uint32_t both = mn_load_half(input) | mn_load_half(input + stride) << 16;
        input += 2 * stride;
        *first++ = mn_even_bytes(both);
        *second++ = mn_odd_bytes(both);
    }
    if (count)
    {
        const uint32_t half = mn_load_half(input);
        *first = mn_pack_low(mn_even_bytes(half), zero);
        *second = mn_pack_low(mn_odd_bytes(half), zero);
    }
}

void mn_depthwise_3x3_band(
    const struct mn_depthwise_3x3 *p, int32_t line, int32_t lines, const int8_t *input, int8_t *output,
    int8_t *scratch)
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
    for (int32_t i = 0; i < 2 * p->plane_words; i++)
    {
        plane[i] = zero | zero << 16;
    }
    const int32_t *stream = p->stream;
    for (int32_t channel = 0; channel < channels; channel += 2)
    {
        /* The last channel of an odd number is read as the second of a pair. */
        const int32_t odd = channel + 1 == channels;
        const int8_t *source = input + channel - odd;
        uint32_t *gathered = plane + before * pitch;
        for (int32_t i = 0; i < count; i++, source += p->input_outer_stride, gathered += pitch)
        {
            gather_line(
                source, p->input_inner_stride, p->inputs_inner, p->pad_inner, zero, gathered,
                gathered + p->plane_words);
        }
        if (!odd)
        {
            stream = p->sweep(p, lines, plane, stream, output + channel);
        }
        stream = p->sweep(p, lines, second_plane, stream, output + channel + 1 - odd);
    }
}

void mn_depthwise_3x3(const struct mn_depthwise_3x3 *p, const int8_t *input, int8_t *output, int8_t *scratch)
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
