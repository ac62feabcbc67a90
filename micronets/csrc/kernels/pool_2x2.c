/* SPDX-License-Identifier: Apache-2.0 */
/* Average and maximum over windows of 2x2 that lie inside the input, of a multiple of four channels. */
#include "pool_2x2.h"
#include "micronets_arithmetic.h"
#include "micronets_dsp.h"

MN_INLINE int8_t average(const struct mn_pool *p, int32_t sum)
{
    return (int8_t)mn_clamp((sum + (sum > 0 ? 2 : -2)) / 4, p->low, p->high);
}

MN_INLINE void pool(int largest, const struct mn_pool *in_flash, const int8_t *input, int8_t *output)
{
    /* Stores could alias the description. */
    const struct mn_pool p = *in_flash;
    const int32_t channels = p.out.channels, row_bytes = p.in.columns * channels;
    const int32_t step = p.window.column_stride * channels;
    /* At least `low`; and at most `high`, as its complement is at least that of `high`. */
    const uint32_t low = (uint32_t)(uint8_t)p.low * 0x01010101U, not_high = (uint32_t)(uint8_t)~p.high * 0x01010101U;
    for (int32_t y = 0; y < p.out.rows; y++, input += p.window.row_stride * row_bytes)
    {
        const int8_t *window = input;
        for (int32_t x = 0; x < p.out.columns; x++, window += step)
        {
            const int8_t *upper = window, *lower = window + row_bytes;
            for (int32_t left = channels; left > 0; left -= 4, upper += 4, lower += 4, output += 4)
            {
                const uint32_t a = mn_load_word(upper), b = mn_load_word(upper + channels);
                const uint32_t c = mn_load_word(lower), d = mn_load_word(lower + channels);
                if (largest)
                {
                    const uint32_t most = mn_max_bytes(mn_max_bytes(mn_max_bytes(low, a), b), mn_max_bytes(c, d));
                    *(mn_unaligned_word *)(void *)output = ~mn_max_bytes(~most, not_high);
                }
                else
                {
                    uint32_t even = mn_add_even_bytes(mn_even_bytes(a), b), odd = mn_add_odd_bytes(mn_odd_bytes(a), b);
                    even = mn_add_even_bytes(mn_add_even_bytes(even, c), d);
                    odd = mn_add_odd_bytes(mn_add_odd_bytes(odd, c), d);
                    output[0] = average(&p, mn_low(even));
                    output[1] = average(&p, mn_low(odd));
                    output[2] = average(&p, mn_high(even));
                    output[3] = average(&p, mn_high(odd));
                }
            }
        }
    }
}

void mn_average_pool_2x2(const struct mn_pool *p, const int8_t *input, int8_t *output)
{
    pool(0, p, input, output);
}

void mn_max_pool_2x2(const struct mn_pool *p, const int8_t *input, int8_t *output)
{
    pool(1, p, input, output);
}
