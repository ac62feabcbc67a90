/* SPDX-License-Identifier: Apache-2.0 */
/* Sums of int16 times int8 for the four gates of a unit. */
#ifndef MICRONETS_INT16_LSTM_QUADS_H
#define MICRONETS_INT16_LSTM_QUADS_H

#include "lstm_steps.h"

struct mn_lstm_sums
{
    int32_t a, b, c, d; /* input, forget, cell, output */
};

MN_INLINE int32_t mn_lstm_add_quad(const int8_t *weights, uint32_t low, uint32_t high, int32_t sum)
{
    const uint32_t w = mn_load_word(weights);
    return mn_dual_mac(high, mn_odd_bytes(w), mn_dual_mac(low, mn_even_bytes(w), sum));
}

/* With the products of `quads` times four inputs. */
MN_INLINE struct mn_lstm_sums mn_lstm_add_quads(
    struct mn_lstm_sums s, const int8_t *weights, const int8_t *items, int32_t quads)
{
    for (; quads > 0; quads--, items += 8, weights += 16)
    {
        const uint32_t low = mn_load_word(items), high = mn_load_word(items + 4);
        s.a = mn_lstm_add_quad(weights, low, high, s.a);
        s.b = mn_lstm_add_quad(weights + 4, low, high, s.b);
        s.c = mn_lstm_add_quad(weights + 8, low, high, s.c);
        s.d = mn_lstm_add_quad(weights + 12, low, high, s.d);
    }
    return s;
}

#endif
