/* SPDX-License-Identifier: Apache-2.0 */
/* Mel-frequency cepstral coefficients of a stream, as micronets/device_features/sound/reference.py defines them. */
#include "mn_features.h"

#include "features_arithmetic.h"
#include "quantise.h"
#include "spectrum.h"

enum
{
    FRAMES = MN_FEATURES_FRAMES,
    COEFFICIENTS = MN_FEATURES_VALUES,
    FRAME_HOPS = (MN_WINDOW_SAMPLES + MN_HOP_SAMPLES - 1) / MN_HOP_SAMPLES,
    WINDOW_HOPS = FRAMES + FRAME_HOPS - 1,
    HALF = (MN_MEL_BANDS + 1) / 2,
    SILENT = -32768 /* coefficient 0 of a frame of digital silence, which no peak makes louder */
};

static int16_t coefficients[FRAMES][COEFFICIENTS]; /* a ring of frames */
static uint16_t peaks[WINDOW_HOPS];                /* of the hops that the frames reach over, a ring */
static int32_t next_frame, next_peak;
static int32_t kept; /* frames since reset, no further than FRAMES */

static int32_t next_in_ring(int32_t index, int32_t size)
{
    return index + 1 < size ? index + 1 : 0;
}

void mn_features_reset(void)
{
    mn_frame_reset();
    for (int32_t i = 0; i < FRAMES; i++)
    {
        for (int32_t k = 0; k < COEFFICIENTS; k++)
        {
            coefficients[i][k] = 0;
        }
    }
    for (int32_t i = 0; i < WINDOW_HOPS; i++)
    {
        peaks[i] = 0;
    }
    next_frame = 0;
    next_peak = 0;
    kept = 0;
}

/* Leaves sums of the first and the last logarithm, the second and the last but one, and so on in the lower half, and
 * their differences in reverse order in the upper half: even coefficients look at the ones, odd ones at the others. */
static void fold(int32_t *logarithms)
{
    int32_t *front = logarithms, *back = logarithms + MN_MEL_BANDS - 1;
    for (; front < back; front++, back--)
    {
        const int32_t sum = *front + *back, difference = *front - *back;
        *front = sum;
        *back = difference;
    }
}

static void transform(int32_t *logarithms, int16_t *result)
{
    const int16_t *row = mn_dct;
    fold(logarithms);
    for (int32_t k = 0; k < COEFFICIENTS; k++, row += HALF)
    {
        int32_t sum = 0;
        if (k % 2 == 0)
        {
            for (int32_t i = 0; i < HALF; i++)
            {
                sum = mn_upper_low_mac(logarithms[i], (uint32_t)row[i], sum);
            }
        }
        else
        {
            for (int32_t i = 0; i < MN_MEL_BANDS / 2; i++)
            {
                sum = mn_upper_low_mac(logarithms[MN_MEL_BANDS - 1 - i], (uint32_t)row[i], sum);
            }
        }
        result[k] = (int16_t)mn_high_mac(2 * sum + HALF, MN_DCT_SCALE, 0);
    }
}

int mn_features_push(const int16_t samples[MN_FEATURES_HOP_SAMPLES])
{
    const int32_t peak = mn_peak(samples), up = mn_frame_push(samples, peak);
    peaks[next_peak] = (uint16_t)peak;
    next_peak = next_in_ring(next_peak, WINDOW_HOPS);
    if (up < 0)
    {
        return 0;
    }
    mn_finish_fft();
    int16_t *result = coefficients[next_frame];
    if (mn_log_mel_energies(up))
    {
        transform(mn_work, result);
    }
    else
    {
        result[0] = SILENT;
        for (int32_t k = 1; k < COEFFICIENTS; k++)
        {
            result[k] = 0;
        }
    }
    next_frame = next_in_ring(next_frame, FRAMES);
    kept += kept < FRAMES;
    return kept == FRAMES;
}

/* What the loudest sample of the window adds to coefficient 0. */
static int32_t peak_term(void)
{
    uint32_t peak = 1;
    for (int32_t i = 0; i < WINDOW_HOPS; i++)
    {
        peak = peaks[i] > peak ? peaks[i] : peak;
    }
    return mn_high_mac((15 << 16) - mn_log2(peak), MN_PEAK_SCALE, 0);
}

void mn_features_window(int8_t *input)
{
    const int32_t louder = peak_term();
    for (int32_t i = 0, frame = next_frame; i < FRAMES; i++, frame = next_in_ring(frame, FRAMES))
    {
        const int16_t *values = coefficients[frame];
        *input++ = mn_quantise(values[0] == SILENT ? MN_SILENT_VALUE : values[0] + louder);
        for (int32_t k = 1; k < COEFFICIENTS; k++)
        {
            *input++ = mn_quantise(values[k]);
        }
    }
}
