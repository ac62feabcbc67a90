/* SPDX-License-Identifier: Apache-2.0 */
#include "pool_columns.h"
#include "micronets_arithmetic.h"

void mn_find_column_factors(int32_t *factors, int32_t columns, int32_t rows)
{
    for (int32_t i = columns; i > 0 && rows * i >= MN_LEAST_MULTIPLIED; i--)
    {
        factors[i] = mn_mean_factor(rows * i);
    }
}

int32_t mn_outputs_by_words(const struct mn_pool *p, int32_t y)
{
    const struct mn_window w = p->window;
    const int32_t channels = p->out.channels, in_columns = p->in.columns, out_columns = p->out.columns;
    const struct mn_span ys = mn_window_inside(y, w.row_stride, w.pad_top, w.rows, p->in.rows);
    int32_t outputs = out_columns;
    for (; outputs > 0; outputs--)
    {
        const int32_t end = mn_window_inside(outputs - 1, w.column_stride, w.pad_left, w.columns, in_columns).end;
        const int32_t read = ((ys.end - 1) * in_columns + end - 1) * channels;
        const int32_t written = (y * out_columns + outputs - 1) * channels;
        if (read + MN_WORD_CHANNELS <= p->in.rows * in_columns * channels &&
            written + MN_WORD_CHANNELS <= p->out.rows * out_columns * channels)
        {
            break;
        }
    }
    return outputs;
}

void mn_pool_last_outputs(
    int largest, const struct mn_pool *p, const int8_t *input, int32_t rows, int32_t x, int8_t *output)
{
    const int32_t channels = p->out.channels, row_bytes = p->in.columns * channels;
    for (output += x * channels; x < p->out.columns; x++)
    {
        const struct mn_span xs =
            mn_window_inside(x, p->window.column_stride, p->window.pad_left, p->window.columns, p->in.columns);
        const int32_t count = rows * (xs.end - xs.first);
        for (int32_t channel = 0; channel < channels; channel++)
        {
            int32_t sum = 0, most = INT8_MIN;
            for (int32_t i = xs.first; i < xs.end; i++)
            {
                const int8_t *at = input + i * channels + channel;
                for (int32_t left = rows; left > 0; left--, at += row_bytes)
                {
                    sum += *at;
                    most = *at > most ? *at : most;
                }
            }
            *output++ = (int8_t)mn_clamp(largest ? most : mn_rounded_mean(sum, count), p->low, p->high);
        }
    }
}
