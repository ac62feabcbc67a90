/* SPDX-License-Identifier: Apache-2.0 */
/* Softmax of int8 to int16 with output scale 1/65536 and zero point -32768. */
#ifndef MICRONETS_SOFTMAX_INT16_H
#define MICRONETS_SOFTMAX_INT16_H

#include <stdint.h>

/* exponentials[d] is exp(-d * scale) in Q0.31; larger differences to the maximum count as zero */
struct mn_softmax_int16
{
    int32_t rows, channels;
    const int32_t *exponentials;
    int32_t count;
};

void mn_softmax_int16(const struct mn_softmax_int16 *p, const int8_t *input, int8_t *output);

#endif
