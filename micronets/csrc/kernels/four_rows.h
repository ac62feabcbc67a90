/* SPDX-License-Identifier: Apache-2.0 */
/* Sums of four rows of weights times the same inputs of int8. */
#ifndef MICRONETS_FOUR_ROWS_H
#define MICRONETS_FOUR_ROWS_H

#include "micronets_dsp.h"

MN_INLINE int32_t mn_add_four(const int8_t *weights, uint32_t even, uint32_t odd, int32_t sum)
{
    const uint32_t w = mn_load_word(weights);
    return mn_dual_mac(odd, mn_odd_bytes(w), mn_dual_mac(even, mn_even_bytes(w), sum));
}

/* Weights [quad of inputs][row][4], and behind the quads [remaining input][row]; a bias for each row. */
MN_INLINE void mn_four_rows(
    const int8_t *weights, const int8_t *items, int32_t depth, const int32_t *bias, int32_t *sums)
{
    int32_t a = bias[0], b = bias[1], c = bias[2], d = bias[3];
    for (; depth >= 4; depth -= 4, items += 4, weights += 16)
    {
        const uint32_t x = mn_load_word(items), even = mn_even_bytes(x), odd = mn_odd_bytes(x);
        a = mn_add_four(weights, even, odd, a);
        b = mn_add_four(weights + 4, even, odd, b);
        c = mn_add_four(weights + 8, even, odd, c);
        d = mn_add_four(weights + 12, even, odd, d);
    }
    for (; depth > 0; depth--, items++, weights += 4)
    {
        a = mn_wrap_add(a, *items * weights[0]);
        b = mn_wrap_add(b, *items * weights[1]);
        c = mn_wrap_add(c, *items * weights[2]);
        d = mn_wrap_add(d, *items * weights[3]);
    }
    sums[0] = a;
    sums[1] = b;
    sums[2] = c;
    sums[3] = d;
}

#endif
