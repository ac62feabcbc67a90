/* SPDX-License-Identifier: Apache-2.0 */
/* With sums that fit 32 bits, and multipliers that give the value of a sum when divided by 2^32. */
#include "int16_lstm_quads.h"

static void sum_short(const struct mn_lstm_part *p, int32_t unit, const int8_t *items, int32_t *sums)
{
    const int8_t *weights = p->weights + MN_LSTM_GATES * unit * p->depth;
    const int32_t *bias = p->bias + MN_LSTM_GATES * unit;
    const int32_t quads = p->depth / 4;
    struct mn_lstm_sums s = {bias[0], bias[1], bias[2], bias[3]};
    s = mn_lstm_add_quads(s, weights, items, quads);
    items += 8 * quads;
    weights += 16 * quads;
    for (int32_t count = p->depth % 4; count > 0; count--, items += 2, weights += 4)
    {
        const int32_t x = mn_int16_at(items, 0);
        s.a += x * weights[0];
        s.b += x * weights[1];
        s.c += x * weights[2];
        s.d += x * weights[3];
    }
    sums[0] = mn_saturate16(mn_high_mac(s.a, p->multipliers[0], 0));
    sums[1] = mn_saturate16(mn_high_mac(s.b, p->multipliers[1], 0));
    sums[2] = mn_saturate16(mn_high_mac(s.c, p->multipliers[2], 0));
    sums[3] = mn_saturate16(mn_high_mac(s.d, p->multipliers[3], 0));
}

void mn_lstm_int16_short(
    const struct mn_lstm *p, const int8_t *input, int8_t *hidden, int8_t *cell, int8_t *output, int8_t *scratch)
{
    mn_lstm_run(p, input, hidden, cell, output, scratch, 2, sum_short);
}
