/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels of int8 networks: TensorFlow Lite Micro's reference arithmetic, bit for bit, without malloc, libm or floats.
 *
 * Tensors are [rows][columns][channels], batch 1. Every kernel takes a constant description `p`, which the compiler
 * writes, and pointers into the arena. A kernel writes `output` and `scratch` only, and reads nothing outside its
 * inputs. Sizes are positive; zero points and bounds are int8 values held in int32.
 */
#ifndef MICRONETS_KERNELS_H
#define MICRONETS_KERNELS_H

#include <stdint.h>

#include "micronets_config.h"

struct mn_shape
{
    int32_t rows, columns, channels;
};

/* How a kernel slides over its input. Padding counts what lies before the first row and column. */
struct mn_window
{
    int32_t rows, columns;
    int32_t row_stride, column_stride;
    int32_t row_dilation, column_dilation;
    int32_t pad_top, pad_left;
};

/* acc -> clamp(round(acc * multipliers[c] * 2^(shifts[c] - 31)) + zero_point, low, high), rounded twice. */
struct mn_requantisation
{
    const int32_t *multipliers;
    const int8_t *shifts;
    int32_t zero_point, low, high;
};

/* weights [output channel][kernel row][kernel column][input channel] */
struct mn_convolution
{
    struct mn_shape in, out;
    struct mn_window window;
    const int8_t *weights;
    const int32_t *bias;
    int32_t input_zero_point;
    struct mn_requantisation requantisation;
};

/* weights [kernel row][kernel column][output channel]; output channel c reads input channel c / multiplier */
struct mn_depthwise_convolution
{
    struct mn_shape in, out;
    struct mn_window window;
    int32_t multiplier;
    const int8_t *weights;
    const int32_t *bias;
    int32_t input_zero_point;
    struct mn_requantisation requantisation;
};

/* Depthwise convolution by quads of channels, `stream` as depthwise.c describes; `weight_bits` 8 or 4. */
struct mn_depthwise
{
    struct mn_shape in, out;
    struct mn_window window;
    int32_t multiplier, weight_bits;
    int32_t input_zero_point, zero_point, low, high;
    const int32_t *stream;
};

/* 1x1 convolution; `words` int16 pairs per pixel and channel pair, `stream` as point_block.h describes. `blocks` times four
 * pixels at a time. */
struct mn_point
{
    int32_t depth, words, channels, blocks;
    int32_t zero_point, low, high;
    const int32_t *stream;
};

/* Convolution with any kernel as a point convolution of its patches. `point.depth` inputs per patch. */
struct mn_patch
{
    struct mn_point point;
    struct mn_shape in;
    int32_t out_columns;
    struct mn_window window;
    int32_t input_zero_point;
};

struct mn_depthwise_3x3;

/* Sweeps `lines` lines of outputs of one channel over its plane; returns the stream behind the channel. */
typedef const int32_t *mn_sweep(
    const struct mn_depthwise_3x3 *p, int32_t lines, const uint32_t *plane, const int32_t *stream, int8_t *output);

/* See depthwise_3x3.h. Strides in bytes; `pad_inner` and `pad_outer` 0 or 1; `band` lines of outputs at a time. */
struct mn_depthwise_3x3
{
    mn_sweep *sweep;
    int32_t stride, pitch_words;
    int32_t channels;
    int32_t inputs_inner, inputs_outer, outputs_inner, outputs_outer;
    int32_t input_inner_stride, input_outer_stride, output_inner_stride, output_outer_stride;
    int32_t pad_inner, pad_outer;
    int32_t band, plane_words;
    int32_t input_zero_point, output_zero_point, low, high;
    const int32_t *stream;
};

struct mn_pool
{
    struct mn_shape in, out;
    struct mn_window window;
    int32_t low, high;
};

/* An input's stride is 0 along a side it is broadcast over. */
struct mn_binary_input
{
    int32_t row_stride, column_stride, channel_stride;
    int32_t zero_point, multiplier, shift;
};

struct mn_binary
{
    struct mn_shape out;
    struct mn_binary_input first, second;
    int32_t multiplier, shift, zero_point, low, high;
};

/* ((q - zero_point) << left_shift) * multiplier / 2^32, rounded, then / 2^right_shift, rounded by half = 2^(r - 1). */
struct mn_addend
{
    int32_t zero_point, left_shift, multiplier, half, right_shift;
};

/* constant = 2^(shift - 1) + zero_point * 2^shift */
struct mn_add_same
{
    int32_t count;
    struct mn_addend first, second;
    int32_t multiplier, constant, shift, low, high;
};

enum
{
    MN_LINEAR_SHIFT = 22
};

/* clamp((first * first_factor + second * second_factor + constant) >> shift, low, high); the sum, and every part of it,
 * fits int32 */
struct mn_add_linear
{
    int32_t count;
    int32_t first_factor, second_factor, constant, shift;
    int32_t low, high;
};

struct mn_pad
{
    struct mn_shape in, out;
    int32_t rows_before, columns_before, channels_before;
    int32_t zero_point;
};

/* Copies `count` blocks of `block_bytes`, the output's blocks lying `output_stride` apart. */
struct mn_copy
{
    int32_t count, block_bytes, output_stride;
};

struct mn_resize
{
    struct mn_shape out;
    int32_t in_columns;
    const uint16_t *rows, *columns;
};

void mn_convolution(const struct mn_convolution *p, const int8_t *input, int8_t *output);
void mn_depthwise_convolution(const struct mn_depthwise_convolution *p, const int8_t *input, int8_t *output);
/* Scratch: a word per tap. fast, rounded: clamp to int8; clamped, general: to [low, high]. */
void mn_depthwise_fast(const struct mn_depthwise *p, const int8_t *input, int8_t *output, int8_t *scratch);
void mn_depthwise_rounded(const struct mn_depthwise *p, const int8_t *input, int8_t *output, int8_t *scratch);
void mn_depthwise_clamped(const struct mn_depthwise *p, const int8_t *input, int8_t *output, int8_t *scratch);
void mn_depthwise_general(const struct mn_depthwise *p, const int8_t *input, int8_t *output, int8_t *scratch);
/* The window is that of the convolution from `out` to `in`. */
void mn_transposed_convolution(const struct mn_convolution *p, const int8_t *input, int8_t *output);
/* All lines. Scratch: two planes. `output` may be `input`, or lie below it by what a band reads again. */
void mn_depthwise_3x3(const struct mn_depthwise_3x3 *p, const int8_t *input, int8_t *output, int8_t *scratch);
/* Output lines [line, line + lines); `input` begins with the first input line that they read. */
void mn_depthwise_3x3_band(
    const struct mn_depthwise_3x3 *p, int32_t line, int32_t lines, const int8_t *input, int8_t *output,
    int8_t *scratch);
/* Scratch: 16 bytes per word of depth and block, word-aligned, and 4 per word for more than one block. `output` may overlap `input` where the plan keeps
 * input - output >= the distance at which only pixels already read are overwritten.
 * fast, rounded: clamp to int8; clamped, general: to [low, high]. */
void mn_point_fast(const struct mn_point *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch);
void mn_point_rounded(const struct mn_point *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch);
void mn_point_clamped(const struct mn_point *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch);
void mn_point_general(const struct mn_point *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch);
/* The same for sums beyond 24 bits, `stream` as point_deep.h describes; `blocks` is 1. */
void mn_point_deep(const struct mn_point *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch);
/* The same for weights of 4 bits, `stream` as point_int4.h describes. */
void mn_point_int4_fast(const struct mn_point *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch);
void mn_point_int4_shifted(
    const struct mn_point *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch);
void mn_point_int4_rounded(
    const struct mn_point *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch);
void mn_point_int4_clamped(
    const struct mn_point *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch);
void mn_point_int4_general(
    const struct mn_point *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch);
/* The same for at most three pixels. */
void mn_point_int4_few_fast(
    const struct mn_point *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch);
void mn_point_int4_few_shifted(
    const struct mn_point *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch);
void mn_point_int4_few_rounded(
    const struct mn_point *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch);
void mn_point_int4_few_clamped(
    const struct mn_point *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch);
void mn_point_int4_few_general(
    const struct mn_point *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch);
/* One pixel; `depth` a multiple of 4, `stream` as dense.c describes. Forms as above. */
void mn_dense_fast(const struct mn_point *p, const int8_t *input, int8_t *output);
void mn_dense_rounded(const struct mn_point *p, const int8_t *input, int8_t *output);
/* Rounded, all channels of one scale. */
void mn_dense_uniform(const struct mn_point *p, const int8_t *input, int8_t *output);
void mn_dense_clamped(const struct mn_point *p, const int8_t *input, int8_t *output);
void mn_dense_general(const struct mn_point *p, const int8_t *input, int8_t *output);
void mn_dense_deep(const struct mn_point *p, const int8_t *input, int8_t *output);
/* Rows [row, row + rows) of the output; `input` is the whole input, `output` where the first of those rows begins.
 * Scratch: that of the point convolution and four patches in whole words. Forms as above. */
void mn_patch_fast(
    const struct mn_patch *p, int32_t row, int32_t rows, const int8_t *input, int8_t *output, int8_t *scratch);
void mn_patch_rounded(
    const struct mn_patch *p, int32_t row, int32_t rows, const int8_t *input, int8_t *output, int8_t *scratch);
void mn_patch_clamped(
    const struct mn_patch *p, int32_t row, int32_t rows, const int8_t *input, int8_t *output, int8_t *scratch);
void mn_patch_general(
    const struct mn_patch *p, int32_t row, int32_t rows, const int8_t *input, int8_t *output, int8_t *scratch);
void mn_patch_deep(
    const struct mn_patch *p, int32_t row, int32_t rows, const int8_t *input, int8_t *output, int8_t *scratch);
void mn_patch_int4_fast(
    const struct mn_patch *p, int32_t row, int32_t rows, const int8_t *input, int8_t *output, int8_t *scratch);
void mn_patch_int4_shifted(
    const struct mn_patch *p, int32_t row, int32_t rows, const int8_t *input, int8_t *output, int8_t *scratch);
void mn_patch_int4_rounded(
    const struct mn_patch *p, int32_t row, int32_t rows, const int8_t *input, int8_t *output, int8_t *scratch);
void mn_patch_int4_clamped(
    const struct mn_patch *p, int32_t row, int32_t rows, const int8_t *input, int8_t *output, int8_t *scratch);
void mn_patch_int4_general(
    const struct mn_patch *p, int32_t row, int32_t rows, const int8_t *input, int8_t *output, int8_t *scratch);
void mn_average_pool(const struct mn_pool *p, const int8_t *input, int8_t *output);
void mn_max_pool(const struct mn_pool *p, const int8_t *input, int8_t *output);
/* `output` may be the same memory as an input that is not broadcast. */
void mn_add(const struct mn_binary *p, const int8_t *first, const int8_t *second, int8_t *output);
/* Tensors of one shape; `output` may be either input. */
void mn_add_same(const struct mn_add_same *p, const int8_t *first, const int8_t *second, int8_t *output);
/* The same; clamps to int8, or to [low, high]. `shift` is MN_LINEAR_SHIFT but in those called shifted. */
void mn_add_linear(const struct mn_add_linear *p, const int8_t *first, const int8_t *second, int8_t *output);
void mn_add_linear_clamped(const struct mn_add_linear *p, const int8_t *first, const int8_t *second, int8_t *output);
void mn_add_linear_shifted(const struct mn_add_linear *p, const int8_t *first, const int8_t *second, int8_t *output);
void mn_add_linear_shifted_clamped(
    const struct mn_add_linear *p, const int8_t *first, const int8_t *second, int8_t *output);
void mn_multiply(const struct mn_binary *p, const int8_t *first, const int8_t *second, int8_t *output);
/* output[i] = table[input[i] + 128]; `output` may be `input`. */
void mn_lookup(const int8_t *table, int32_t count, const int8_t *input, int8_t *output);
void mn_pad(const struct mn_pad *p, const int8_t *input, int8_t *output);
void mn_copy(const struct mn_copy *p, const int8_t *input, int8_t *output);
/* Copies to lower addresses; the two may overlap. */
void mn_move_down(int8_t *to, const int8_t *from, int32_t count);
void mn_resize_nearest(const struct mn_resize *p, const int8_t *input, int8_t *output);

#endif
