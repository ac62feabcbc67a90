/* From a frame of audio to the logarithms of its mel energies. */
#ifndef SPECTRUM_H
#define SPECTRUM_H

#include <stdint.h>

/* A real FFT under a window: `size` complex values from pairs of samples, a power of two.
 * Tables of pairs hold the real part (the even sample's weight) in the low lane. */
struct mn_fft
{
    int32_t size;
    int32_t first_radix; /* 8 or 4, whichever leaves a power of 4 */
    int32_t window_pairs;
    int32_t fraction_bits;   /* samples are shifted up by so many before the transform */
    const uint32_t *window;  /* Q15 (window_pairs) */
    const uint8_t *order;    /* size / first radix: digits reversed */
    const uint32_t *twiddles; /* exp(-2 pi i k / size), Q15 (3 size / 4) */
    const uint32_t *split;    /* exp(-pi i k / size), Q15 (size / 2 + 1) */
};

/* Triangular bands as segments between their edges: a segment rises in a band and falls in the one before. */
struct mn_mel
{
    int32_t bands;
    int32_t first_bin;
    const uint16_t *counts;     /* bins in each segment (bands + 1) */
    const uint16_t *rising;     /* Q15, of every bin */
    const int32_t *log_offsets; /* Q16 (bands) */
    int32_t log_floor;          /* Q16 */
};

/* How frames are cut from hops: each ends where a hop ends. */
struct mn_frame
{
    struct mn_fft fft;
    struct mn_mel mel;
    int32_t hop_samples;
    int32_t history_samples; /* of earlier hops in a frame */
    int32_t frame_hops;      /* hops that a frame reaches over */
};

/* What is kept from hop to hop, and room to work in. */
struct mn_frame_state
{
    int16_t *history; /* history_samples */
    uint16_t *peaks;  /* frame_hops: of the last hops, in a ring */
    int32_t *work;    /* 2 size */
    int32_t next_peak;
    int32_t hops; /* since reset, no further than frame_hops */
};

void mn_frame_reset(const struct mn_frame *frame, struct mn_frame_state *state);

/* Takes a hop. Returns 1 where there is a whole frame; its spectrum then lies in state->work: values 2 k and 2 k + 1 are
 * real and imaginary part of bin k. *up: bits that the frame was shifted up by; *peak: the hop's largest sample. */
int mn_frame_push(const struct mn_frame *frame, struct mn_frame_state *state, const int16_t *samples, int32_t *up,
                  int32_t *peak);

/* Binary logarithms of the mel energies of the magnitudes, or of the power spectrum, Q16; the frame was shifted up by
 * `up`. They take the places of the spectrum's first values. Returns whether one of them is above the floor. */
int mn_log_magnitudes(const struct mn_mel *mel, int32_t *spectrum, int32_t up);
int mn_log_powers(const struct mn_mel *mel, int32_t *spectrum, int32_t up);

/* Transforms in place; `data` as the first stage wants it. Leaves the spectrum of the real frame but for bin 0. */
void mn_real_fft(const struct mn_fft *fft, int32_t *data);

#endif
