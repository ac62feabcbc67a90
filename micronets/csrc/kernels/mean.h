/* SPDX-License-Identifier: Apache-2.0 */
/* See mean.c. */
#ifndef MICRONETS_MEAN_H
#define MICRONETS_MEAN_H

#include <stdint.h>

/* Over `pixels` of so many channels. `start` is added to every sum. */
struct mn_mean
{
    int32_t pixels, channels;
    int32_t start, multiplier, shift, zero_point;
};

/* clamp(zero_point + sum * multiplier * 2^(shift - 31)), rounded twice. */
void mn_mean(const struct mn_mean *p, const int8_t *input, int8_t *output);
/* The others are for at most 255 pixels of a multiple of four channels; `rest`: of four channels or more.
 * fast: clamp(zero_point + round(sum * multiplier / 2^32)).
 * rounded, with a zero_point of 2^(shift - 1) + zero point * 2^shift, shift >= 1:
 * clamp((round(2 * sum * multiplier / 2^32) + zero_point - (sum < 0)) >> shift). */
void mn_mean_fast(const struct mn_mean *p, const int8_t *input, int8_t *output);
void mn_mean_rounded(const struct mn_mean *p, const int8_t *input, int8_t *output);
void mn_mean_fast_rest(const struct mn_mean *p, const int8_t *input, int8_t *output);
void mn_mean_rounded_rest(const struct mn_mean *p, const int8_t *input, int8_t *output);
/* Likewise for any number of pixels: of four channels or more, and of two or three. */
void mn_mean_long_fast(const struct mn_mean *p, const int8_t *input, int8_t *output);
void mn_mean_long_rounded(const struct mn_mean *p, const int8_t *input, int8_t *output);
void mn_mean_few_fast(const struct mn_mean *p, const int8_t *input, int8_t *output);
void mn_mean_few_rounded(const struct mn_mean *p, const int8_t *input, int8_t *output);

#endif
