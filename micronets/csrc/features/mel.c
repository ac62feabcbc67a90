/* SPDX-License-Identifier: Apache-2.0 */
/* Mel energies of a spectrum and their logarithms, see micronets/device_features/sound/reference.py.
 *
 * Between two edges of the bands, a bin rises in one band and falls in the band before, with weights that add up to 1:
 * such a segment needs one sum of weighted energies and one of plain ones. */
#include "features_arithmetic.h"
#include "spectrum.h"

struct parts
{
    uint64_t rising, falling;
};

#if MN_MEL_SQUARED

/* Of the power spectrum. */
static struct parts segment(const int32_t *bin, const uint16_t *weights, int32_t count)
{
    uint64_t rising_high = 0, rising_low = 0, all = 0;
    for (; count > 0; count--, bin += 2, weights++)
    {
        const uint64_t power = mn_power(bin[0], bin[1]);
        const uint32_t weight = *weights;
        rising_high = mn_wide_mac((uint32_t)(power >> 32), weight, rising_high);
        rising_low = mn_wide_mac((uint32_t)power, weight, rising_low);
        all += power;
    }
    const uint64_t rising = (rising_high << 17) + (rising_low >> 15);
    const struct parts result = {rising, all - rising};
    return result;
}

#else

/* Of magnitudes, in Q15. */
static struct parts segment(const int32_t *bin, const uint16_t *weights, int32_t count)
{
    uint64_t rising = 0, all = 0;
    for (; count > 0; count--, bin += 2, weights++)
    {
        const uint32_t magnitude = mn_square_root(mn_power(bin[0], bin[1])), weight = *weights;
        rising = mn_wide_mac(magnitude, weight, rising);
        all += magnitude;
    }
    const struct parts result = {rising, (all << 15) - rising};
    return result;
}

#endif

int mn_log_mel_energies(int32_t up)
{
    const int32_t *bin = mn_work + 2 * MN_MEL_FIRST_BIN;
    const uint16_t *weights = mn_mel_rising;
    const int32_t less = up * (MN_MEL_SQUARED ? 131072 : 65536);
    uint64_t rising = 0;
    int heard = 0;
    for (int32_t i = 0; i <= MN_MEL_BANDS; i++)
    {
        const int32_t count = mn_mel_counts[i];
        const struct parts parts = segment(bin, weights, count);
        bin += 2 * count;
        weights += count;
        if (i > 0)
        {
            const uint64_t energy = rising + parts.falling;
            int32_t logarithm = energy == 0 ? INT32_MIN : mn_log2(energy) + mn_mel_offsets[i - 1] - less;
            heard |= logarithm > MN_MEL_LOG_FLOOR;
            logarithm = logarithm > MN_MEL_LOG_FLOOR ? logarithm : MN_MEL_LOG_FLOOR;
            mn_work[i - 1] = logarithm;
        }
        rising = parts.rising;
    }
    return heard;
}
