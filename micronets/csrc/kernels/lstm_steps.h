/* SPDX-License-Identifier: Apache-2.0 */
/* What LSTM of int8 and of int16 share: everything but the sums that go into the gates. */
#ifndef MICRONETS_LSTM_STEPS_H
#define MICRONETS_LSTM_STEPS_H

#include "items.h"
#include "lstm.h"
#include "micronets_arithmetic.h"
#include "sigmoid_int16.h"

/* Of a unit, what the part adds to its gates: Q3.12, saturated as int16. */
typedef void mn_lstm_summer(const struct mn_lstm_part *p, int32_t unit, const int8_t *items, int32_t *sums);

/* One copy of it for all that is multiplied. */
static __attribute__((noinline)) int32_t mn_lstm_scaled(int32_t value, int32_t multiplier, int32_t shift)
{
    return mn_multiply_quantised(value, multiplier, shift);
}

MN_INLINE int32_t mn_lstm_product_of(const struct mn_lstm_product *p, int32_t a, int32_t b)
{
    return mn_lstm_scaled(a * b, p->multiplier, p->shift);
}

/* The new hidden state of a unit, before it is clamped to its type, and its new cell. */
MN_INLINE int32_t mn_lstm_unit(const struct mn_lstm *p, const int32_t *own, const int32_t *back, int8_t *cell)
{
    const uint16_t *table = p->sigmoid;
    const int32_t add = mn_logistic_int16(table, mn_saturate16(own[0] + back[0]), 3, 0);
    const int32_t forget = mn_logistic_int16(table, mn_saturate16(own[1] + back[1]), 3, 0);
    const int32_t candidate = mn_tanh_int16(table, mn_saturate16(own[2] + back[2]), 3, 0);
    const int32_t open = mn_logistic_int16(table, mn_saturate16(own[3] + back[3]), 3, 0);
    const int32_t kept = mn_saturate16(mn_lstm_product_of(&p->forgotten, forget, mn_int16_at(cell, 0)));
    int32_t value = mn_saturate16(kept + mn_saturate16(mn_lstm_product_of(&p->added, add, candidate)));
    if (p->cell_clip > 0)
    {
        value = mn_clamp(value, -p->cell_clip, p->cell_clip);
    }
    mn_set_int16(cell, 0, value);
    const int32_t squashed = mn_tanh_int16(table, value, p->tanh_multiplier, p->tanh_shift);
    return mn_lstm_product_of(&p->hidden, squashed, open) + p->zero_point;
}

MN_INLINE void mn_lstm_run(
    const struct mn_lstm *p, const int8_t *input, int8_t *hidden, int8_t *cell, int8_t *output, int8_t *scratch,
    int32_t item_bytes, mn_lstm_summer *sum)
{
    int32_t own[MN_LSTM_GATES], back[MN_LSTM_GATES];
    const int32_t state_bytes = item_bytes * p->units;
    for (int32_t b = 0; b < p->batch; b++, hidden += state_bytes, cell += 2 * p->units)
    {
        for (int32_t t = 0; t < p->steps; t++)
        {
            const int8_t *x = input + item_bytes * (b * p->input_batch_stride + t * p->input_step_stride);
            int8_t *y = output + item_bytes * (b * p->output_batch_stride + t * p->output_step_stride);
            for (int32_t unit = 0; unit < p->units; unit++)
            {
                sum(&p->own, unit, x, own);
                sum(&p->back, unit, hidden, back);
                const int32_t value = mn_lstm_unit(p, own, back, cell + 2 * unit);
                if (item_bytes == 1)
                {
                    scratch[unit] = (int8_t)mn_clamp(value, INT8_MIN, INT8_MAX);
                }
                else
                {
                    mn_set_int16(scratch, unit, mn_saturate16(value));
                }
            }
            for (int32_t i = 0; i < state_bytes; i++)
            {
                hidden[i] = y[i] = scratch[i];
            }
        }
    }
}

#endif
