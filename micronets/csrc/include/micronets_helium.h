/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions with Helium, the M-profile vector extension, and the same in portable C for other cores and the host.
 *
 * Two forms of requantisation, exact both. `fast`: factor and offset per channel, found by the compiler for the values
 * that can occur; the high half of the rounded product, VRMULH. `general`: TFLM's two roundings, for shifts to the right;
 * VQRDMULH rounds the product as TFLM does, halves upwards, and VRSHL of a value less its sign bit rounds halves away from
 * zero.
 */
#ifndef MICRONETS_HELIUM_H
#define MICRONETS_HELIUM_H

#include "micronets_kernels.h"

/* 1x1 convolutions, fully connected layers, patches. Per group of four output channels `stream` holds: 4 starts of the
 * accumulators; for every block of 16 inputs 16 int8 weights of each channel, zero beyond the depth; 4 factors and 4
 * offsets (fast), or 4 multipliers and 4 shifts from -31 to -1 (general). */
struct mn_helium_point
{
    int32_t depth, channels;
    int32_t zero_point, low, high; /* general form only */
    const int32_t *stream;
};

/* Any kernel, patch by patch. */
struct mn_helium_patch
{
    struct mn_helium_point point;
    struct mn_shape in;
    int32_t out_columns;
    struct mn_window window;
    int32_t input_zero_point;
};

/* 3x3 kernels. Per group of eight channels `stream` holds: 8 starts; 9 x 8 int16 weights; 8 factors, 8 offsets (fast), or 8
 * multipliers, 8 shifts (general). Of every eight words those of even channels come first, as VMULLB and VMULLT leave the
 * products. */
struct mn_helium_depthwise
{
    struct mn_shape in;
    int32_t out_rows, out_columns;
    struct mn_window window;
    int32_t input_zero_point;
    int32_t zero_point, low, high; /* general form only */
    const int32_t *stream;
};

typedef void (*mn_helium_point_kernel)(
    const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);

/* Both forms for depths of up to 16, 32, 48 and 64, and for any depth. */
void mn_helium_point_fast_1(const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);
void mn_helium_point_fast_2(const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);
void mn_helium_point_fast_3(const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);
void mn_helium_point_fast_4(const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);
void mn_helium_point_general_1(const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);
void mn_helium_point_general_2(const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);
void mn_helium_point_general_3(const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);
void mn_helium_point_general_4(const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);
void mn_helium_point_fast(const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);
void mn_helium_point_general(const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);

/* Output rows [row, row + rows); `patch`: twice `point.depth` bytes and 15; `point`: the kernel for the patches. */
void mn_helium_patch(
    const struct mn_helium_patch *p, mn_helium_point_kernel point, int32_t row, int32_t rows, const int8_t *input,
    int8_t *output, int8_t *patch);

/* Output rows [row, row + rows), from input rows that begin with the first one they read; scratch: `in.channels` bytes. */
void mn_helium_depthwise_fast(
    const struct mn_helium_depthwise *p, int32_t row, int32_t rows, const int8_t *input, int8_t *output,
    int8_t *scratch);
void mn_helium_depthwise_general(
    const struct mn_helium_depthwise *p, int32_t row, int32_t rows, const int8_t *input, int8_t *output,
    int8_t *scratch);

/* All rows; input and output are of one shape, strides and dilations 1, `pad_top` is 1. `output` may be `input`. Scratch:
 * `in.channels` bytes and two rows. */
void mn_helium_depthwise_in_place_fast(
    const struct mn_helium_depthwise *p, const int8_t *input, int8_t *output, int8_t *scratch);
void mn_helium_depthwise_in_place_general(
    const struct mn_helium_depthwise *p, const int8_t *input, int8_t *output, int8_t *scratch);

#endif
