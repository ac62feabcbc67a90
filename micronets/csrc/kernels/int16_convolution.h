/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions of int16 with weights of int8; zero points are 0. */
#ifndef MICRONETS_INT16_CONVOLUTION_H
#define MICRONETS_INT16_CONVOLUTION_H

#include "int16_requantise.h"
#include "micronets_kernels.h"

/* Weights of two output channels at a time, quad by quad of their inputs: four bytes of the one, then of the other, each
 * in the order 0, 2, 1, 3 that SXTB16 takes apart. `direct`: patches are the input's own pixels. */
struct mn_int16_convolution
{
    struct mn_shape in, out;
    struct mn_window window;
    int32_t quads, direct;
    const int8_t *weights;
    struct mn_int16_requantisation requantisation;
};

/* Weights [kernel row][kernel column][output channel], or, with short sums, [four channels][kernel row][kernel column][4] and
 * then [remaining channel][kernel row][kernel column]; output channel c reads input channel c / multiplier. */
struct mn_int16_depthwise
{
    struct mn_shape in, out;
    struct mn_window window;
    int32_t multiplier;
    const int8_t *weights;
    struct mn_int16_requantisation requantisation;
};

/* Weights [output channel][kernel row][kernel column][input channel]. */
struct mn_int16_transposed
{
    struct mn_shape in, out;
    struct mn_window window;
    const int8_t *weights;
    struct mn_int16_requantisation requantisation;
};

/* `scratch` holds two patches of `quads` times 8 bytes, where they are not direct. */
void mn_int16_convolution(const struct mn_int16_convolution *p, const int8_t *input, int8_t *output, int8_t *scratch);
void mn_int16_depthwise(const struct mn_int16_depthwise *p, const int8_t *input, int8_t *output);

/* The same with sums in 32 bits (mn_int16_requantise_short); the depthwise one with a multiplier of 1. */
void mn_int16_convolution_short(
    const struct mn_int16_convolution *p, const int8_t *input, int8_t *output, int8_t *scratch);
void mn_int16_depthwise_short(const struct mn_int16_depthwise *p, const int8_t *input, int8_t *output);

void mn_int16_transposed(const struct mn_int16_transposed *p, const int8_t *input, int8_t *output);

#endif
