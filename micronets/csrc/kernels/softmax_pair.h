/* SPDX-License-Identifier: Apache-2.0 */
/* See softmax_pair.c. */
#ifndef MICRONETS_SOFTMAX_PAIR_H
#define MICRONETS_SOFTMAX_PAIR_H

#include <stdint.h>

/* pairs[d]: the larger one's output and, in the upper byte, the other one's, for differences d = 0 to `last`; for larger
 * ones it is that of `last`. */
struct mn_softmax_pair
{
    int32_t rows, last;
    const uint16_t *pairs;
};

/* `output` may be `input`. */
void mn_softmax_pair(const struct mn_softmax_pair *p, const int8_t *input, int8_t *output);

#endif
