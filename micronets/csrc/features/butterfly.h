/* SPDX-License-Identifier: Apache-2.0 */
/* Butterflies of the transform, see micronets/device_features/sound/fft.py. */
#ifndef BUTTERFLY_H
#define BUTTERFLY_H

#include "features_arithmetic.h"

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

/* value / sqrt(2): the factor is 2^32 (1 / sqrt(2) - 1), as 1 / sqrt(2) itself does not fit. */
MN_INLINE int32_t sqrt_half(int32_t value)
{
    return mn_high_mac(value, -1257966797, value);
}

/* Writes the four sums to at, at + step, at + 2 step, at + 3 step. */
MN_INLINE void butterfly(
    int32_t *at, int32_t step, struct complex a, struct complex b, struct complex c, struct complex d)
{
    const int32_t px = a.x + c.x, py = a.y + c.y, qx = a.x - c.x, qy = a.y - c.y;
    const int32_t rx = b.x + d.x, ry = b.y + d.y, sx = b.x - d.x, sy = b.y - d.y;
    store(at, px + rx, py + ry);
    store(at + step, qx + sy, qy - sx);
    store(at + 2 * step, px - rx, py - ry);
    store(at + 3 * step, qx - sy, qy + sx);
}

/* The first stage of the transform: a butterfly of radix 4 or 8 without twiddle factors, to neighbours from `at` on. */
MN_INLINE void mn_first_butterfly(int32_t *at, const struct complex *legs)
{
#if MN_FFT_FIRST_RADIX == 4
    butterfly(at, 2, legs[0], legs[1], legs[2], legs[3]);
#else
    int32_t odd[8];
    butterfly(odd, 2, legs[1], legs[3], legs[5], legs[7]);
    butterfly(at, 2, legs[0], legs[2], legs[4], legs[6]);
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
#endif
}

#endif
