/* Frames from hops: windowed, shifted up by what the largest sample leaves, transformed. */
#include "features_arithmetic.h"
#include "spectrum.h"

void mn_frame_reset(const struct mn_frame *frame, struct mn_frame_state *state)
{
    for (int32_t i = 0; i < frame->history_samples; i++)
    {
        state->history[i] = 0;
    }
    for (int32_t i = 0; i < frame->frame_hops; i++)
    {
        state->peaks[i] = 0;
    }
    state->next_peak = 0;
    state->hops = 0;
}

static uint32_t pair_of(const int16_t *samples)
{
    return mn_load_word((const int8_t *)samples);
}

static int32_t largest(const int16_t *samples, int32_t count)
{
    int32_t low = 0, high = 0;
    for (int32_t i = 0; i < count; i++)
    {
        const int32_t sample = samples[i];
        low = sample < low ? sample : low;
        high = sample > high ? sample : high;
    }
    return high > -low ? high : -low;
}

/* The peak of the hops that the frame reaches over. */
static int32_t frame_peak(const struct mn_frame *frame, struct mn_frame_state *state, int32_t peak)
{
    state->peaks[state->next_peak] = (uint16_t)peak;
    state->next_peak = state->next_peak + 1 < frame->frame_hops ? state->next_peak + 1 : 0;
    for (int32_t i = 0; i < frame->frame_hops; i++)
    {
        peak = state->peaks[i] > peak ? state->peaks[i] : peak;
    }
    return peak;
}

/* Windows the frame's pairs and puts each where the first stage of the transform wants it. */
static void load(const struct mn_frame *frame, const int16_t *history, const int16_t *hop, int32_t *work, int32_t up)
{
    const struct mn_fft *fft = &frame->fft;
    const int32_t down = 15 - fft->fraction_bits;
    const int32_t rounding = ((1 << down) >> 1) >> up;
    const int32_t groups = fft->size / fft->first_radix, of_history = frame->history_samples / 2;
    const int16_t *samples = history;
    for (int32_t pair = 0, leg = 0; leg < fft->first_radix; leg++)
    {
        for (int32_t group = 0; group < groups; group++, pair++)
        {
            int32_t *at = work + 2 * (fft->first_radix * fft->order[group] + leg);
            if (pair >= fft->window_pairs)
            {
                at[0] = 0;
                at[1] = 0;
                continue;
            }
            if (pair == of_history)
            {
                samples = hop;
            }
            const uint32_t lanes = pair_of(samples), weights = fft->window[pair];
            at[0] = (int32_t)((uint32_t)mn_mac_low_low(lanes, weights, rounding) << up) >> down;
            at[1] = (int32_t)((uint32_t)mn_mac_high_high(lanes, weights, rounding) << up) >> down;
            samples += 2;
        }
    }
}

static void remember(const struct mn_frame *frame, int16_t *history, const int16_t *hop)
{
    const int32_t kept = frame->history_samples, hop_samples = frame->hop_samples;
    const int32_t old = kept > hop_samples ? kept - hop_samples : 0;
    for (int32_t i = 0; i < old; i++)
    {
        history[i] = history[i + hop_samples];
    }
    const int16_t *last = hop + hop_samples - (kept - old);
    for (int32_t i = old; i < kept; i++)
    {
        history[i] = *last++;
    }
}

int mn_frame_push(const struct mn_frame *frame, struct mn_frame_state *state, const int16_t *samples, int32_t *up,
                  int32_t *peak)
{
    const int32_t of_hop = 2 * frame->fft.window_pairs - frame->history_samples;
    *peak = largest(samples, frame->hop_samples);
    const int32_t over_all = frame_peak(frame, state, *peak);
    if (state->hops < frame->frame_hops)
    {
        state->hops++;
    }
    const int whole = state->hops == frame->frame_hops;
    if (whole)
    {
        *up = over_all == 0 ? 0 : mn_leading_zeros((uint32_t)over_all) - 17;
        *up = *up < 0 ? 0 : *up;
        load(frame, state->history, samples + frame->hop_samples - of_hop, state->work, *up);
        mn_real_fft(&frame->fft, state->work);
    }
    remember(frame, state->history, samples);
    return whole;
}
