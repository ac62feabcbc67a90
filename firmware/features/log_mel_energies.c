/* Mel energies of a spectrum and their logarithms, see micronets/firmware/features/reference.py. */
#include "features_arithmetic.h"
#include "spectrum.h"

/* What a segment adds to the band that rises in it and to the one that falls. */
struct parts
{
    uint64_t rising, falling;
};

static struct parts segment_of_magnitudes(const int32_t *bin, const uint16_t *weights, int32_t count)
{
    uint64_t rising = 0, all = 0;
    for (int32_t i = 0; i < count; i++, bin += 2)
    {
        const uint32_t magnitude = mn_magnitude(bin[0], bin[1]);
        rising += (uint64_t)magnitude * weights[i];
        all += magnitude;
    }
    const struct parts result = {rising, (all << 15) - rising};
    return result;
}

static struct parts segment_of_powers(const int32_t *bin, const uint16_t *weights, int32_t count)
{
    uint64_t rising_high = 0, rising_low = 0, all = 0;
    for (int32_t i = 0; i < count; i++, bin += 2)
    {
        const uint64_t power = (uint64_t)((int64_t)bin[0] * bin[0]) + (uint64_t)((int64_t)bin[1] * bin[1]);
        rising_high += (power >> 32) * weights[i];
        rising_low += (power & 0xFFFFFFFFU) * weights[i];
        all += power;
    }
    const uint64_t rising = (rising_high << 17) + (rising_low >> 15);
    const struct parts result = {rising, all - rising};
    return result;
}

MN_INLINE int log_energies(const struct mn_mel *mel, int32_t *spectrum, int32_t less,
                           struct parts (*segment)(const int32_t *, const uint16_t *, int32_t))
{
    const int32_t *bin = spectrum + 2 * mel->first_bin;
    const uint16_t *weights = mel->rising;
    uint64_t rising = 0;
    int heard = 0;
    for (int32_t i = 0; i <= mel->bands; i++)
    {
        const struct parts parts = segment(bin, weights, mel->counts[i]);
        bin += 2 * mel->counts[i];
        weights += mel->counts[i];
        if (i > 0)
        {
            const uint64_t energy = rising + parts.falling;
            int32_t logarithm = energy == 0 ? INT32_MIN : mn_log2(energy) + mel->log_offsets[i - 1] - less;
            if (logarithm > mel->log_floor)
            {
                heard = 1;
            }
            else
            {
                logarithm = mel->log_floor;
            }
            spectrum[i - 1] = logarithm;
        }
        rising = parts.rising;
    }
    return heard;
}

int mn_log_magnitudes(const struct mn_mel *mel, int32_t *spectrum, int32_t up)
{
    return log_energies(mel, spectrum, up * 65536, segment_of_magnitudes);
}

int mn_log_powers(const struct mn_mel *mel, int32_t *spectrum, int32_t up)
{
    return log_energies(mel, spectrum, up * 131072, segment_of_powers);
}
