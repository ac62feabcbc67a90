/* Mel-frequency cepstral coefficients of a stream, as micronets/firmware/features/reference.py defines them. */
#ifndef MFCC_H
#define MFCC_H

#include "quantise.h"
#include "spectrum.h"

struct mn_mfcc
{
    struct mn_frame frame;
    struct mn_quantiser quantiser;
    int32_t frames;       /* of a window */
    int32_t coefficients; /* of a frame */
    int32_t window_hops;  /* that the frames of a window reach over */
    const int16_t *dct;   /* Q15 (coefficients, first half of the bands) */
    int32_t dct_scale;
    int32_t peak_scale;   /* 0: not normalised */
    int32_t silent_value; /* coefficient 0 of digital silence */
};

struct mn_mfcc_state
{
    struct mn_frame_state frame;
    int16_t *coefficients; /* (frames, coefficients), a ring of frames */
    uint16_t *peaks;       /* window_hops, a ring */
    int32_t next_frame, next_peak;
    int32_t kept; /* frames since reset, no further than `frames` */
};

void mn_mfcc_reset(const struct mn_mfcc *mfcc, struct mn_mfcc_state *state);

/* Takes a hop; returns whether the window is full of frames. */
int mn_mfcc_push(const struct mn_mfcc *mfcc, struct mn_mfcc_state *state, const int16_t *samples);

/* The window, oldest frame first, int8 (frames, coefficients). */
void mn_mfcc_window(const struct mn_mfcc *mfcc, const struct mn_mfcc_state *state, int8_t *input);

#endif
