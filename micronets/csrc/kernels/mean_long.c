/* SPDX-License-Identifier: Apache-2.0 */
/* The mean over more pixels than int16 lanes hold the sums of, by parts; and of two or three channels. */
#include "mean_scale.h"
#include "pixel_sums.h"

enum
{
    FEW = 3
};

static void add_lanes(int32_t *totals, struct mn_four_sums s)
{
    totals[0] += mn_low(s.even);
    totals[1] += mn_low(s.odd);
    totals[2] += mn_high(s.even);
    totals[3] += mn_high(s.odd);
}

MN_INLINE void mean(const int fast, const struct mn_mean *in_flash, const int8_t *input, int8_t *output)
{
    /* Stores could alias the description. */
    const struct mn_mean p = *in_flash;
    int32_t taken = 0;
    for (int32_t left = p.channels; left > 0; left -= taken, input += taken, output += taken)
    {
        int32_t totals[16];
        for (int32_t i = 0; i < 16; i++)
        {
            totals[i] = p.start;
        }
        taken = left >= 16 ? 16 : 4;
        if (left < 4)
        {
            /* The last four overlap the ones before. */
            input -= 4 - left;
            output -= 4 - left;
            left = 4;
        }
        const int8_t *pixel = input;
        int32_t count = 0;
        for (int32_t pixels = p.pixels; pixels > 0; pixels -= count, pixel += count * p.channels)
        {
            count = pixels < MN_LANE_PIXELS ? pixels : MN_LANE_PIXELS;
            struct mn_sixteen_sums s = {{0, 0}, {0, 0}, {0, 0}, {0, 0}};
            if (taken < 16)
            {
                mn_add_four_channels(&s.a, pixel, p.channels, count);
                add_lanes(totals, s.a);
                continue;
            }
            mn_add_sixteen_channels(&s, pixel, p.channels, count);
            add_lanes(totals, s.a);
            add_lanes(totals + 4, s.b);
            add_lanes(totals + 8, s.c);
            add_lanes(totals + 12, s.d);
        }
        for (int32_t i = 0; i < taken; i++)
        {
            output[i] = mn_scaled_mean(fast, &p, totals[i]);
        }
    }
}

void mn_mean_long_fast(const struct mn_mean *p, const int8_t *input, int8_t *output)
{
    mean(1, p, input, output);
}

void mn_mean_long_rounded(const struct mn_mean *p, const int8_t *input, int8_t *output)
{
    mean(0, p, input, output);
}

/* Four pixels of few channels are so many words; a byte belongs to the channel that its position tells. */
MN_INLINE void mean_of_few(const int fast, const struct mn_mean *p, const int8_t *input, int8_t *output)
{
    const int32_t channels = p->channels;
    int32_t totals[FEW] = {p->start, p->start, p->start}, *total = totals;
    for (int32_t word = 0; word < 4 * channels; word += 4)
    {
        const int8_t *at = input + word;
        int32_t count = 0, lanes[4] = {0, 0, 0, 0};
        for (int32_t left = p->pixels / 4; left > 0; left -= count, at += 4 * channels * count)
        {
            count = left < MN_LANE_PIXELS ? left : MN_LANE_PIXELS;
            struct mn_four_sums s = {0, 0};
            mn_add_four_channels(&s, at, 4 * channels, count);
            add_lanes(lanes, s);
        }
        for (int32_t i = 0; i < 4; i++)
        {
            *total += lanes[i];
            total = total + 1 == totals + channels ? totals : total + 1;
        }
    }
    for (int32_t i = p->pixels / 4 * 4; i < p->pixels; i++)
    {
        for (int32_t channel = 0; channel < channels; channel++)
        {
            totals[channel] += input[i * channels + channel];
        }
    }
    for (int32_t channel = 0; channel < channels; channel++)
    {
        output[channel] = mn_scaled_mean(fast, p, totals[channel]);
    }
}

void mn_mean_few_fast(const struct mn_mean *p, const int8_t *input, int8_t *output)
{
    mean_of_few(1, p, input, output);
}

void mn_mean_few_rounded(const struct mn_mean *p, const int8_t *input, int8_t *output)
{
    mean_of_few(0, p, input, output);
}
