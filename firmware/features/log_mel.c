#include "log_mel.h"

void mn_log_mel_reset(const struct mn_log_mel *log_mel, struct mn_log_mel_state *state)
{
    mn_frame_reset(&log_mel->frame, &state->frame);
    for (int32_t i = 0; i < log_mel->columns; i++)
    {
        state->sums[i] = 0;
    }
    for (int32_t i = 0; i < log_mel->rows * log_mel->columns; i++)
    {
        state->rows[i] = 0;
    }
    state->pooled = 0;
    state->next_row = 0;
    state->kept = 0;
}

int mn_log_mel_push(const struct mn_log_mel *log_mel, struct mn_log_mel_state *state, const int16_t *samples)
{
    int32_t up, peak;
    if (!mn_frame_push(&log_mel->frame, &state->frame, samples, &up, &peak))
    {
        return 0;
    }
    const int32_t *logarithm = state->frame.work;
    mn_log_powers(&log_mel->frame.mel, state->frame.work, up);
    for (int32_t column = 0; column < log_mel->columns; column++)
    {
        for (int32_t i = 0; i < log_mel->pooling; i++)
        {
            state->sums[column] += *logarithm++;
        }
    }
    state->pooled++;
    if (state->pooled < log_mel->pooling)
    {
        return 0;
    }
    int8_t *row = state->rows + state->next_row * log_mel->columns;
    for (int32_t column = 0; column < log_mel->columns; column++)
    {
        row[column] = mn_quantise(&log_mel->quantiser, state->sums[column] - log_mel->level);
        state->sums[column] = 0;
    }
    state->pooled = 0;
    state->next_row = state->next_row + 1 < log_mel->rows ? state->next_row + 1 : 0;
    state->kept += state->kept < log_mel->rows;
    return state->kept == log_mel->rows;
}

void mn_log_mel_window(const struct mn_log_mel *log_mel, const struct mn_log_mel_state *state, int8_t *input)
{
    const int32_t oldest = state->next_row * log_mel->columns, end = log_mel->rows * log_mel->columns;
    for (int32_t i = oldest; i < end; i++)
    {
        *input++ = state->rows[i];
    }
    for (int32_t i = 0; i < oldest; i++)
    {
        *input++ = state->rows[i];
    }
}
