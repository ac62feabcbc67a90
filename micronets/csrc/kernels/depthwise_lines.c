/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise convolution by lines of its kernel: bands, channels and the gathering of planes. The sweep is in
 * depthwise_lines.h. */
#include "depthwise_lines.h"
#include "small.h"

/* Two channels of four neighbouring pixels, in pairs. */
MN_INLINE void load_pixels(const int8_t *from, int32_t channels, uint32_t *ab, uint32_t *cd)
{
#if MN_DSP
    uint32_t a, b, c, d;
    /* Directly behind one another. */
    __asm volatile("ldrh %[a], [%[p]]\n\t"
                   "ldrh %[b], [%[p], %[one]]\n\t"
                   "ldrh %[c], [%[p], %[one], lsl #1]\n\t"
                   "ldrh %[d], [%[p], %[three]]"
                   : [a] "=&r"(a), [b] "=&r"(b), [c] "=&r"(c), [d] "=r"(d)
                   : [p] "r"(from), [one] "r"(channels), [three] "r"(3 * channels)
                   : "memory");
    *ab = a | b << 16;
    *cd = c | d << 16;
#else
    *ab = mn_load_half(from) | mn_load_half(from + channels) << 16;
    *cd = mn_load_half(from + 2 * channels) | mn_load_half(from + 3 * channels) << 16;
#endif
}

/* Two channels' rows of the input less the zero point into two planes, behind `pad_left` columns that stay as they are. */
static MN_SMALL void gather(
    const struct mn_depthwise_lines *p, const int8_t *input, int32_t rows, uint32_t minus_zero, uint32_t *plane)
{
    const int32_t channels = p->in.channels, lead = p->pad_left & 1, pixels = p->gathered - lead;
    const int32_t row_bytes = p->in.columns * channels, pitch = p->pitch_words, second = p->plane_words;
    plane += p->pad_left / 2;
    for (; rows > 0; rows--, input += row_bytes, plane += pitch)
    {
        const int8_t *from = input;
        uint32_t *to = plane, *other = plane + second;
        if (lead)
        {
            const uint32_t half = mn_load_half(from);
            *to++ = mn_add_even_bytes(minus_zero, half) << 16;
            *other++ = mn_add_odd_bytes(minus_zero, half) << 16;
            from += channels;
        }
        int32_t left = pixels;
        for (; left >= 4; left -= 4, from += 4 * channels, to += 2, other += 2)
        {
            uint32_t ab, cd;
            load_pixels(from, channels, &ab, &cd);
            to[0] = mn_add_even_bytes(minus_zero, ab);
            to[1] = mn_add_even_bytes(minus_zero, cd);
            other[0] = mn_add_odd_bytes(minus_zero, ab);
            other[1] = mn_add_odd_bytes(minus_zero, cd);
        }
        if (left & 2)
        {
            const uint32_t both = mn_load_half(from) | mn_load_half(from + channels) << 16;
            from += 2 * channels;
            *to++ = mn_add_even_bytes(minus_zero, both);
            *other++ = mn_add_odd_bytes(minus_zero, both);
        }
        if (left & 1)
        {
            const uint32_t half = mn_load_half(from);
            *to = mn_add_even_bytes(minus_zero, half) & 0xFFFFU;
            *other = mn_add_odd_bytes(minus_zero, half) & 0xFFFFU;
        }
    }
}

MN_SMALL void mn_depthwise_lines_band(
    const struct mn_depthwise_lines *description, int32_t row, int32_t rows, const int8_t *input, int8_t *output,
    int8_t *scratch)
{
    /* Out of the flash, which is slow. */
    const struct mn_depthwise_lines copied = *description, *const p = &copied;
    uint32_t *plane = (uint32_t *)(void *)scratch;
    uint32_t *lanes = plane + 2 * p->plane_words;
    const uint32_t minus_zero = ((uint32_t)-p->input_zero_point & 0xFFFFU) * 0x10001U;
    const int32_t top = row * p->row_stride - p->pad_top, held = top < 0 ? 0 : top;
    const int32_t bottom = top + (rows - 1) * p->row_stride + (p->window_rows - 1) * p->row_dilation + 1;
    const int32_t end = bottom > p->in.rows ? p->in.rows : bottom;
    const int32_t channels = p->in.channels, multiplier = p->multiplier;
    for (uint32_t *word = plane; word != lanes; word++)
    {
        *word = 0;
    }
    const int32_t *stream = p->stream;
    for (int32_t channel = 0; channel < channels; channel += 2)
    {
        /* The last channel of an odd number is read as the second of a pair. */
        const int32_t odd = channel + 1 == channels;
        gather(p, input + channel - odd, end - held, minus_zero, plane);
        const uint32_t *source = plane + odd * p->plane_words;
        for (int32_t left = (2 - odd) * multiplier, next = multiplier; left > 0; left--, output++)
        {
            stream = p->sweep(p, row, rows, held, source, lanes, stream, output);
            if (--next == 0)
            {
                next = multiplier;
                source += p->plane_words;
            }
        }
    }
}

MN_SMALL void mn_depthwise_lines(
    const struct mn_depthwise_lines *p, const int8_t *input, int8_t *output, int8_t *scratch)
{
    const int32_t in_step = p->in.columns * p->in.channels;
    const int32_t out_step = p->out_columns * p->in.channels * p->multiplier;
    for (int32_t row = 0; row < p->out_rows; row += p->band)
    {
        const int32_t left = p->out_rows - row, top = row * p->row_stride - p->pad_top;
        mn_depthwise_lines_band(
            p, row, left < p->band ? left : p->band, input + (top < 0 ? 0 : top) * in_step, output + row * out_step,
            scratch);
    }
}
