/* SPDX-License-Identifier: Apache-2.0 */
/* 1x1 convolution of inputs in nibbles with 4-bit weights: one multiply for two output channels.
 *
 * Inputs are taken as what they are above their least value, 0 to 15. A lane holds 4096 a + b for the weights a and b of one
 * input, so that lanes times inputs add up to 4096 A + B. The low 12 bits of the accumulator are B + 2048 as long as B lies
 * in [-2048, 2047]: after every `chunk_words` words, by when the compiler has seen to it that it does, they move to a sum of
 * their own. The accumulator wraps; A lies in [-2^19, 2^19).
 *
 * Output channels come in fours, two pairs (a, b). A column holds four pixels' inputs as int16 lanes, words interleaved by
 * pixel; of eight inputs the words are (0, 4), (2, 6), (1, 5) and (3, 7), of the last four, where they are left, (0, 1) and
 * (2, 3). A stream holds, per four channels, as words:
 *   heads[4]: start of the accumulator << 12 | offset as 12 bits; starts of b have 2048 less for every chunk
 *   nibbles[words]: the first pair's lanes in bits 0 to 3, 12 to 15, 16 to 19 and 28 to 31; the second one's when turned right
 *     by 8 bits. An a is in two's complement, a b has 8 added to it.
 *   factors[4]
 * Requantisation has the form FAST, and offsets to nibbles have the least output subtracted; or it is TFLM's own, to bytes:
 * then the 12 bits hold the shift, and factors are multipliers.
 */
#ifndef MICRONETS_POINT_FIELDS_H
#define MICRONETS_POINT_FIELDS_H

#include <stdint.h>

enum
{
    MN_FIELDS_CHANNELS = 4,
    MN_FIELD_BITS = 12,
    /* Chunks end where unrolled steps do, counted from the end of a column. */
    MN_FIELDS_STEPS = 16
};

enum mn_fields_output
{
    MN_FIELDS_BYTES,
    MN_FIELDS_NIBBLES,
    /* Bytes, requantised as TFLM does. */
    MN_FIELDS_ROUNDED
};

/* `words` (even) of a column per pixel; `chunk_words` a multiple of 16; `blocks` of four pixels at a time. */
struct mn_point_fields
{
    int32_t depth, words, chunk_words, channels, blocks;
    /* An enum mn_fields_output. */
    int32_t made;
    int32_t zero_point;
    const int32_t *stream;
};

/* Scratch: columns of all blocks, 2 words of lanes for every word of a pixel's column, and 2 words that may be read. */
void mn_point_fields(
    const struct mn_point_fields *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch);
/* Where no nibbles are made. */
void mn_point_fields_to_bytes(
    const struct mn_point_fields *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch);

/* clamp((high32_rounded((acc << left) * multiplier) + constant + (acc < 0 ? sign : 0)) >> right) */
struct mn_fields_scale
{
    int32_t multiplier, constant, right, sign;
};

/* Four channels of `count` columns (more than 0), whose pixels' outputs lie `pixel_bytes` apart. */
struct mn_fields
{
    const uint32_t *columns;
    const uint32_t *lanes;
    int32_t words, chunk_words, count;
    int8_t *output;
    int32_t pixel_bytes, made;
    int32_t starts[2], starts_b[2];
    /* Factors of a and b, then offsets, of the first pair, then of the second one. */
    int32_t scales[8];
    /* Of the four channels, where they are rounded: shifts to the left, and the rest. */
    int32_t lefts[4];
    struct mn_fields_scale rounded[4];
};

void mn_fields_columns(const struct mn_fields *call);
/* `words` words of nibbles to twice as many of lanes, the two pairs' in turns; returns what lies behind them. */
const int32_t *mn_unpack_fields(const int32_t *nibbles, uint32_t *lanes, int32_t words);

#endif
