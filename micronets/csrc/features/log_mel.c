/* SPDX-License-Identifier: Apache-2.0 */
/* Log-mel spectrograms of a stream, as micronets/device_features/sound/reference.py defines them. */
#include "mn_features.h"

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

void mn_features_reset(void)
{
    mn_frame_reset();
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
        rows[next_row][column] = mn_quantise(sums[column] - MN_LEVEL);
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
