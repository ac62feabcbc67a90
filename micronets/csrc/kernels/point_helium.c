/* SPDX-License-Identifier: Apache-2.0 */
/* 1x1 convolutions, fully connected layers and patches with Helium: two pixels share the loads of weights. */
#include "point_helium.h"

#if defined(__ARM_FEATURE_MVE)

/* Pairs first where there are any, then what is left. */
#define SHORT_DEPTH(suffix)                                                                                            \
    void mn_helium_point_##suffix(                                                                                     \
        const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output)                          \
    {                                                                                                                  \
        if (!(p->channels & 3) && pixels > 1)                                                                          \
        {                                                                                                              \
            mn_helium_pairs_##suffix(p, pixels >> 1, input, output);                                                   \
            if (!(pixels & 1))                                                                                         \
            {                                                                                                          \
                return;                                                                                                \
            }                                                                                                          \
            input += (pixels - 1) * p->depth;                                                                          \
            output += (pixels - 1) * p->channels;                                                                      \
            pixels = 1;                                                                                                \
        }                                                                                                              \
        mn_helium_pixels_##suffix(p, pixels, input, output);                                                           \
    }
#define ANY_DEPTH(suffix)                                                                                              \
    void mn_helium_point_##suffix(                                                                                     \
        const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output)                          \
    {                                                                                                                  \
        const int32_t paired = p->channels & 3 ? 0 : pixels & ~1;                                                      \
        if (paired > 0)                                                                                                \
        {                                                                                                              \
            mn_helium_pairs_##suffix(p, paired >> 1, input, output);                                                   \
        }                                                                                                              \
        input += paired * p->depth;                                                                                    \
        output += paired * p->channels;                                                                                \
        if (pixels - paired == 1 && !(p->channels & 3) && !(p->depth & 15))                                            \
        {                                                                                                              \
            mn_helium_whole_##suffix(p, input, output);                                                                \
            return;                                                                                                    \
        }                                                                                                              \
        mn_helium_pixels_##suffix(p, pixels - paired, input, output);                                                  \
    }

SHORT_DEPTH(fast_1)
SHORT_DEPTH(fast_2)
SHORT_DEPTH(fast_3)
SHORT_DEPTH(fast_4)
ANY_DEPTH(fast)
SHORT_DEPTH(general_1)
SHORT_DEPTH(general_2)
SHORT_DEPTH(general_3)
SHORT_DEPTH(general_4)
ANY_DEPTH(general)

#else

#include "helium_round.h"

#include <string.h>

static void multiply(const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output, int is_fast)
{
    const int32_t depth = p->depth, channels = p->channels, blocks = (depth + 15) / 16;
    for (; pixels > 0; pixels--, input += depth, output += channels)
    {
        const int32_t *stream = p->stream;
        for (int32_t channel = 0; channel < channels; channel += 4, stream += 4 + 16 * blocks + 8)
        {
            const int32_t *round = stream + 4 + 16 * blocks;
            for (int32_t lane = 0; lane < 4 && channel + lane < channels; lane++)
            {
                const int8_t *w = (const int8_t *)(stream + 4) + 16 * lane;
                uint32_t acc = (uint32_t)stream[lane];
                for (int32_t i = 0; i < depth; i++)
                {
                    acc += (uint32_t)(input[i] * w[i / 16 * 64 + i % 16]);
                }
                if (is_fast)
                {
                    output[channel + lane] = mn_helium_fast((int32_t)acc, round[lane], round[4 + lane]);
                    continue;
                }
                const int32_t twice = mn_helium_twice_rounded((int32_t)acc, round[lane], round[4 + lane]);
                output[channel + lane] = (int8_t)mn_helium_clamp(twice + p->zero_point, p->low, p->high);
            }
        }
    }
}

/* A pixel is written after it has been read. */
#define SHORT(name, blocks, is_fast)                                                                                   \
    void name(const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output)                    \
    {                                                                                                                  \
        int8_t pixel[16 * blocks];                                                                                     \
        for (; pixels > 0; pixels--, input += p->depth, output += p->channels)                                         \
        {                                                                                                              \
            memcpy(pixel, input, (size_t)p->depth);                                                                    \
            multiply(p, 1, pixel, output, is_fast);                                                                    \
        }                                                                                                              \
    }

SHORT(mn_helium_point_fast_1, 1, 1)
SHORT(mn_helium_point_fast_2, 2, 1)
SHORT(mn_helium_point_fast_3, 3, 1)
SHORT(mn_helium_point_fast_4, 4, 1)
SHORT(mn_helium_point_general_1, 1, 0)
SHORT(mn_helium_point_general_2, 2, 0)
SHORT(mn_helium_point_general_3, 3, 0)
SHORT(mn_helium_point_general_4, 4, 0)

void mn_helium_point_fast(const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output)
{
    multiply(p, pixels, input, output, 1);
}

void mn_helium_point_general(const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output)
{
    multiply(p, pixels, input, output, 0);
}

#endif
