/* SPDX-License-Identifier: Apache-2.0 */
#include "int16_pool.h"
#include "bytes.h"
#include "items.h"
#include "micronets_arithmetic.h"
#include "span.h"

enum how
{
    AVERAGE,
    LARGEST
};

MN_INLINE int32_t mean(int32_t sum, int32_t count)
{
    return sum > 0 ? (sum + count / 2) / count : (sum - count / 2) / count;
}

MN_INLINE int32_t pooled(enum how how, const int8_t *input, int32_t rows, int32_t columns, int32_t row, int32_t pixel)
{
    int32_t sum = 0, largest = INT16_MIN;
    for (int32_t y = 0; y < rows; y++, input += 2 * row)
    {
        const int8_t *at = input;
        for (int32_t left = columns; left > 0; left--, at += 2 * pixel)
        {
            const int32_t value = mn_int16_at(at, 0);
            sum += value;
            largest = value > largest ? value : largest;
        }
    }
    return how == LARGEST ? largest : mean(sum, rows * columns);
}

/* The larger one of every pair of int16. */
MN_INLINE uint32_t larger_halves(uint32_t a, uint32_t b)
{
#if MN_DSP
    uint32_t larger;
    __asm("ssub16 %0, %1, %2\n\tsel %0, %1, %2" : "=&r"(larger) : "r"(a), "r"(b) : "cc");
    return larger;
#else
    const int32_t low = mn_low(a) > mn_low(b) ? mn_low(a) : mn_low(b);
    const int32_t high = mn_high(a) > mn_high(b) ? mn_high(a) : mn_high(b);
    return ((uint32_t)low & 0xFFFFU) | (uint32_t)high << 16;
#endif
}

/* Two channels. */
MN_INLINE void pooled_two(
    enum how how, const struct mn_pool *p, const int8_t *input, int32_t rows, int32_t columns, int32_t row,
    int32_t pixel, int8_t *output)
{
    const int32_t count = rows * columns;
    int32_t low = 0, high = 0;
    uint32_t largest = 0x80008000U;
    for (; rows > 0; rows--, input += 2 * row)
    {
        const int8_t *at = input;
        for (int32_t left = columns; left > 0; left--, at += 2 * pixel)
        {
            const uint32_t two = mn_load_word(at);
            if (how == LARGEST)
            {
                largest = larger_halves(largest, two);
            }
            else
            {
                low += mn_low(two);
                high += mn_high(two);
            }
        }
    }
    low = how == LARGEST ? mn_low(largest) : mean(low, count);
    high = how == LARGEST ? mn_high(largest) : mean(high, count);
    mn_set_int16(output, 0, mn_clamp(low, p->low, p->high));
    mn_set_int16(output, 1, mn_clamp(high, p->low, p->high));
}

MN_INLINE void pool(const struct mn_pool *in_flash, const int8_t *input, int8_t *output, enum how how)
{
    /* Stores could alias the description. */
    const struct mn_pool description = *in_flash, *const p = &description;
    const struct mn_window w = p->window;
    const int32_t channels = p->out.channels, row = p->in.columns * channels;
    for (int32_t y = 0; y < p->out.rows; y++)
    {
        const struct mn_span ys = mn_window_inside(y, w.row_stride, w.pad_top, w.rows, p->in.rows);
        for (int32_t x = 0; x < p->out.columns; x++, output += 2 * channels)
        {
            const struct mn_span xs = mn_window_inside(x, w.column_stride, w.pad_left, w.columns, p->in.columns);
            const int8_t *first = input + 2 * (ys.first * row + xs.first * channels);
            int32_t c = 0;
            for (; c + 2 <= channels; c += 2)
            {
                pooled_two(how, p, first + 2 * c, ys.end - ys.first, xs.end - xs.first, row, channels, output + 2 * c);
            }
            for (; c < channels; c++)
            {
                const int32_t value = pooled(how, first + 2 * c, ys.end - ys.first, xs.end - xs.first, row, channels);
                mn_set_int16(output, c, mn_clamp(value, p->low, p->high));
            }
        }
    }
}

void mn_int16_average_pool(const struct mn_pool *p, const int8_t *input, int8_t *output)
{
    pool(p, input, output, AVERAGE);
}

void mn_int16_max_pool(const struct mn_pool *p, const int8_t *input, int8_t *output)
{
    pool(p, input, output, LARGEST);
}

/* Sums wrap, as the reference's may. */
static void store_sum(const struct mn_reduce *p, int32_t sum, int8_t *output)
{
    const int32_t scaled = mn_multiply_quantised(sum, p->multiplier, p->shift);
    mn_set_int16(output, 0, mn_clamp(mn_wrapping_add(scaled, p->zero_point), INT16_MIN, INT16_MAX));
}

/* Of `count` values `apart` bytes from one another, added to `sum`. */
MN_INLINE int32_t sum_of(const int8_t *at, int32_t apart, int32_t count, int32_t sum)
{
    for (; apart == 2 && count >= 8; count -= 8, at += 16)
    {
        uint32_t words[4];
        mn_load_sixteen_bytes(at, words);
        sum = mn_dual_mac(words[1], 0x00010001U, mn_dual_mac(words[0], 0x00010001U, sum));
        sum = mn_dual_mac(words[3], 0x00010001U, mn_dual_mac(words[2], 0x00010001U, sum));
    }
    for (; count > 0; count--, at += apart)
    {
        sum = mn_wrapping_add(sum, mn_int16_at(at, 0));
    }
    return sum;
}

void mn_int16_reduce_sum(const struct mn_reduce *in_flash, const int8_t *input, int8_t *output)
{
    /* Stores could alias the description. */
    const struct mn_reduce p = *in_flash;
    const int32_t start = (int32_t)(0U - (uint32_t)p.input_zero_point * (uint32_t)p.count), apart = 2 * p.inner;
    for (int32_t i = 0; i < p.outer; i++, input += p.count * apart)
    {
        int32_t j = 0;
        for (; j + 2 <= p.inner; j += 2, output += 4)
        {
            const int8_t *at = input + 2 * j;
            int32_t low = start, high = start, left = p.count;
            for (; left >= 2; left -= 2, at += 2 * apart)
            {
                const uint32_t two = mn_load_word(at), next = mn_load_word(at + apart);
                low = mn_wrapping_add(mn_wrapping_add(low, mn_low(two)), mn_low(next));
                high = mn_wrapping_add(mn_wrapping_add(high, mn_high(two)), mn_high(next));
            }
            if (left > 0)
            {
                low = mn_wrapping_add(low, mn_int16_at(at, 0));
                high = mn_wrapping_add(high, mn_int16_at(at, 1));
            }
            store_sum(&p, low, output);
            store_sum(&p, high, output + 2);
        }
        if (j < p.inner)
        {
            store_sum(&p, sum_of(input + 2 * j, apart, p.count, start), output);
            output += 2;
        }
    }
}
