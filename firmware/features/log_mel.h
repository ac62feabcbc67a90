/* Log-mel spectrograms of a stream, as micronets/firmware/features/reference.py defines them. */
#ifndef LOG_MEL_H
#define LOG_MEL_H

#include "quantise.h"
#include "spectrum.h"

struct mn_log_mel
{
    struct mn_frame frame;
    struct mn_quantiser quantiser;
    int32_t rows, columns; /* of a window */
    int32_t pooling;       /* frames and bands per value */
    int32_t level;         /* taken from every sum of logarithms, Q16 */
};

struct mn_log_mel_state
{
    struct mn_frame_state frame;
    int32_t *sums; /* columns: of the frames of the row that is being made */
    int8_t *rows;  /* (rows, columns), a ring of rows */
    int32_t pooled; /* frames in `sums` */
    int32_t next_row;
    int32_t kept; /* rows since reset, no further than `rows` */
};

void mn_log_mel_reset(const struct mn_log_mel *log_mel, struct mn_log_mel_state *state);

/* Takes a hop; returns whether it completed a row and the window is full of rows. */
int mn_log_mel_push(const struct mn_log_mel *log_mel, struct mn_log_mel_state *state, const int16_t *samples);

/* The window, oldest row first, int8 (rows, columns). */
void mn_log_mel_window(const struct mn_log_mel *log_mel, const struct mn_log_mel_state *state, int8_t *input);

#endif
