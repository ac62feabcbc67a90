/* SPDX-License-Identifier: Apache-2.0 */
/* The mean over all rows and columns. */
#include "mean_scale.h"
#include "micronets_arithmetic.h"
#include "pixel_sums.h"
#include "small.h"

/* Not inlined: five times its size would not pay. */
static __attribute__((noinline)) int8_t scaled(const struct mn_mean *p, int32_t sum)
{
    const int32_t mean = mn_multiply_quantised(sum, p->multiplier, p->shift);
    return (int8_t)mn_clamp(mn_wrapping_add(mean, p->zero_point), INT8_MIN, INT8_MAX);
}

void mn_mean(const struct mn_mean *p, const int8_t *input, int8_t *output)
{
    const int32_t channels = p->channels;
    int32_t channel = 0;
    for (; p->pixels <= MN_LANE_PIXELS && channel + 4 <= channels; channel += 4, output += 4)
    {
        struct mn_four_sums s = {0, 0};
        mn_add_four_channels(&s, input + channel, channels, p->pixels);
        output[0] = scaled(p, p->start + mn_low(s.even));
        output[1] = scaled(p, p->start + mn_low(s.odd));
        output[2] = scaled(p, p->start + mn_high(s.even));
        output[3] = scaled(p, p->start + mn_high(s.odd));
    }
    for (; channel < channels; channel++)
    {
        int32_t sum = p->start;
        const int8_t *pixel = input + channel;
        for (int32_t i = 0; i < p->pixels; i++, pixel += channels)
        {
            sum += *pixel;
        }
        *output++ = scaled(p, sum);
    }
}

/* `rest`: whether the channels are no multiple of four. */
MN_INLINE void mean(int fast, int rest, const struct mn_mean *in_flash, const int8_t *input, int8_t *output)
{
    /* Stores could alias the description. */
    const struct mn_mean p = *in_flash;
    int32_t words = 0;
    for (int32_t left = p.channels; left > 0; left -= 4 * words, input += 4 * words)
    {
        struct mn_four_sums sums[4];
        if (rest && left < 4)
        {
            /* The last four overlap the ones before. */
            input -= 4 - left;
            output -= 4 - left;
            left = 4;
        }
        if (left >= 16)
        {
            struct mn_sixteen_sums s = {{0, 0}, {0, 0}, {0, 0}, {0, 0}};
            mn_add_sixteen_channels(&s, input, p.channels, p.pixels);
            sums[0] = s.a;
            sums[1] = s.b;
            sums[2] = s.c;
            sums[3] = s.d;
            words = 4;
        }
        else
        {
            struct mn_four_sums s = {0, 0};
            mn_add_four_channels(&s, input, p.channels, p.pixels);
            sums[0] = s;
            words = 1;
        }
        for (int32_t i = 0; i < words; i++, output += 4)
        {
            output[0] = mn_scaled_mean(fast, &p, p.start + mn_low(sums[i].even));
            output[1] = mn_scaled_mean(fast, &p, p.start + mn_low(sums[i].odd));
            output[2] = mn_scaled_mean(fast, &p, p.start + mn_high(sums[i].even));
            output[3] = mn_scaled_mean(fast, &p, p.start + mn_high(sums[i].odd));
        }
    }
}

MN_SMALL void mn_mean_fast(const struct mn_mean *p, const int8_t *input, int8_t *output)
{
    mean(1, 0, p, input, output);
}

MN_SMALL void mn_mean_rounded(const struct mn_mean *p, const int8_t *input, int8_t *output)
{
    mean(0, 0, p, input, output);
}

void mn_mean_fast_rest(const struct mn_mean *p, const int8_t *input, int8_t *output)
{
    mean(1, 1, p, input, output);
}

void mn_mean_rounded_rest(const struct mn_mean *p, const int8_t *input, int8_t *output)
{
    mean(0, 1, p, input, output);
}
