/* SPDX-License-Identifier: Apache-2.0 */
/* The real FFT of a frame after its first stage, see micronets/device_features/sound/fft.py.
 *
 * Nothing overflows: after every stage a value is at most the sum of the magnitudes of the samples that it comes from,
 * and `fraction_bits` is chosen for that sum. */
#include "butterfly.h"
#include "spectrum.h"

enum
{
    SIZE = MN_FFT_SIZE
};

/* Half of value times twiddle. */
MN_INLINE struct complex turn(struct complex value, uint32_t twiddle)
{
    const struct complex turned = {
        mn_upper_low(value.x, twiddle) - mn_upper_high(value.y, twiddle),
        mn_upper_high_mac(value.x, twiddle, mn_upper_low(value.y, twiddle)),
    };
    return turned;
}

MN_INLINE struct complex halve(struct complex value)
{
    const struct complex half = {value.x >> 1, value.y >> 1};
    return half;
}

/* Joins transforms of `length` / 4 values, four neighbours each. */
MN_INLINE void stage(const int32_t length)
{
    const int32_t step = length / 2; /* in int32: a quarter of the length in complex values */
    const int32_t stride = SIZE / length;
    for (int32_t *at = mn_work; at < mn_work + 2 * SIZE; at += 2 * length)
    {
        butterfly(
            at, step, halve(load(at)), halve(load(at + step)), halve(load(at + 2 * step)), halve(load(at + 3 * step)));
    }
    for (int32_t column = 1; column < length / 4; column++)
    {
        const uint32_t *twiddle = mn_twiddles + column * stride;
        const uint32_t once = twiddle[0], twice = twiddle[column * stride], thrice = twiddle[2 * column * stride];
        for (int32_t *at = mn_work + 2 * column; at < mn_work + 2 * SIZE; at += 2 * length)
        {
            butterfly(
                at, step, halve(load(at)), turn(load(at + step), once), turn(load(at + 2 * step), twice),
                turn(load(at + 3 * step), thrice));
        }
    }
}

/* From the transform of pairs to that of the real frame: bins k and SIZE - k come from values k and SIZE - k. */
static void split(void)
{
    const int32_t last = MN_LAST_BIN < SIZE / 2 ? MN_LAST_BIN : SIZE / 2;
    int32_t *low = mn_work + 2, *high = mn_work + 2 * SIZE - 2;
    for (const uint32_t *twiddle = mn_split_twiddles + 1; twiddle <= mn_split_twiddles + last; twiddle++)
    {
        const struct complex a = load(low), b = load(high);
        const int32_t sum_x = (a.x + b.x) >> 1, sum_y = (a.y - b.y) >> 1;
        const int32_t difference_x = a.x - b.x, difference_y = a.y + b.y;
        const int32_t x = mn_upper_high_mac(difference_x, *twiddle, mn_upper_low(difference_y, *twiddle));
        const int32_t y = mn_upper_high(difference_y, *twiddle) - mn_upper_low(difference_x, *twiddle);
        if (MN_LAST_BIN > SIZE / 2)
        {
            store(high, sum_x - x, y - sum_y);
        }
        store(low, sum_x + x, sum_y + y);
        low += 2;
        high -= 2;
    }
}

void mn_finish_fft(void)
{
    /* Each length is a constant in code of its own; those that do not apply leave none. */
#define STAGE(length)                                                                                                  \
    if ((length) > MN_FFT_FIRST_RADIX && (length) <= SIZE)                                                             \
    {                                                                                                                  \
        stage(length);                                                                                                 \
    }
    STAGE(4 * MN_FFT_FIRST_RADIX)
    STAGE(16 * MN_FFT_FIRST_RADIX)
    STAGE(64 * MN_FFT_FIRST_RADIX)
    STAGE(256 * MN_FFT_FIRST_RADIX)
    split();
}
