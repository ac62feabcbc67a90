/* SPDX-License-Identifier: Apache-2.0 */
/* A camera's pixels: read in colour, or a row of them turned to bytes of luma. */
#ifndef MICRONETS_IMAGE_PIXELS_H
#define MICRONETS_IMAGE_PIXELS_H

#include "micronets_dsp.h"

/* Bytes of a pixel: one of luma; red, green, blue; or a word of 5, 6 and 5 bits, the lower byte first or last. */
enum mn_image_format
{
    MN_IMAGE_GREY8,
    MN_IMAGE_RGB888,
    MN_IMAGE_RGB565,
    MN_IMAGE_RGB565_SWAPPED
};

typedef uint32_t __attribute__((may_alias, aligned(1))) mn_pixels;

MN_INLINE uint32_t mn_load_pixels(const uint8_t *address)
{
    return *(const mn_pixels *)(const void *)address;
}

/* sum and all four bytes */
MN_INLINE uint32_t mn_add_bytes(uint32_t sum, uint32_t bytes)
{
#if MN_DSP
    uint32_t more;
    __asm("usada8 %0, %1, %2, %3" : "=r"(more) : "r"(bytes), "r"(0), "r"(sum));
    return more;
#else
    return sum + (bytes & 255U) + (bytes >> 8 & 255U) + (bytes >> 16 & 255U) + (bytes >> 24);
#endif
}

/* Constants that are to stay in registers: built into the code, they would be shifted and added anew for every pixel.
 * `five` and `six` are masks of as many bits, times 8, in two lanes; `weights` those of red and, above, of blue. */
struct mn_luma
{
    uint32_t half, five, six, weights;
};

MN_INLINE struct mn_luma mn_luma_constants(uint32_t red, uint32_t blue)
{
    struct mn_luma luma = {32768, 0x00F800F8, 0x01F801F8, red | blue << 16};
    __asm("" : "+r"(luma.half), "+r"(luma.five), "+r"(luma.six), "+r"(luma.weights));
    return luma;
}

/* ITU-R BT.601's luma in the upper half: weights in units of 1/65536, and a half. */
MN_INLINE uint32_t mn_luma_888(struct mn_luma luma, uint32_t red, uint32_t green, uint32_t blue)
{
    return MN_LUMA_RED * red + (MN_LUMA_GREEN * green + (MN_LUMA_BLUE * blue + luma.half));
}

/* Pixels of 5, 6 and 5 bits in two lanes, times 8. */
struct mn_lanes
{
    uint32_t red, green, blue;
};

MN_INLINE struct mn_lanes mn_lanes_565(struct mn_luma luma, uint32_t two)
{
    const struct mn_lanes lanes = {two >> 8 & luma.five, two >> 2 & luma.six, two << 3 & luma.five};
    return lanes;
}

/* As mn_luma_888, of the lower lanes and of the upper ones: weights that also scale 5 and 6 bits to 255. */
MN_INLINE uint32_t mn_luma_low(struct mn_luma luma, struct mn_lanes pixels)
{
    const int32_t blue = mn_mac_low_high(pixels.blue, luma.weights, (int32_t)luma.half);
    return (uint32_t)mn_mac_low_low(pixels.red, luma.weights, mn_mac_low_low(pixels.green, MN_LUMA_GREEN_6, blue));
}

MN_INLINE uint32_t mn_luma_high(struct mn_luma luma, struct mn_lanes pixels)
{
    const int32_t blue = mn_mac_high_high(pixels.blue, luma.weights, (int32_t)luma.half);
    return (uint32_t)mn_mac_high_low(pixels.red, luma.weights, mn_mac_high_low(pixels.green, MN_LUMA_GREEN_6, blue));
}

/* The upper halves of four lumas as bytes, the first one lowest. */
MN_INLINE uint32_t mn_luma_bytes(uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
    const uint32_t even = mn_pack_low_high(a >> 16, c), odd = mn_pack_low_high(b >> 16, d);
    return even | odd << 8;
}

/* Four pixels of three bytes. */
MN_INLINE uint32_t mn_grey_888(struct mn_luma luma, const uint8_t *pixels)
{
    const uint32_t u = mn_load_pixels(pixels), v = mn_load_pixels(pixels + 4), w = mn_load_pixels(pixels + 8);
    return mn_luma_bytes(
        mn_luma_888(luma, u & 255U, u >> 8 & 255U, u >> 16 & 255U), mn_luma_888(luma, u >> 24, v & 255U, v >> 8 & 255U),
        mn_luma_888(luma, v >> 16 & 255U, v >> 24, w & 255U),
        mn_luma_888(luma, w >> 8 & 255U, w >> 16 & 255U, w >> 24));
}

/* Two pixels of two bytes, the lower byte first. */
MN_INLINE uint32_t mn_two_words(enum mn_image_format format, const uint8_t *pixels)
{
    const uint32_t two = mn_load_pixels(pixels);
    return format == MN_IMAGE_RGB565 ? two : (two & 0x00FF00FFU) << 8 | (two >> 8 & 0x00FF00FFU);
}

/* Four pixels of two bytes. */
MN_INLINE uint32_t mn_grey_565(struct mn_luma luma, enum mn_image_format format, const uint8_t *pixels)
{
    const struct mn_lanes first = mn_lanes_565(luma, mn_two_words(format, pixels));
    const uint32_t a = mn_luma_low(luma, first), b = mn_luma_high(luma, first);
    const struct mn_lanes second = mn_lanes_565(luma, mn_two_words(format, pixels + 4));
    return mn_luma_bytes(a, b, mn_luma_low(luma, second), mn_luma_high(luma, second));
}

/* The word of a pixel of 5, 6 and 5 bits. */
MN_INLINE uint32_t mn_word_565(enum mn_image_format format, const uint8_t *pixel)
{
    const int32_t low = format == MN_IMAGE_RGB565_SWAPPED;
    return (uint32_t)pixel[low] | (uint32_t)pixel[1 - low] << 8;
}

/* Pixels as they are summed up: a byte of luma, three bytes of colour, or a word of 565 bits. */
MN_INLINE int32_t mn_image_step(enum mn_image_format format, int32_t channels)
{
    return channels == 1 ? 1 : format == MN_IMAGE_RGB888 ? 3 : 2;
}

struct mn_colour
{
    uint32_t parts[3];
};

MN_INLINE struct mn_colour mn_image_read(enum mn_image_format format, int32_t channels, const uint8_t *pixel)
{
    struct mn_colour colour = {{pixel[0], 0, 0}};
    if (channels == 3 && format == MN_IMAGE_RGB888)
    {
        colour.parts[1] = pixel[1];
        colour.parts[2] = pixel[2];
    }
    else if (channels == 3)
    {
        const uint32_t word = mn_word_565(format, pixel);
        colour.parts[0] = word >> 11;
        colour.parts[1] = word >> 5 & 63U;
        colour.parts[2] = word & 31U;
    }
    return colour;
}

/* Luma of a row in colour. */
MN_INLINE void mn_image_grey(enum mn_image_format format, int32_t width, const uint8_t *row, uint8_t *line)
{
    const struct mn_luma luma = format == MN_IMAGE_RGB888 ? mn_luma_constants(MN_LUMA_RED, MN_LUMA_BLUE)
                                                          : mn_luma_constants(MN_LUMA_RED_5, MN_LUMA_BLUE_5);
    const int32_t step = format == MN_IMAGE_RGB888 ? 3 : 2;
    __asm("" : "+r"(line)); /* or its end would be read from flash for every four pixels */
    for (; width >= 4; width -= 4, row += 4 * step, line += 4)
    {
        *(mn_pixels *)(void *)line =
            format == MN_IMAGE_RGB888 ? mn_grey_888(luma, row) : mn_grey_565(luma, format, row);
    }
    for (; width > 0; width--, row += step)
    {
        const uint32_t grey = format == MN_IMAGE_RGB888
                                  ? mn_luma_888(luma, row[0], row[1], row[2])
                                  : mn_luma_low(luma, mn_lanes_565(luma, mn_word_565(format, row)));
        *line++ = (uint8_t)(grey >> 16);
    }
}

#endif
