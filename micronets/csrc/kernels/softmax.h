/* SPDX-License-Identifier: Apache-2.0 */
/* See softmax.c. */
#ifndef MICRONETS_SOFTMAX_H
#define MICRONETS_SOFTMAX_H

#include <stdint.h>

/* exponentials[d] is exp(-d * scale) in Q0.31, with 2^11 added, for the differences d = 0 to `last`; for larger ones it
 * is that of `last`. */
struct mn_softmax
{
    int32_t rows, channels, last;
    const uint32_t *exponentials;
};

/* `output` may be `input`. */
void mn_softmax(const struct mn_softmax *p, const int8_t *input, int8_t *output);

#endif
