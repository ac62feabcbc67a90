/* SPDX-License-Identifier: Apache-2.0 */
/* Long short-term memory over a sequence, int8 or int16 with an int16 cell; both states last from call to call. */
#ifndef MICRONETS_LSTM_H
#define MICRONETS_LSTM_H

#include <stdint.h>

enum
{
    MN_LSTM_GATES = 4 /* input, forget, cell, output */
};

/* What the four gates of a unit multiply the input, or the hidden state, with. Weights [unit][quad of inputs][gate][4], and
 * behind a unit's quads [remaining input][gate]; those of a quad for int16 in the order 0, 2, 1, 3. Biases [unit][gate] hold
 * the zero point of what the weights multiply; for int16 their low and their high word. Multipliers have 31 bits, for int16
 * 15. Where sums of int16 are short: one word for a bias, and multipliers for a division by 2^32, without shifts. */
struct mn_lstm_part
{
    int32_t depth;
    const int8_t *weights;
    const int32_t *bias;
    int32_t multipliers[MN_LSTM_GATES], shifts[MN_LSTM_GATES];
};

struct mn_lstm_product
{
    int32_t multiplier, shift;
};

/* Strides of input and output in items: from a batch, and from a step, to the next. */
struct mn_lstm
{
    int32_t batch, steps, units;
    int32_t input_batch_stride, input_step_stride, output_batch_stride, output_step_stride;
    struct mn_lstm_part own, back;
    struct mn_lstm_product forgotten, added, hidden;
    int32_t zero_point;
    int32_t tanh_multiplier, tanh_shift;
    int32_t cell_clip; /* 0: none */
    const uint16_t *sigmoid;
};

/* hidden, of the type of the input, and cell int16 [batch][units]; `scratch` holds the hidden state of one batch */
void mn_lstm_int8(
    const struct mn_lstm *p, const int8_t *input, int8_t *hidden, int8_t *cell, int8_t *output, int8_t *scratch);
void mn_lstm_int16(
    const struct mn_lstm *p, const int8_t *input, int8_t *hidden, int8_t *cell, int8_t *output, int8_t *scratch);
/* Where sums, biases included, fit 32 bits whatever the inputs are. */
void mn_lstm_int16_short(
    const struct mn_lstm *p, const int8_t *input, int8_t *hidden, int8_t *cell, int8_t *output, int8_t *scratch);

#endif
