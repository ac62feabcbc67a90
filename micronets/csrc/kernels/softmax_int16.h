/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MICRONETS_SOFTMAX_INT16_H
#define MICRONETS_SOFTMAX_INT16_H

#include "micronets_kernels.h"

/* To int16 with output scale 1/65536 and zero point -32768. */
void mn_softmax_int16(const struct mn_softmax *p, const int8_t *input, int8_t *output);

#endif
