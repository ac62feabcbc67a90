/* SPDX-License-Identifier: Apache-2.0 */
/* Frames from hops: windowed, shifted up by what the largest sample leaves, through the first stage of the transform. */
#include "butterfly.h"
#include "spectrum.h"

enum
{
    HISTORY = MN_WINDOW_SAMPLES > MN_HOP_SAMPLES ? MN_WINDOW_SAMPLES - MN_HOP_SAMPLES : 0,
    OF_HOP = MN_WINDOW_SAMPLES - HISTORY,
    FRAME_HOPS = (MN_WINDOW_SAMPLES + MN_HOP_SAMPLES - 1) / MN_HOP_SAMPLES,
    GROUPS = MN_FFT_SIZE / MN_FFT_FIRST_RADIX,
    DOWN = 15 - MN_FFT_FRACTION_BITS
};

int32_t mn_work[2 * MN_FFT_SIZE];

static int16_t history[HISTORY + 2] __attribute__((aligned(4))); /* the last samples of earlier hops */
static uint16_t peaks[FRAME_HOPS];                               /* of the last hops, a ring */
static int32_t next_peak;
static int32_t hops; /* since reset, no further than FRAME_HOPS */

void mn_frame_reset(void)
{
    for (int32_t i = 0; i < HISTORY; i++)
    {
        history[i] = 0;
    }
    for (int32_t i = 0; i < FRAME_HOPS; i++)
    {
        peaks[i] = 0;
    }
    next_peak = 0;
    hops = 0;
}

static uint32_t pair_at(const int16_t *samples)
{
    return mn_load_word((const int8_t *)samples);
}

int32_t mn_peak(const int16_t *samples)
{
    uint32_t high = 0, low = 0;
    for (const int16_t *const end = samples + MN_HOP_SAMPLES; samples < end; samples += 2)
    {
        const uint32_t pair = pair_at(samples);
        high = mn_max_halves(high, pair);
        low = mn_min_halves(low, pair);
    }
    const int32_t highest = mn_low(high) > mn_high(high) ? mn_low(high) : mn_high(high);
    const int32_t lowest = mn_low(low) < mn_high(low) ? mn_low(low) : mn_high(low);
    return highest > -lowest ? highest : -lowest;
}

/* The largest sample of the hops that a frame reaches over, once `peak` is the last one's. */
static int32_t frame_peak(int32_t peak)
{
    peaks[next_peak] = (uint16_t)peak;
    next_peak = next_peak + 1 < FRAME_HOPS ? next_peak + 1 : 0;
    for (int32_t i = 0; i < FRAME_HOPS; i++)
    {
        peak = peaks[i] > peak ? peaks[i] : peak;
    }
    return peak;
}

MN_INLINE struct complex windowed(const int16_t *hop, int32_t pair, int32_t up, int32_t rounding)
{
    if (pair >= MN_WINDOW_SAMPLES / 2)
    {
        const struct complex nothing = {0, 0};
        return nothing;
    }
    const uint32_t lanes = pair_at(2 * pair < HISTORY ? history + 2 * pair : hop + (2 * pair - HISTORY));
    const uint32_t weights = mn_window[pair];
    const struct complex value = {
        (int32_t)((uint32_t)mn_mac_low_low(lanes, weights, rounding) << up) >> DOWN,
        (int32_t)((uint32_t)mn_mac_high_high(lanes, weights, rounding) << up) >> DOWN,
    };
    return value;
}

/* `hop`: the frame's part of the hop. */
static void first_stage(const int16_t *hop, int32_t up)
{
    const int32_t rounding = ((1 << DOWN) >> 1) >> up;
    for (int32_t group = 0; group < GROUPS; group++)
    {
        struct complex legs[MN_FFT_FIRST_RADIX];
        /* Unrolled, the compiler knows which legs lie behind the window. */
#pragma GCC unroll 8
        for (int32_t leg = 0; leg < MN_FFT_FIRST_RADIX; leg++)
        {
            legs[leg] = leg * GROUPS < MN_WINDOW_SAMPLES / 2 ? windowed(hop, group + leg * GROUPS, up, rounding)
                                                             : (struct complex){0, 0};
        }
        mn_first_butterfly(mn_work + 2 * MN_FFT_FIRST_RADIX * mn_order[group], legs);
    }
}

static void remember(const int16_t *hop)
{
    const int32_t old = HISTORY > MN_HOP_SAMPLES ? HISTORY - MN_HOP_SAMPLES : 0;
    for (int32_t i = 0; i < old; i += 2)
    {
        mn_store_pair(history + i, pair_at(history + i + MN_HOP_SAMPLES));
    }
    for (int32_t i = old; i < HISTORY; i += 2)
    {
        mn_store_pair(history + i, pair_at(hop + MN_HOP_SAMPLES - HISTORY + i));
    }
}

int32_t mn_frame_push(const int16_t *samples, int32_t peak)
{
    const int32_t largest = frame_peak(peak);
    int32_t up = -1;
    hops += hops < FRAME_HOPS;
    if (hops == FRAME_HOPS)
    {
        /* -32768 would leave less than no bit. */
        up = largest == 0 || largest > INT16_MAX ? 0 : mn_leading_zeros((uint32_t)largest) - 17;
        first_stage(samples + MN_HOP_SAMPLES - OF_HOP, up);
    }
    remember(samples);
    return up;
}
