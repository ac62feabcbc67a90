#include "mfcc.h"

#include "features_arithmetic.h"

/* Coefficient 0 of a frame of digital silence, which no peak makes louder. */
enum
{
    SILENT = -32768
};

static int32_t next_in_ring(int32_t index, int32_t size)
{
    return index + 1 < size ? index + 1 : 0;
}

void mn_mfcc_reset(const struct mn_mfcc *mfcc, struct mn_mfcc_state *state)
{
    mn_frame_reset(&mfcc->frame, &state->frame);
    for (int32_t i = 0; i < mfcc->frames * mfcc->coefficients; i++)
    {
        state->coefficients[i] = 0;
    }
    for (int32_t i = 0; i < mfcc->window_hops; i++)
    {
        state->peaks[i] = 0;
    }
    state->next_frame = 0;
    state->next_peak = 0;
    state->kept = 0;
}

/* Leaves sums of the first and the last logarithm, the second and the last but one, and so on in the lower half, and
 * their differences in reverse order in the upper half: even coefficients look at the ones, odd ones at the others. */
static void fold(int32_t *logarithms, int32_t bands)
{
    int32_t *front = logarithms, *back = logarithms + bands - 1;
    for (; front < back; front++, back--)
    {
        const int32_t sum = *front + *back, difference = *front - *back;
        *front = sum;
        *back = difference;
    }
}

static void transform(const struct mn_mfcc *mfcc, int32_t *logarithms, int16_t *coefficients)
{
    const int32_t bands = mfcc->frame.mel.bands, half = (bands + 1) / 2;
    const int16_t *row = mfcc->dct;
    fold(logarithms, bands);
    for (int32_t k = 0; k < mfcc->coefficients; k++)
    {
        const int32_t *value = logarithms, *const end = logarithms + half;
        int32_t sum = 0;
        if (k % 2 == 0)
        {
            for (; value < end; value++)
            {
                sum = mn_upper_low_mac(*value, (uint32_t)*row++, sum);
            }
        }
        else
        {
            const int32_t *difference = logarithms + bands - 1;
            for (int32_t i = 0; i < bands / 2; i++)
            {
                sum = mn_upper_low_mac(*difference--, (uint32_t)row[i], sum);
            }
            row += half;
        }
        coefficients[k] = (int16_t)mn_high_mac(2 * sum + half, mfcc->dct_scale, 0);
    }
}

int mn_mfcc_push(const struct mn_mfcc *mfcc, struct mn_mfcc_state *state, const int16_t *samples)
{
    int32_t up, peak;
    const int whole = mn_frame_push(&mfcc->frame, &state->frame, samples, &up, &peak);
    state->peaks[state->next_peak] = (uint16_t)peak;
    state->next_peak = next_in_ring(state->next_peak, mfcc->window_hops);
    if (!whole)
    {
        return 0;
    }
    int16_t *coefficients = state->coefficients + state->next_frame * mfcc->coefficients;
    if (mn_log_magnitudes(&mfcc->frame.mel, state->frame.work, up))
    {
        transform(mfcc, state->frame.work, coefficients);
    }
    else
    {
        coefficients[0] = SILENT;
        for (int32_t k = 1; k < mfcc->coefficients; k++)
        {
            coefficients[k] = 0;
        }
    }
    state->next_frame = next_in_ring(state->next_frame, mfcc->frames);
    state->kept += state->kept < mfcc->frames;
    return state->kept == mfcc->frames;
}

/* What the loudest sample of the window adds to coefficient 0. */
static int32_t peak_term(const struct mn_mfcc *mfcc, const struct mn_mfcc_state *state)
{
    uint32_t peak = 1;
    for (int32_t i = 0; i < mfcc->window_hops; i++)
    {
        peak = state->peaks[i] > peak ? state->peaks[i] : peak;
    }
    return mn_high_mac((15 << 16) - mn_log2(peak), mfcc->peak_scale, 0);
}

void mn_mfcc_window(const struct mn_mfcc *mfcc, const struct mn_mfcc_state *state, int8_t *input)
{
    const int32_t louder = peak_term(mfcc, state);
    for (int32_t i = 0, frame = state->next_frame; i < mfcc->frames; i++, frame = next_in_ring(frame, mfcc->frames))
    {
        const int16_t *coefficients = state->coefficients + frame * mfcc->coefficients;
        const int32_t first = coefficients[0] == SILENT ? mfcc->silent_value : coefficients[0] + louder;
        *input++ = mn_quantise(&mfcc->quantiser, first);
        for (int32_t k = 1; k < mfcc->coefficients; k++)
        {
            *input++ = mn_quantise(&mfcc->quantiser, coefficients[k]);
        }
    }
}
