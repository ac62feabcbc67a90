/* SPDX-License-Identifier: Apache-2.0 */
/* Activations of 16 levels, two in a byte.
 *
 * Four values after one another take two bytes: the first two lie in the low nibbles, the other two in the high ones, as
 * what they are above the least value, `least`.
 */
#ifndef MICRONETS_NIBBLES_H
#define MICRONETS_NIBBLES_H

#include <stdint.h>

#include "bytes.h"
#include "micronets_kernels.h"

#define MN_LOW_NIBBLES 0x0F0F0F0FU
#define MN_SIGNS 0x80808080U

enum
{
    MN_NIBBLE_GROUP = 4
};

/* Of any number of channels, a multiple of 4: `slice` describes four of them, whose values lie side by side where they
 * are unpacked; `read_bytes` and `made_bytes` of scratch take all their inputs and outputs, 0 where these are no nibbles. */
struct mn_depthwise_3x3_nibbles
{
    struct mn_depthwise_3x3 slice;
    int32_t channels, slice_words;
    int32_t input_pixels, output_pixels;
    int32_t input_least, output_least;
    int32_t read_bytes, made_bytes;
};

/* 1x1 convolution: of 4-bit weights in the form FAST, offsets to nibbles have the least output subtracted, and `output_least`
 * is 0. `group_words` of the stream belong to four output channels, and `pair_words` of scratch take a pair. */
struct mn_point_nibbles
{
    struct mn_point point;
    int32_t group_words, pair_words;
    int32_t input_packed, output_packed;
    int32_t input_least, output_least;
};

/* Four values of two bytes. */
MN_INLINE uint32_t mn_values_of_nibbles(uint32_t half, uint32_t above)
{
    return mn_add_bytes((half | half << 12) & MN_LOW_NIBBLES, above);
}

/* Nibbles of four values, one in each byte; `above` is the least value with its sign inverted, in every byte. */
MN_INLINE uint32_t mn_clamped_nibbles(uint32_t values, uint32_t above)
{
    const uint32_t from_zero = mn_saturating_subtract_bytes(values ^ MN_SIGNS, above);
    return mn_saturating_add_bytes(from_zero, ~MN_LOW_NIBBLES) & MN_LOW_NIBBLES;
}

/* `count` values, a multiple of 4. */
void mn_unpack_nibbles(int32_t least, int32_t count, const int8_t *nibbles, int8_t *values);
/* Clamps them to [least, least + 15] on the way. */
void mn_pack_nibbles(int32_t least, int32_t count, const int8_t *values, int8_t *nibbles);
/* Clamps them to [least, least + 15]; `values` has room for whole words. */
void mn_clamp_levels(int32_t least, int32_t count, int8_t *values);
/* Scratch: what the description says, and two planes. `output` may be `input` where both are nibbles and its pixels no more. */
void mn_depthwise_3x3_nibbles(
    const struct mn_depthwise_3x3_nibbles *p, const int8_t *input, int8_t *output, int8_t *scratch);
/* Scratch: columns of all blocks, a pair, and 4 bytes per pixel of an output in nibbles. Forms as for mn_point_fast. */
void mn_point_nibbles_fast(
    const struct mn_point_nibbles *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch);
void mn_point_nibbles_rounded(
    const struct mn_point_nibbles *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch);
void mn_point_nibbles_int4_fast(
    const struct mn_point_nibbles *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch);
void mn_point_nibbles_int4_rounded(
    const struct mn_point_nibbles *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch);
/* Pools of inputs in nibbles, of a multiple of 4 channels; outputs are bytes. */
void mn_average_pool_nibbles(const struct mn_pool *p, int32_t least, const int8_t *input, int8_t *output);
void mn_max_pool_nibbles(const struct mn_pool *p, int32_t least, const int8_t *input, int8_t *output);

#endif
