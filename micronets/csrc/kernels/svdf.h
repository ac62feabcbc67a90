/* SPDX-License-Identifier: Apache-2.0 */
/* Singular value decomposition filter: features of the input, kept for some calls, and weighed over time. */
#ifndef MICRONETS_SVDF_H
#define MICRONETS_SVDF_H

#include <stdint.h>

/* Features of four filters at a time as `four_rows.h` has them, with zeros behind the last filter; `feature_bias` holds the
 * zero point. Weights over time [filter][memory], of int16 or int8 as the state. `unit_bias` may hold the zero point of the
 * state. */
struct mn_svdf
{
    int32_t batch, inputs, filters, rank, memory;
    const int8_t *features;
    const int32_t *feature_bias;
    const int8_t *times;
    const int32_t *unit_bias;
    int32_t feature_multiplier, feature_shift, state_zero_point;
    int32_t multiplier, shift, zero_point;
};

/* input [batch][inputs], output [batch][filters / rank]; the state is [batch][filter][memory], and begins with the int32 of
 * where in it the oldest values are. */
void mn_svdf_int16(const struct mn_svdf *p, const int8_t *input, int8_t *state, int8_t *output);
void mn_svdf_int8(const struct mn_svdf *p, const int8_t *input, int8_t *state, int8_t *output);

#endif
