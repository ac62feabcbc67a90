/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise convolution with a kernel of one tap: a line for every channel (see depthwise_point.py), whose factors stay in
 * registers for all pixels. */
#include "depthwise_point.h"
#include "bytes.h"
#include "micronets_arithmetic.h"
#include "micronets_dsp.h"
#include "micronets_kernels.h"

enum
{
    QUAD = 4
};

struct line
{
    int32_t factor, constant, step;
};

MN_INLINE int8_t value_of(int stepped, struct line line, int32_t zero, int32_t input)
{
    int32_t sum = input * line.factor + line.constant;
    if (stepped)
    {
        sum = sum - (line.step & (sum >> 31)) + zero;
    }
    return (int8_t)mn_saturate8_of(sum, MN_LINEAR_SHIFT);
}

MN_INLINE struct line line_of(int stepped, const int32_t *lines)
{
    return (struct line){lines[0], lines[QUAD], stepped ? lines[2 * QUAD] : 0};
}

/* One channel, or two of them. */
MN_INLINE void some_channels(
    int count, int stepped, const struct mn_depthwise_point *p, const int32_t *lines, const int8_t *input,
    int8_t *output)
{
    const struct line first = line_of(stepped, lines), second = line_of(stepped, lines + count - 1);
    const int32_t zero = p->zero_point * (1 << MN_LINEAR_SHIFT), channels = p->channels;
    for (int32_t pixels = p->pixels; pixels > 0; pixels--, input += channels, output += channels)
    {
        output[0] = value_of(stepped, first, zero, input[0]);
        if (count > 1)
        {
            output[1] = value_of(stepped, second, zero, input[1]);
        }
    }
}

#if MN_DSP

/* r0 to r3: factors; r4 to r7: constants; r8: input; r9: output; lr: channels. */
#define VALUE(to, byte, factor, constant)                                                                              \
    "sxtb " #to ", r10, ror #" #byte "\n"                                                                              \
    "mla " #to ", " #to ", " #factor ", " #constant "\n"                                                               \
    "ssat " #to ", #8, " #to ", asr #22\n"
/* clang-format off */
#define PIXEL                                                                                                          \
    "ldr r10, [r8]\n"                                                                                                  \
    "add r8, r8, lr\n"                                                                                                 \
    VALUE(r11, 0, r0, r4)                                                                                              \
    VALUE(r12, 8, r1, r5)                                                                                              \
    "strb r11, [r9]\n"                                                                                                 \
    "strb r12, [r9, #1]\n"                                                                                             \
    VALUE(r11, 16, r2, r6)                                                                                             \
    VALUE(r12, 24, r3, r7)                                                                                             \
    "strb r11, [r9, #2]\n"                                                                                             \
    "strb r12, [r9, #3]\n"                                                                                             \
    "add r9, r9, lr\n"
/* clang-format on */

/* All pixels of four channels, up to where the input ends; an even number. */
MN_ASSEMBLY void pairs_of_pixels(
    const int32_t *lines __attribute__((unused)), const int8_t *input __attribute__((unused)),
    int8_t *output __attribute__((unused)), int32_t channels __attribute__((unused)),
    const int8_t *end __attribute__((unused)))
{
    /* clang-format off */
    __asm volatile("push {r4-r11, lr}\n"
                   "mov r8, r1\n"
                   "mov r9, r2\n"
                   "mov lr, r3\n"
                   "ldm r0, {r0-r7}\n"
                   "1:\n"
                   PIXEL
                   PIXEL
                   "ldr r10, [sp, #36]\n"
                   "cmp r8, r10\n"
                   "bne 1b\n"
                   "pop {r4-r11, pc}\n");
    /* clang-format on */
}

MN_INLINE void four_channels(
    const struct mn_depthwise_point *p, const int32_t *lines, const int8_t *input, int8_t *output)
{
    const int32_t channels = p->channels, odd = p->pixels & 1, pairs = p->pixels - odd;
    if (odd)
    {
        for (int32_t i = 0; i < QUAD; i++)
        {
            output[i] = value_of(0, line_of(0, lines + i), 0, input[i]);
        }
        input += channels;
        output += channels;
    }
    if (pairs > 0)
    {
        pairs_of_pixels(lines, input, output, channels, input + pairs * channels);
    }
}

#endif

MN_INLINE void point(int stepped, const struct mn_depthwise_point *p, const int8_t *input, int8_t *output)
{
    const int32_t *lines = p->lines;
    int32_t left = p->channels;
    for (; left > 0; left -= QUAD, input += QUAD, output += QUAD, lines += stepped ? 3 * QUAD : 2 * QUAD)
    {
#if MN_DSP
        if (!stepped && left >= QUAD)
        {
            four_channels(p, lines, input, output);
            continue;
        }
#endif
        int32_t i = 0;
        for (; i < QUAD && i + 2 <= left; i += 2)
        {
            some_channels(2, stepped, p, lines + i, input + i, output + i);
        }
        if (i < QUAD && i < left)
        {
            some_channels(1, stepped, p, lines + i, input + i, output + i);
        }
    }
}

/* Values of int8 to [low, high]. */
MN_INLINE void clamp_all(const struct mn_depthwise_point *p, int8_t *output)
{
    const uint32_t low = mn_four_times(p->low), high = mn_four_times(p->high);
    int32_t left = p->pixels * p->channels;
    for (; left >= QUAD; left -= QUAD, output += QUAD)
    {
        mn_store_word(output, mn_min_bytes(mn_max_bytes(mn_load_word(output), low), high));
    }
    for (; left > 0; left--, output++)
    {
        *output = (int8_t)mn_clamp(*output, p->low, p->high);
    }
}

#define POINT(name, stepped, clamped)                                                                                  \
    void name(const struct mn_depthwise_point *p, const int8_t *input, int8_t *output)                                 \
    {                                                                                                                  \
        point(stepped, p, input, output);                                                                              \
        if (clamped)                                                                                                   \
        {                                                                                                              \
            clamp_all(p, output);                                                                                      \
        }                                                                                                              \
    }

POINT(mn_depthwise_point, 0, 0)
POINT(mn_depthwise_point_clamped, 0, 1)
POINT(mn_depthwise_point_stepped, 1, 0)
POINT(mn_depthwise_point_stepped_clamped, 1, 1)
