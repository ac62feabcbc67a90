/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise convolution by lines of its kernel: the gathering of planes. The sweep is in depthwise_lines.h, bands and
 * channels are in lines_band.h. */
#include "lines_band.h"
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
    const struct mn_depthwise_lines *p, int32_t row, int32_t rows, const int8_t *input, int8_t *output, int8_t *scratch)
{
    mn_run_band(1, gather, p, row, rows, input, output, scratch);
}

MN_SMALL void mn_depthwise_lines(
    const struct mn_depthwise_lines *p, const int8_t *input, int8_t *output, int8_t *scratch)
{
    mn_run_bands(1, mn_depthwise_lines_band, p, input, output, scratch);
}
