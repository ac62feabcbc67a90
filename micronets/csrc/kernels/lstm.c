/* SPDX-License-Identifier: Apache-2.0 */
/* The four gates of a unit at a time. */
#include "four_rows.h"
#include "lstm_steps.h"

static void sum_int8(const struct mn_lstm_part *p, int32_t unit, const int8_t *items, int32_t *sums)
{
    int32_t own[MN_LSTM_GATES];
    mn_four_rows(p->weights + MN_LSTM_GATES * unit * p->depth, items, p->depth, p->bias + MN_LSTM_GATES * unit, own);
    sums[0] = mn_saturate16(mn_lstm_scaled(own[0], p->multipliers[0], p->shifts[0]));
    sums[1] = mn_saturate16(mn_lstm_scaled(own[1], p->multipliers[1], p->shifts[1]));
    sums[2] = mn_saturate16(mn_lstm_scaled(own[2], p->multipliers[2], p->shifts[2]));
    sums[3] = mn_saturate16(mn_lstm_scaled(own[3], p->multipliers[3], p->shifts[3]));
}

void mn_lstm_int8(
    const struct mn_lstm *p, const int8_t *input, int8_t *hidden, int8_t *cell, int8_t *output, int8_t *scratch)
{
    mn_lstm_run(p, input, hidden, cell, output, scratch, 1, sum_int8);
}
