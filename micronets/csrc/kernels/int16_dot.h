/* SPDX-License-Identifier: Apache-2.0 */
/* Sums of int16 times int8 for two pixels and two output channels at a time. */
#ifndef MICRONETS_INT16_DOT_H
#define MICRONETS_INT16_DOT_H

#include "int16_patch.h"

struct mn_int16_sums
{
    int32_t a0, a1, b0, b1; /* channels a and b of pixels 0 and 1 */
};

/* With the products of a quad of inputs. */
MN_INLINE struct mn_int16_sums mn_int16_add_quad(
    struct mn_int16_sums sums, const int8_t *weights, const int8_t *x0, const int8_t *x1)
{
    const uint32_t a = mn_load_word(weights), b = mn_load_word(weights + 4);
    const uint32_t low0 = mn_load_word(x0), high0 = mn_load_word(x0 + 4);
    const uint32_t low1 = mn_load_word(x1), high1 = mn_load_word(x1 + 4);
    const uint32_t a_low = mn_even_bytes(a), a_high = mn_odd_bytes(a);
    const uint32_t b_low = mn_even_bytes(b), b_high = mn_odd_bytes(b);
    sums.a0 = mn_dual_mac(high0, a_high, mn_dual_mac(low0, a_low, sums.a0));
    sums.a1 = mn_dual_mac(high1, a_high, mn_dual_mac(low1, a_low, sums.a1));
    sums.b0 = mn_dual_mac(high0, b_high, mn_dual_mac(low0, b_low, sums.b0));
    sums.b1 = mn_dual_mac(high1, b_high, mn_dual_mac(low1, b_low, sums.b1));
    return sums;
}

struct mn_int16_pair
{
    int32_t a, b; /* channels a and b of one pixel */
};

/* With the products of `quads` quads of the inputs of one pixel. */
MN_INLINE struct mn_int16_pair mn_int16_pair_of(const int8_t *weights, const int8_t *x, int32_t quads)
{
    struct mn_int16_pair sums = {0, 0};
    const int8_t *end = weights + MN_QUAD_BYTES * quads;
    for (; weights < end; weights += MN_QUAD_BYTES, x += MN_QUAD_BYTES)
    {
        const uint32_t a = mn_load_word(weights), b = mn_load_word(weights + 4);
        const uint32_t low = mn_load_word(x), high = mn_load_word(x + 4);
        sums.a = mn_dual_mac(high, mn_odd_bytes(a), mn_dual_mac(low, mn_even_bytes(a), sums.a));
        sums.b = mn_dual_mac(high, mn_odd_bytes(b), mn_dual_mac(low, mn_even_bytes(b), sums.b));
    }
    return sums;
}

#endif
