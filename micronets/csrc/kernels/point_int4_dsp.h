/* SPDX-License-Identifier: Apache-2.0 */
/* The quad block in assembly; see point_int4_dsp.c. */
#ifndef MICRONETS_POINT_INT4_DSP_H
#define MICRONETS_POINT_INT4_DSP_H

#include <stdint.h>

#include "micronets_dsp.h"

#if MN_DSP
/* Accumulators [pixel][channel] of one quad for `pixels` (1 to 4) pixels; an odd number is rounded up. `words` more
 * than 0. */
void mn_quad_block(const int32_t *stream, const uint32_t *column, int32_t words, int32_t *accumulators, int32_t pixels);
#endif

#endif
