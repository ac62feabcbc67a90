/* SPDX-License-Identifier: Apache-2.0 */
#include "lstm.h"
#include "items.h"
#include "micronets_arithmetic.h"
#include "sigmoid_int16.h"

static int32_t saturated(int32_t value)
{
    return mn_clamp(value, INT16_MIN, INT16_MAX);
}

/* What goes into a gate's function, Q3.12. */
static int32_t gate_sum(
    const struct mn_lstm *p, const struct mn_lstm_gate *gate, int32_t unit, const int8_t *input, const int8_t *hidden)
{
    const int32_t own = mn_dot(input, gate->input_weights + unit * p->inputs, p->inputs, 0, gate->input_bias[unit]);
    const int32_t back =
        mn_dot(hidden, gate->recurrent_weights + unit * p->units, p->units, 0, gate->recurrent_bias[unit]);
    return saturated(
        saturated(mn_multiply_quantised(own, gate->input_multiplier, gate->input_shift)) +
        saturated(mn_multiply_quantised(back, gate->recurrent_multiplier, gate->recurrent_shift)));
}

static int32_t logistic_gate(
    const struct mn_lstm *p, const struct mn_lstm_gate *gate, int32_t unit, const int8_t *input, const int8_t *hidden)
{
    return mn_logistic_int16(p->sigmoid, gate_sum(p, gate, unit, input, hidden), 3, 0);
}

static int32_t product(const struct mn_lstm_product *p, int32_t a, int32_t b)
{
    return mn_multiply_quantised(a * b, p->multiplier, p->shift);
}

static void step(const struct mn_lstm *p, const int8_t *input, const int8_t *hidden, int8_t *cell, int8_t *made)
{
    for (int32_t unit = 0; unit < p->units; unit++)
    {
        const int32_t forget = logistic_gate(p, &p->forget, unit, input, hidden);
        const int32_t add = logistic_gate(p, &p->input, unit, input, hidden);
        const int32_t candidate = mn_tanh_int16(p->sigmoid, gate_sum(p, &p->cell, unit, input, hidden), 3, 0);
        const int32_t kept = saturated(product(&p->forgotten, forget, mn_int16_at(cell, unit)));
        int32_t value = saturated(kept + saturated(product(&p->added, add, candidate)));
        if (p->cell_clip > 0)
        {
            value = mn_clamp(value, -p->cell_clip, p->cell_clip);
        }
        mn_set_int16(cell, unit, value);
        const int32_t open = logistic_gate(p, &p->output, unit, input, hidden);
        const int32_t squashed = mn_tanh_int16(p->sigmoid, value, p->tanh_multiplier, p->tanh_shift);
        made[unit] = (int8_t)mn_clamp(product(&p->hidden, squashed, open) + p->zero_point, INT8_MIN, INT8_MAX);
    }
}

void mn_lstm(
    const struct mn_lstm *p, const int8_t *input, int8_t *hidden, int8_t *cell, int8_t *output, int8_t *scratch)
{
    for (int32_t b = 0; b < p->batch; b++, hidden += p->units, cell += 2 * p->units)
    {
        for (int32_t t = 0; t < p->steps; t++, input += p->inputs, output += p->units)
        {
            step(p, input, hidden, cell, scratch);
            for (int32_t unit = 0; unit < p->units; unit++)
            {
                hidden[unit] = output[unit] = scratch[unit];
            }
        }
    }
}
