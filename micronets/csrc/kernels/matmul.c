/* SPDX-License-Identifier: Apache-2.0 */
#include "matmul.h"
#include "micronets_arithmetic.h"
#include "micronets_dsp.h"

MN_INLINE int8_t scaled(const struct mn_matmul *p, int32_t sum)
{
    const int32_t value = mn_multiply_quantised(sum, p->multiplier, p->shift);
    return (int8_t)mn_clamp(mn_wrapping_add(value, p->zero_point), INT8_MIN, INT8_MAX);
}

/* Of a row and a column whose values lie `a_step` and `b_step` bytes apart; zero points are taken out of the sums. */
MN_INLINE int32_t
product(const struct mn_matmul *p, const int8_t *first, const int8_t *second, int32_t a_step, int32_t b_step)
{
    const int32_t a_zero = p->first.zero_point, b_zero = p->second.zero_point;
    uint32_t sum = 0;
    int32_t left = p->depth;
    for (; left >= 4; left -= 4, first += 4 * a_step, second += 4 * b_step)
    {
        sum += (uint32_t)((first[0] - a_zero) * (second[0] - b_zero));
        sum += (uint32_t)((first[a_step] - a_zero) * (second[b_step] - b_zero));
        sum += (uint32_t)((first[2 * a_step] - a_zero) * (second[2 * b_step] - b_zero));
        sum += (uint32_t)((first[3 * a_step] - a_zero) * (second[3 * b_step] - b_zero));
    }
    for (; left > 0; left--, first += a_step, second += b_step)
    {
        sum += (uint32_t)((*first - a_zero) * (*second - b_zero));
    }
    return (int32_t)sum;
}

/* The sums of a row and four columns, whose values lie side by side. */
MN_INLINE void four_products(
    const struct mn_matmul *p, const int8_t *first, const int8_t *second, int32_t a_step, int32_t b_step,
    int32_t sums[4])
{
    const int32_t a_zero = p->first.zero_point, b_zero = p->second.zero_point;
    uint32_t s = 0, t = 0, u = 0, v = 0, factors = 0;
    int32_t left = p->depth;
#if MN_DSP
    for (; left >= 2; left -= 2, first += 2 * a_step, second += 2 * b_step)
    {
        const uint32_t a = mn_pack_low((uint32_t)(first[0] - a_zero), (uint32_t)(first[a_step] - a_zero));
        const uint32_t above = mn_load_word(second), below = mn_load_word(second + b_step);
        uint32_t even, odd, even_below, odd_below;
        __asm("sxtb16 %0, %4\n\tsxtb16 %1, %4, ror #8\n\tsxtb16 %2, %5\n\tsxtb16 %3, %5, ror #8"
              : "=&r"(even), "=&r"(odd), "=&r"(even_below), "=&r"(odd_below)
              : "r"(above), "r"(below));
        s = (uint32_t)mn_dual_mac(a, mn_pack_low(even, even_below), (int32_t)s);
        t = (uint32_t)mn_dual_mac(a, mn_pack_low(odd, odd_below), (int32_t)t);
        u = (uint32_t)mn_dual_mac(a, mn_pack_high(even, even_below), (int32_t)u);
        v = (uint32_t)mn_dual_mac(a, mn_pack_high(odd, odd_below), (int32_t)v);
        factors = (uint32_t)mn_dual_mac(a, 0x10001U, (int32_t)factors);
    }
#endif
    for (; left > 0; left--, first += a_step, second += b_step)
    {
        const uint32_t bytes = mn_load_word(second);
        const int32_t a = *first - a_zero;
        s += (uint32_t)(a * (int8_t)bytes);
        t += (uint32_t)(a * (int8_t)(bytes >> 8));
        u += (uint32_t)(a * (int8_t)(bytes >> 16));
        v += (uint32_t)(a * (int8_t)(bytes >> 24));
        factors += (uint32_t)a;
    }
    const uint32_t offset = (uint32_t)b_zero * factors;
    sums[0] = (int32_t)(s - offset);
    sums[1] = (int32_t)(t - offset);
    sums[2] = (int32_t)(u - offset);
    sums[3] = (int32_t)(v - offset);
}

#if MN_DSP

/* Of values less a zero point: 0 and 2 in `even`, 1 and 3 in `odd`. */
MN_INLINE void widen(uint32_t bytes, uint32_t zeros, uint32_t *even, uint32_t *odd)
{
    __asm("sxtb16 %0, %2\n\tsxtb16 %1, %2, ror #8\n\tssub16 %0, %0, %3\n\tssub16 %1, %1, %3"
          : "=&r"(*even), "=&r"(*odd)
          : "r"(bytes), "r"(zeros)
          : "cc");
}

MN_INLINE int32_t multiply_word(uint32_t bytes, uint32_t even, uint32_t odd, int32_t sum)
{
    uint32_t own_even, own_odd;
    __asm("sxtb16 %0, %2\n\tsxtb16 %1, %2, ror #8" : "=&r"(own_even), "=r"(own_odd) : "r"(bytes));
    return mn_dual_mac(odd, own_odd, mn_dual_mac(even, own_even, sum));
}

/* Of a row and two columns, all of which lie side by side. */
MN_INLINE void two_products(
    const struct mn_matmul *p, const int8_t *row, const int8_t *left, const int8_t *right, int32_t sums[2])
{
    const int32_t a_zero = p->first.zero_point;
    const uint32_t zeros = mn_pack_low((uint32_t)a_zero, (uint32_t)a_zero);
    int32_t s = 0, t = 0, factors = 0, count = p->depth;
    for (; count >= 4; count -= 4, row += 4, left += 4, right += 4)
    {
        uint32_t even, odd;
        widen(mn_load_word(row), zeros, &even, &odd);
        s = multiply_word(mn_load_word(left), even, odd, s);
        t = multiply_word(mn_load_word(right), even, odd, t);
        factors = mn_dual_mac(odd, 0x10001U, mn_dual_mac(even, 0x10001U, factors));
    }
    for (; count > 0; count--)
    {
        const int32_t a = *row++ - a_zero;
        s = mn_wrap_add(s, a * *left++);
        t = mn_wrap_add(t, a * *right++);
        factors += a;
    }
    const uint32_t offset = (uint32_t)p->second.zero_point * (uint32_t)factors;
    sums[0] = (int32_t)((uint32_t)s - offset);
    sums[1] = (int32_t)((uint32_t)t - offset);
}

#endif

void mn_matmul(const struct mn_matmul *in_flash, const int8_t *first, const int8_t *second, int8_t *output)
{
    /* Stores could alias the description. */
    const struct mn_matmul description = *in_flash, *const p = &description;
    const int32_t a_step = p->first.column_stride, b_step = p->second.row_stride;
    for (int32_t i = 0; i < p->batches; i++)
    {
        for (int32_t y = 0; y < p->rows; y++)
        {
            const int8_t *const row = first + y * p->first.row_stride;
            int32_t x = 0;
            for (; p->second.column_stride == 1 && x + 4 <= p->columns; x += 4)
            {
                int32_t sums[4];
                four_products(p, row, second + x, a_step, b_step, sums);
                for (int32_t j = 0; j < 4; j++)
                {
                    *output++ = scaled(p, sums[j]);
                }
            }
#if MN_DSP
            for (; a_step == 1 && b_step == 1 && x + 2 <= p->columns; x += 2)
            {
                const int8_t *const column = second + x * p->second.column_stride;
                int32_t sums[2];
                two_products(p, row, column, column + p->second.column_stride, sums);
                *output++ = scaled(p, sums[0]);
                *output++ = scaled(p, sums[1]);
            }
#endif
            for (; x < p->columns; x++)
            {
                const int8_t *const column = second + x * p->second.column_stride;
                *output++ = scaled(p, product(p, row, column, a_step, b_step));
            }
        }
        first += p->first.batch_stride;
        second += p->second.batch_stride;
    }
}
