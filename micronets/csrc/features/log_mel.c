/* SPDX-License-Identifier: Apache-2.0 */
/* Log-mel spectrograms and filterbanks of a stream, as micronets/device_features/sound/reference.py defines them. */
#include "mn_features.h"

#include "features_arithmetic.h"
#include "quantise.h"
#include "spectrum.h"

enum
{
    ROWS = MN_FEATURES_FRAMES,
    COLUMNS = MN_FEATURES_VALUES
};

static int8_t rows[ROWS][COLUMNS]; /* a ring of rows */
static int32_t sums[COLUMNS];      /* of the frames of the row that is being made */
static int32_t pooled;             /* frames in `sums` */
static int32_t next_row;
static int32_t kept; /* rows since reset, no further than ROWS */

#ifdef MN_EMPHASIS_SHIFT

static int16_t raised[MN_HOP_SAMPLES] __attribute__((aligned(4)));
static int32_t before; /* the last sample of the hop before */

/* High tones raised: most of the sample before is taken from each. */
static const int16_t *emphasise(const int16_t *samples)
{
    int32_t last = before;
    for (int32_t i = 0; i < MN_HOP_SAMPLES; i++)
    {
        const int32_t sample = samples[i];
        raised[i] = mn_saturate_half(sample - last + ((last + (1 << (MN_EMPHASIS_SHIFT - 1))) >> MN_EMPHASIS_SHIFT));
        last = sample;
    }
    before = last;
    return raised;
}

#endif

/* Of a row, from its sum of logarithms. */
static int8_t value_of(int32_t sum)
{
    const int32_t above = sum - MN_LEVEL;
#ifdef MN_CEILING
    return mn_quantise(above < MN_CEILING ? above : MN_CEILING);
#else
    return mn_quantise(above);
#endif
}

void mn_features_reset(void)
{
    mn_frame_reset();
#ifdef MN_EMPHASIS_SHIFT
    before = 0;
#endif
    for (int32_t column = 0; column < COLUMNS; column++)
    {
        sums[column] = 0;
        for (int32_t i = 0; i < ROWS; i++)
        {
            rows[i][column] = 0;
        }
    }
    pooled = 0;
    next_row = 0;
    kept = 0;
}

int mn_features_push(const int16_t samples[MN_FEATURES_HOP_SAMPLES])
{
#ifdef MN_EMPHASIS_SHIFT
    samples = emphasise(samples);
#endif
    const int32_t up = mn_frame_push(samples, mn_peak(samples));
    if (up < 0)
    {
        return 0;
    }
    mn_finish_fft();
    mn_log_mel_energies(up);
    const int32_t *logarithm = mn_work;
    for (int32_t column = 0; column < COLUMNS; column++)
    {
        for (int32_t i = 0; i < MN_POOLING; i++)
        {
            sums[column] += *logarithm++;
        }
    }
    pooled++;
    if (pooled < MN_POOLING)
    {
        return 0;
    }
    for (int32_t column = 0; column < COLUMNS; column++)
    {
        rows[next_row][column] = value_of(sums[column]);
        sums[column] = 0;
    }
    pooled = 0;
    next_row = next_row + 1 < ROWS ? next_row + 1 : 0;
    kept += kept < ROWS;
    return kept == ROWS;
}

static int8_t *copy(int8_t *to, const int8_t *from, const int8_t *end)
{
    while (from < end)
    {
        *to++ = *from++;
    }
    return to;
}

void mn_features_window(int8_t *input)
{
    input = copy(input, rows[next_row], rows[ROWS - 1] + COLUMNS);
    copy(input, rows[0], rows[next_row]);
}
