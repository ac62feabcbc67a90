/* SPDX-License-Identifier: Apache-2.0 */
/* See depthwise_point.c. */
#ifndef MICRONETS_DEPTHWISE_POINT_H
#define MICRONETS_DEPTHWISE_POINT_H

#include <stdint.h>

/* `lines`: per four channels as words factors[4], constants[4] and, if stepped, steps[4]. */
struct mn_depthwise_point
{
    int32_t pixels, channels, zero_point, low, high;
    const int32_t *lines;
};

/* Clamps to int8, or to [low, high]; stepped: below zero by a step, `constants` without the zero point.
 * `output` may be `input`. */
void mn_depthwise_point(const struct mn_depthwise_point *p, const int8_t *input, int8_t *output);
void mn_depthwise_point_clamped(const struct mn_depthwise_point *p, const int8_t *input, int8_t *output);
void mn_depthwise_point_stepped(const struct mn_depthwise_point *p, const int8_t *input, int8_t *output);
void mn_depthwise_point_stepped_clamped(const struct mn_depthwise_point *p, const int8_t *input, int8_t *output);

#endif
