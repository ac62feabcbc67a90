/* SPDX-License-Identifier: Apache-2.0 */
/* Long short-term memory over a sequence, int8 with an int16 cell; both states last from call to call. */
#ifndef MICRONETS_LSTM_H
#define MICRONETS_LSTM_H

#include <stdint.h>

/* Weights [unit][input] and [unit][unit]; biases hold the zero points of what the weights multiply. */
struct mn_lstm_gate
{
    const int8_t *input_weights, *recurrent_weights;
    const int32_t *input_bias, *recurrent_bias;
    int32_t input_multiplier, input_shift, recurrent_multiplier, recurrent_shift;
};

struct mn_lstm_product
{
    int32_t multiplier, shift;
};

struct mn_lstm
{
    int32_t batch, steps, inputs, units;
    struct mn_lstm_gate input, forget, cell, output;
    struct mn_lstm_product forgotten, added, hidden;
    int32_t zero_point;
    int32_t tanh_multiplier, tanh_shift;
    int32_t cell_clip; /* 0: none */
    const uint16_t *sigmoid;
};

/* input [batch][steps][inputs], output [batch][steps][units], hidden int8 and cell int16 [batch][units]; `scratch` of
 * `units` bytes */
void mn_lstm(
    const struct mn_lstm *p, const int8_t *input, int8_t *hidden, int8_t *cell, int8_t *output, int8_t *scratch);

#endif
