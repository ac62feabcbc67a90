/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise convolution of int16 by lines of its kernel: the gathering of planes. The rest is in depthwise_lines.h. */
#include "items.h"
#include "lines_band.h"

/* Two channels of two neighbouring pixels; of an input with one channel twice that one. */
MN_INLINE void put_pair(uint32_t left, uint32_t right, uint32_t *to, uint32_t *other)
{
    *to = mn_pack_low(left, right);
    *other = mn_pack_high(left, right);
}

MN_INLINE uint32_t load_pixel(const int8_t *from, int32_t single)
{
    return single ? mn_load_half(from) * 0x10001U : mn_load_word(from);
}

/* Two channels of four neighbouring pixels. */
MN_INLINE void load_pixels(const int8_t *from, int32_t step, uint32_t pixels[4])
{
#if MN_DSP
    /* Directly behind one another. */
    __asm volatile("ldr %[a], [%[p]]\n\t"
                   "ldr %[b], [%[p], %[one]]\n\t"
                   "ldr %[c], [%[p], %[one], lsl #1]\n\t"
                   "ldr %[d], [%[p], %[three]]"
                   : [a] "=&r"(pixels[0]), [b] "=&r"(pixels[1]), [c] "=&r"(pixels[2]), [d] "=r"(pixels[3])
                   : [p] "r"(from), [one] "r"(step), [three] "r"(3 * step)
                   : "memory");
#else
    pixels[0] = mn_load_word(from);
    pixels[1] = mn_load_word(from + step);
    pixels[2] = mn_load_word(from + 2 * step);
    pixels[3] = mn_load_word(from + 3 * step);
#endif
}

/* Behind `pad_left` columns that stay as they are. With a single channel the second plane, which nobody reads, takes the
 * same. */
static void gather(
    const struct mn_depthwise_lines *p, const int8_t *input, int32_t rows, uint32_t minus_zero, uint32_t *plane)
{
    const int32_t step = 2 * p->in.channels, single = p->in.channels == 1;
    const int32_t lead = p->pad_left & 1, pixels = p->gathered - lead;
    const int32_t row_bytes = p->in.columns * step, pitch = p->pitch_words, second = p->plane_words;
    (void)minus_zero;
    plane += p->pad_left / 2;
    for (; rows > 0; rows--, input += row_bytes, plane += pitch)
    {
        const int8_t *from = input;
        uint32_t *to = plane, *other = plane + second;
        if (lead)
        {
            put_pair(0, load_pixel(from, single), to++, other++);
            from += step;
        }
        int32_t left = pixels;
        for (; left >= 4 && !single; left -= 4, from += 4 * step, to += 2, other += 2)
        {
            uint32_t quad[4];
            load_pixels(from, step, quad);
            put_pair(quad[0], quad[1], to, other);
            put_pair(quad[2], quad[3], to + 1, other + 1);
        }
        for (; left >= 2; left -= 2, from += 2 * step)
        {
            put_pair(load_pixel(from, single), load_pixel(from + step, single), to++, other++);
        }
        if (left > 0)
        {
            put_pair(load_pixel(from, single), 0, to, other);
        }
    }
}

static void run_band(
    const struct mn_depthwise_lines *p, int32_t row, int32_t rows, const int8_t *input, int8_t *output, int8_t *scratch)
{
    mn_run_band(2, gather, p, row, rows, input, output, scratch);
}

void mn_int16_depthwise_lines(const struct mn_depthwise_lines *p, const int8_t *input, int8_t *output, int8_t *scratch)
{
    mn_run_bands(2, run_band, p, input, output, scratch);
}
