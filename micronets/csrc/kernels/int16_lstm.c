/* SPDX-License-Identifier: Apache-2.0 */
/* Four inputs at a time for all four gates of a unit. A product has 22 bits and a sign: up to 256 of them sum up in 32
 * bits, and these sums in 64. */
#include "int16_lstm_quads.h"
#include "int16_requantise.h"

enum
{
    QUADS_OF_A_SUM = 64
};

static void sum_int16(const struct mn_lstm_part *p, int32_t unit, const int8_t *items, int32_t *sums)
{
    const int8_t *weights = p->weights + MN_LSTM_GATES * unit * p->depth;
    int64_t total[MN_LSTM_GATES] = {0, 0, 0, 0};
    int32_t count = p->depth;
    while (count >= 4)
    {
        const int32_t quads = count < 4 * QUADS_OF_A_SUM ? count / 4 : QUADS_OF_A_SUM;
        const struct mn_lstm_sums none = {0, 0, 0, 0};
        const struct mn_lstm_sums s = mn_lstm_add_quads(none, weights, items, quads);
        total[0] += s.a;
        total[1] += s.b;
        total[2] += s.c;
        total[3] += s.d;
        count -= 4 * quads;
        items += 8 * quads;
        weights += 16 * quads;
    }
    for (; count > 0; count--, items += 2, weights += 4)
    {
        for (int32_t gate = 0; gate < MN_LSTM_GATES; gate++)
        {
            total[gate] += mn_int16_at(items, 0) * weights[gate];
        }
    }
    const int32_t *bias = p->bias + 2 * MN_LSTM_GATES * unit;
    for (int32_t gate = 0; gate < MN_LSTM_GATES; gate++)
    {
        const uint64_t whole = (uint64_t)(uint32_t)bias[2 * gate + 1] << 32 | (uint32_t)bias[2 * gate];
        const int64_t acc = (int64_t)((uint64_t)total[gate] + whole);
        sums[gate] = mn_saturate16(mn_multiply_wide(acc, p->multipliers[gate], p->shifts[gate]));
    }
}

void mn_lstm_int16(
    const struct mn_lstm *p, const int8_t *input, int8_t *hidden, int8_t *cell, int8_t *output, int8_t *scratch)
{
    mn_lstm_run(p, input, hidden, cell, output, scratch, 2, sum_int16);
}
