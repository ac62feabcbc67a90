/* The real FFT of a frame, see micronets/firmware/features/fft.py.
 *
 * Nothing overflows: after every stage a value is at most the sum of the magnitudes of the samples that it comes from,
 * and `fraction_bits` is chosen for that sum. */
#include "features_arithmetic.h"
#include "spectrum.h"

struct complex
{
    int32_t x, y;
};

MN_INLINE struct complex load(const int32_t *at)
{
    const struct complex value = {at[0], at[1]};
    return value;
}

MN_INLINE void store(int32_t *at, int32_t x, int32_t y)
{
    at[0] = x;
    at[1] = y;
}

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

/* value / sqrt(2): the factor is 2^32 (1 / sqrt(2) - 1), as 1 / sqrt(2) itself does not fit. */
MN_INLINE int32_t sqrt_half(int32_t value)
{
    return mn_high_mac(value, -1257966797, value);
}

/* Writes the four sums to at, at + step, at + 2 step, at + 3 step. */
MN_INLINE void butterfly(int32_t *at, int32_t step, struct complex a, struct complex b, struct complex c,
                         struct complex d)
{
    const int32_t px = a.x + c.x, py = a.y + c.y, qx = a.x - c.x, qy = a.y - c.y;
    const int32_t rx = b.x + d.x, ry = b.y + d.y, sx = b.x - d.x, sy = b.y - d.y;
    store(at, px + rx, py + ry);
    store(at + step, qx + sy, qy - sx);
    store(at + 2 * step, px - rx, py - ry);
    store(at + 3 * step, qx - sy, qy + sx);
}

static void first_stage_radix_4(int32_t *data, int32_t size)
{
    for (int32_t *at = data; at < data + 2 * size; at += 8)
    {
        butterfly(at, 2, load(at), load(at + 2), load(at + 4), load(at + 6));
    }
}

static void first_stage_radix_8(int32_t *data, int32_t size)
{
    for (int32_t *at = data; at < data + 2 * size; at += 16)
    {
        int32_t odd[8];
        {
            const struct complex a = load(at + 2), b = load(at + 6), c = load(at + 10), d = load(at + 14);
            butterfly(odd, 2, a, b, c, d);
        }
        {
            const struct complex a = load(at), b = load(at + 4), c = load(at + 8), d = load(at + 12);
            butterfly(at, 2, a, b, c, d);
        }
        const int32_t tx = sqrt_half(odd[2] + odd[3]), ty = sqrt_half(odd[3] - odd[2]);
        const int32_t ux = sqrt_half(odd[7] - odd[6]), uy = sqrt_half(-odd[7] - odd[6]);
        const struct complex e0 = load(at), e1 = load(at + 2), e2 = load(at + 4), e3 = load(at + 6);
        store(at, e0.x + odd[0], e0.y + odd[1]);
        store(at + 8, e0.x - odd[0], e0.y - odd[1]);
        store(at + 2, e1.x + tx, e1.y + ty);
        store(at + 10, e1.x - tx, e1.y - ty);
        store(at + 4, e2.x + odd[5], e2.y - odd[4]);
        store(at + 12, e2.x - odd[5], e2.y + odd[4]);
        store(at + 6, e3.x + ux, e3.y + uy);
        store(at + 14, e3.x - ux, e3.y - uy);
    }
}

/* Joins transforms of `length` / 4 values, four neighbours each. */
static void stage(const struct mn_fft *fft, int32_t *data, int32_t length)
{
    const int32_t step = length / 2; /* in int32: a quarter of the length in complex values */
    const int32_t stride = fft->size / length;
    const int32_t *end = data + 2 * fft->size;
    for (int32_t *at = data; at < end; at += 2 * length)
    {
        butterfly(at, step, halve(load(at)), halve(load(at + step)), halve(load(at + 2 * step)),
                  halve(load(at + 3 * step)));
    }
    for (int32_t column = 1; column < length / 4; column++)
    {
        const uint32_t *twiddle = fft->twiddles + column * stride;
        const uint32_t once = twiddle[0], twice = twiddle[column * stride], thrice = twiddle[2 * column * stride];
        for (int32_t *at = data + 2 * column; at < end; at += 2 * length)
        {
            butterfly(at, step, halve(load(at)), turn(load(at + step), once), turn(load(at + 2 * step), twice),
                      turn(load(at + 3 * step), thrice));
        }
    }
}

/* From the transform of pairs to that of the real frame: bins k and size - k come from values k and size - k. */
static void split(const struct mn_fft *fft, int32_t *data)
{
    int32_t *low = data + 2, *high = data + 2 * fft->size - 2;
    for (const uint32_t *twiddle = fft->split + 1; low <= high; twiddle++, low += 2, high -= 2)
    {
        const struct complex a = load(low), b = load(high);
        const int32_t sum_x = (a.x + b.x) >> 1, sum_y = (a.y - b.y) >> 1;
        const int32_t difference_x = a.x - b.x, difference_y = a.y + b.y;
        const int32_t x = mn_upper_high_mac(difference_x, *twiddle, mn_upper_low(difference_y, *twiddle));
        const int32_t y = mn_upper_high(difference_y, *twiddle) - mn_upper_low(difference_x, *twiddle);
        store(high, sum_x - x, y - sum_y);
        store(low, sum_x + x, sum_y + y);
    }
}

void mn_real_fft(const struct mn_fft *fft, int32_t *data)
{
    int32_t length = fft->first_radix;
    if (length == 8)
    {
        first_stage_radix_8(data, fft->size);
    }
    else
    {
        first_stage_radix_4(data, fft->size);
    }
    while (length < fft->size)
    {
        length *= 4;
        stage(fft, data, length);
    }
    split(fft, data);
}
