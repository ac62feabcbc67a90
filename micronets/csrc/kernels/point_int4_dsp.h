/* SPDX-License-Identifier: Apache-2.0 */
/* 4-bit weights unpacked in assembly; see point_int4_dsp.c. */
#ifndef MICRONETS_POINT_INT4_DSP_H
#define MICRONETS_POINT_INT4_DSP_H

#include <stdint.h>

#include "micronets_dsp.h"

#if MN_DSP
/* `words` (even, more than 0) words of lanes from half as many of nibbles; returns what lies behind these. */
const int32_t *mn_unpack_lanes(const int32_t *nibbles, int32_t *lanes, int32_t words);
#endif

#endif
