/* SPDX-License-Identifier: Apache-2.0 */
/* One copy for 1x1 convolutions and those of patches. */
#include "widen.h"
#include "small.h"

MN_SMALL void mn_widen_block(const int8_t *pixels, int32_t stride, int32_t depth, uint32_t *column)
{
    const int8_t *a = pixels, *b = a + stride, *c = b + stride, *d = c + stride;
    int32_t k = depth;
    for (; k >= 4; k -= 4, a += 4, b += 4, c += 4, d += 4, column += 2 * MN_BLOCK_PIXELS)
    {
        const uint32_t p = mn_load_word(a), q = mn_load_word(b), r = mn_load_word(c), s = mn_load_word(d);
        column[0] = mn_even_bytes(p);
        column[1] = mn_even_bytes(q);
        column[2] = mn_even_bytes(r);
        column[3] = mn_even_bytes(s);
        column[4] = mn_odd_bytes(p);
        column[5] = mn_odd_bytes(q);
        column[6] = mn_odd_bytes(r);
        column[7] = mn_odd_bytes(s);
    }
    if (k > 0)
    {
        mn_widen_rest(a, k, column);
        mn_widen_rest(b, k, column + 1);
        mn_widen_rest(c, k, column + 2);
        mn_widen_rest(d, k, column + 3);
    }
}
