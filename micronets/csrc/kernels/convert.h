/* SPDX-License-Identifier: Apache-2.0 */
/* From items of one width to those of another. */
#ifndef MICRONETS_CONVERT_H
#define MICRONETS_CONVERT_H

#include <stdint.h>

/* Items of 1, 2 or 4 bytes: clamp(round((input - input_zero_point) * multiplier * 2^(shift - 31)) + zero_point) */
struct mn_convert
{
    int32_t count, input_bytes, output_bytes;
    int32_t input_zero_point, multiplier, shift, zero_point, low, high;
};

void mn_convert_scaled(const struct mn_convert *p, const int8_t *input, int8_t *output);

/* As C converts integers; the rest of the description is not read. */
void mn_cast(const struct mn_convert *p, const int8_t *input, int8_t *output);

#endif
