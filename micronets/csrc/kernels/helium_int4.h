/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions with 4-bit weights on Helium, and the same in portable C. */
#ifndef MICRONETS_HELIUM_INT4_H
#define MICRONETS_HELIUM_INT4_H

#include "micronets_helium.h"

/* 1x1 convolutions and patches, as mn_helium_point_fast and its like; `rest` where channels come in no whole groups of four.
 * Per group `stream` holds: for every block of 16 inputs, zero beyond the depth, 16 bytes of the weights of two channels and
 * 16 of the other two, each byte the first channel's weight and sixteen times the second's; 4 starts, as all
 * accumulators sixteen times what they stand for; 4 factors or multipliers; 4 offsets or shifts, of int8 (`wide`:
 * offsets of int16). */
void mn_helium_point_int4_fast_1(const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);
void mn_helium_point_int4_fast_2(const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);
void mn_helium_point_int4_fast_3(const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);
void mn_helium_point_int4_fast_4(const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);
void mn_helium_point_int4_fast(const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);
void mn_helium_point_int4_fast_rest_1(
    const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);
void mn_helium_point_int4_fast_rest_2(
    const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);
void mn_helium_point_int4_fast_rest_3(
    const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);
void mn_helium_point_int4_fast_rest_4(
    const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);
void mn_helium_point_int4_fast_rest(
    const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);
void mn_helium_point_int4_wide_1(const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);
void mn_helium_point_int4_wide_2(const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);
void mn_helium_point_int4_wide_3(const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);
void mn_helium_point_int4_wide_4(const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);
void mn_helium_point_int4_wide(const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);
void mn_helium_point_int4_wide_rest_1(
    const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);
void mn_helium_point_int4_wide_rest_2(
    const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);
void mn_helium_point_int4_wide_rest_3(
    const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);
void mn_helium_point_int4_wide_rest_4(
    const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);
void mn_helium_point_int4_wide_rest(
    const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);
void mn_helium_point_int4_general_1(
    const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);
void mn_helium_point_int4_general_2(
    const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);
void mn_helium_point_int4_general_3(
    const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);
void mn_helium_point_int4_general_4(
    const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);
void mn_helium_point_int4_general(const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);
void mn_helium_point_int4_general_rest_1(
    const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);
void mn_helium_point_int4_general_rest_2(
    const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);
void mn_helium_point_int4_general_rest_3(
    const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);
void mn_helium_point_int4_general_rest_4(
    const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);
void mn_helium_point_int4_general_rest(
    const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);

/* 3x3 kernels, channels in whole groups of four. Per sixteen channels `stream` holds: four times 16 bytes of the weights of
 * two taps, the first one's in the low nibbles; 16 of the ninth tap, one each; 16 int16 starts, of even channels and of odd
 * ones; 16 factors, of every fourth channel from the first, third, second and fourth one on; 16 int16 offsets in that order.
 * Sums of products and start fit int16, and are multiplied sixteen times as large. Else as mn_helium_depthwise_fast and mn_helium_depthwise_in_place_fast. */
void mn_helium_depthwise_int4(
    const struct mn_helium_depthwise *p, int32_t row, int32_t rows, const int8_t *input, int8_t *output,
    int8_t *scratch);
void mn_helium_depthwise_in_place_int4(
    const struct mn_helium_depthwise *p, const int8_t *input, int8_t *output, int8_t *scratch);

#endif
