/* SPDX-License-Identifier: Apache-2.0 */
/* Products of matrices of int8, by four columns at a time that are widened once for all rows. */
#include "matmul.h"
#include "point_block.h"

enum
{
    COLUMNS = 4
};

struct sums
{
    int32_t a, b, c, d; /* a column each */
};

#if defined(__ARM_FEATURE_MVE)

#include <arm_mve.h>

enum
{
    VECTOR_BYTES = 16,
    /* Of the scratch, for 16 items of the depth: of each column. */
    BLOCK_BYTES = COLUMNS * VECTOR_BYTES
};

static int32_t column_bytes(int32_t depth)
{
    return (depth + VECTOR_BYTES - 1) / VECTOR_BYTES * BLOCK_BYTES;
}

/* Items of up to four columns, nothing beyond them; returns where a row's sums start: without the columns' zero point, which
 * goes with the row. */
static struct sums widen(
    const struct mn_matmul *p, int32_t start, const int8_t *items, int32_t columns, int8_t *scratch)
{
    const struct mn_matrix *const m = &p->second;
    const int32_t depth = p->depth, row_zero = p->first.zero_point;
    int8_t *const end = scratch + column_bytes(depth);
    for (int8_t *to = scratch; to != end; to += VECTOR_BYTES)
    {
        vstrbq_s8(to, vdupq_n_s8(0));
    }
    for (int32_t c = 0; m->row_stride == 1 && c < columns; c++)
    {
        const int8_t *from = items + c * m->column_stride;
        int8_t *to = scratch + c * VECTOR_BYTES;
        for (int32_t left = depth; left > 0; left -= VECTOR_BYTES, from += VECTOR_BYTES, to += BLOCK_BYTES)
        {
            vstrbq_s8(to, vldrbq_z_s8(from, vctp8q((uint32_t)left)));
        }
    }
    for (int32_t k = 0; m->row_stride != 1 && k < depth; k++, items += m->row_stride)
    {
        int8_t *const to = scratch + k / VECTOR_BYTES * BLOCK_BYTES + k % VECTOR_BYTES;
        for (int32_t c = 0; c < columns; c++)
        {
            to[c * VECTOR_BYTES] = items[c * m->column_stride];
        }
    }
    int32_t a = 0, b = 0, c = 0, d = 0;
    for (const int8_t *from = scratch; from != end; from += BLOCK_BYTES)
    {
        a = vaddvaq_s8(a, vldrbq_s8(from));
        b = vaddvaq_s8(b, vldrbq_s8(from + VECTOR_BYTES));
        c = vaddvaq_s8(c, vldrbq_s8(from + 2 * VECTOR_BYTES));
        d = vaddvaq_s8(d, vldrbq_s8(from + 3 * VECTOR_BYTES));
    }
    const uint32_t zeros = (uint32_t)start + (uint32_t)depth * (uint32_t)(row_zero * m->zero_point);
    const struct sums starts = {
        (int32_t)(zeros - (uint32_t)(row_zero * a)), (int32_t)(zeros - (uint32_t)(row_zero * b)),
        (int32_t)(zeros - (uint32_t)(row_zero * c)), (int32_t)(zeros - (uint32_t)(row_zero * d))};
    return starts;
}

MN_INLINE struct sums add_vector(struct sums s, int8x16_t items, const int8_t *columns)
{
    s.a = vmladavaq_s8(s.a, items, vldrbq_s8(columns));
    s.b = vmladavaq_s8(s.b, items, vldrbq_s8(columns + VECTOR_BYTES));
    s.c = vmladavaq_s8(s.c, items, vldrbq_s8(columns + 2 * VECTOR_BYTES));
    s.d = vmladavaq_s8(s.d, items, vldrbq_s8(columns + 3 * VECTOR_BYTES));
    return s;
}

/* With the products of a row, whose values lie side by side. */
MN_INLINE struct sums add_row(struct sums s, const struct mn_matmul *p, const int8_t *row, const int8_t *columns)
{
    int32_t left = p->depth, sum = 0;
    for (; left >= VECTOR_BYTES; left -= VECTOR_BYTES, row += VECTOR_BYTES, columns += BLOCK_BYTES)
    {
        const int8x16_t items = vldrbq_s8(row);
        sum = vaddvaq_s8(sum, items);
        s = add_vector(s, items, columns);
    }
    if (left > 0)
    {
        const int8x16_t items = vldrbq_z_s8(row, vctp8q((uint32_t)left));
        sum = vaddvaq_s8(sum, items);
        s = add_vector(s, items, columns);
    }
    const uint32_t offset = (uint32_t)(p->second.zero_point * sum);
    const struct sums whole = {
        (int32_t)((uint32_t)s.a - offset), (int32_t)((uint32_t)s.b - offset), (int32_t)((uint32_t)s.c - offset),
        (int32_t)((uint32_t)s.d - offset)};
    return whole;
}

#else

enum
{
    /* Of lanes, for four items of the depth: of each column items 0 and 2, then of each items 1 and 3. */
    QUAD_WORDS = 2 * COLUMNS
};

/* Four items of a row, items 0 and 2 in `even`, 1 and 3 in `odd`. */
MN_INLINE struct sums add_quad(struct sums s, uint32_t even, uint32_t odd, const uint32_t *lanes)
{
#if MN_DSP
    uint32_t w, x, y, z;
    __asm volatile("ldr %[w], [%[lanes]]\n\t"
                   "ldr %[x], [%[lanes], #4]\n\t"
                   "ldr %[y], [%[lanes], #8]\n\t"
                   "ldr %[z], [%[lanes], #12]\n\t"
                   "smlad %[a], %[even], %[w], %[a]\n\t"
                   "smlad %[b], %[even], %[x], %[b]\n\t"
                   "smlad %[c], %[even], %[y], %[c]\n\t"
                   "smlad %[d], %[even], %[z], %[d]\n\t"
                   "ldr %[w], [%[lanes], #16]\n\t"
                   "ldr %[x], [%[lanes], #20]\n\t"
                   "ldr %[y], [%[lanes], #24]\n\t"
                   "ldr %[z], [%[lanes], #28]\n\t"
                   "smlad %[a], %[odd], %[w], %[a]\n\t"
                   "smlad %[b], %[odd], %[x], %[b]\n\t"
                   "smlad %[c], %[odd], %[y], %[c]\n\t"
                   "smlad %[d], %[odd], %[z], %[d]"
                   : [a] "+r"(s.a), [b] "+r"(s.b), [c] "+r"(s.c), [d] "+r"(s.d), [w] "=&r"(w), [x] "=&r"(x),
                     [y] "=&r"(y), [z] "=&r"(z)
                   : [even] "r"(even), [odd] "r"(odd), [lanes] "r"(lanes)
                   : "memory");
#else
    s.a = mn_dual_mac(odd, lanes[4], mn_dual_mac(even, lanes[0], s.a));
    s.b = mn_dual_mac(odd, lanes[5], mn_dual_mac(even, lanes[1], s.b));
    s.c = mn_dual_mac(odd, lanes[6], mn_dual_mac(even, lanes[2], s.c));
    s.d = mn_dual_mac(odd, lanes[7], mn_dual_mac(even, lanes[3], s.d));
#endif
    return s;
}

static int32_t column_bytes(int32_t depth)
{
    return (depth + 3) / 4 * QUAD_WORDS * 4;
}

/* With the products of a row, whose values lie side by side. */
MN_INLINE struct sums add_row(struct sums s, const struct mn_matmul *p, const int8_t *row, const int8_t *columns)
{
    const int32_t depth = p->depth;
    const uint32_t *lanes = (const uint32_t *)(const void *)columns;
    const int8_t *const end = row + (depth & ~3);
    for (; row != end; row += 4, lanes += QUAD_WORDS)
    {
        const uint32_t bytes = mn_load_word(row);
        s = add_quad(s, mn_even_bytes(bytes), mn_odd_bytes(bytes), lanes);
    }
    if (depth & 3)
    {
        uint32_t bytes = 0;
        for (int32_t i = 0; i < (depth & 3); i++)
        {
            bytes |= (uint32_t)(uint8_t)row[i] << 8 * i;
        }
        s = add_quad(s, mn_even_bytes(bytes), mn_odd_bytes(bytes), lanes);
    }
    return s;
}

/* `count` items of the depth of `columns` columns; nothing beyond them. */
static void widen_some(const struct mn_matrix *m, const int8_t *items, int32_t count, int32_t columns, uint32_t *lanes)
{
    for (int32_t i = 0; i < 2; i++)
    {
        for (int32_t c = 0; c < COLUMNS; c++)
        {
            const int8_t *const item = items + i * m->row_stride + c * m->column_stride;
            const int32_t first = c < columns && i < count ? *item - m->zero_point : 0;
            const int32_t second = c < columns && i + 2 < count ? item[2 * m->row_stride] - m->zero_point : 0;
            *lanes++ = mn_pack_low((uint32_t)first, (uint32_t)second);
        }
    }
}

/* Four items of four columns, of which items or columns lie side by side. */
MN_INLINE void widen_quad(const struct mn_matrix *m, const int8_t *items, uint32_t minus_zero, uint32_t *lanes)
{
    const int32_t along_columns = m->column_stride == 1;
    const int32_t step = along_columns ? m->row_stride : m->column_stride;
    const uint32_t a = mn_load_word(items), b = mn_load_word(items + step);
    const uint32_t c = mn_load_word(items + 2 * step), d = mn_load_word(items + 3 * step);
    const uint32_t a_even = mn_add_even_bytes(minus_zero, a), a_odd = mn_add_odd_bytes(minus_zero, a);
    const uint32_t b_even = mn_add_even_bytes(minus_zero, b), b_odd = mn_add_odd_bytes(minus_zero, b);
    const uint32_t c_even = mn_add_even_bytes(minus_zero, c), c_odd = mn_add_odd_bytes(minus_zero, c);
    const uint32_t d_even = mn_add_even_bytes(minus_zero, d), d_odd = mn_add_odd_bytes(minus_zero, d);
    if (along_columns)
    {
        lanes[0] = mn_pack_low(a_even, c_even);
        lanes[1] = mn_pack_low(a_odd, c_odd);
        lanes[2] = mn_pack_high(a_even, c_even);
        lanes[3] = mn_pack_high(a_odd, c_odd);
        lanes[4] = mn_pack_low(b_even, d_even);
        lanes[5] = mn_pack_low(b_odd, d_odd);
        lanes[6] = mn_pack_high(b_even, d_even);
        lanes[7] = mn_pack_high(b_odd, d_odd);
        return;
    }
    lanes[0] = a_even;
    lanes[1] = b_even;
    lanes[2] = c_even;
    lanes[3] = d_even;
    lanes[4] = a_odd;
    lanes[5] = b_odd;
    lanes[6] = c_odd;
    lanes[7] = d_odd;
}

/* Lanes of up to four columns less their zero point; returns where a row's sums start, which takes out the rows' own. */
static struct sums widen(
    const struct mn_matmul *p, int32_t start, const int8_t *items, int32_t columns, int8_t *scratch)
{
    const struct mn_matrix *const m = &p->second;
    uint32_t *lanes = (uint32_t *)(void *)scratch;
    const uint32_t minus_zero = ((uint32_t)-m->zero_point & 0xFFFFU) * 0x10001U;
    const uint32_t minus_row_zero = ((uint32_t)-p->first.zero_point & 0xFFFFU) * 0x10001U;
    struct sums starts = {start, start, start, start};
    for (int32_t left = p->depth; left > 0; left -= 4, items += 4 * m->row_stride, lanes += QUAD_WORDS)
    {
        if (left >= 4 && columns == COLUMNS && (m->column_stride == 1 || m->row_stride == 1))
        {
            widen_quad(m, items, minus_zero, lanes);
        }
        else
        {
            widen_some(m, items, left, columns, lanes);
        }
        starts = add_quad(starts, minus_row_zero, minus_row_zero, lanes);
    }
    return starts;
}

#endif

/* One batch. */
MN_INLINE void multiply(
    enum mn_form form, const struct mn_matmul_columns *by_columns, const int8_t *first, const int8_t *second,
    int8_t *output, int8_t *scratch)
{
    const struct mn_matmul *const p = &by_columns->product;
    int8_t *const gathered = scratch + column_bytes(p->depth);
    const struct mn_scale scale = mn_small_scale(form, p->zero_point, p->multiplier, p->shift);
    const struct mn_bounds bounds = {p->zero_point, INT8_MIN, INT8_MAX};
    const int32_t depth = p->depth, step = by_columns->column_step;
    for (int32_t x = 0; x < p->columns; x += COLUMNS)
    {
        const int32_t columns = p->columns - x < COLUMNS ? p->columns - x : COLUMNS;
        const struct sums starts = widen(p, by_columns->start, second + x * p->second.column_stride, columns, scratch);
        const int8_t *row = first;
        int8_t *to = output + x * step;
        for (int32_t y = p->rows; y > 0; y--, row += p->first.row_stride, to += by_columns->row_step)
        {
            const int8_t *items = row;
            if (p->first.column_stride != 1)
            {
                for (int32_t i = 0; i < depth; i++)
                {
                    gathered[i] = row[i * p->first.column_stride];
                }
                items = gathered;
            }
            const struct sums s = add_row(starts, p, items, scratch);
            to[0] = mn_requantise(form, 0, &bounds, &scale, s.a);
            if (columns > 1)
            {
                to[step] = mn_requantise(form, 0, &bounds, &scale, s.b);
            }
            if (columns > 2)
            {
                to[2 * step] = mn_requantise(form, 0, &bounds, &scale, s.c);
            }
            if (columns > 3)
            {
                to[3 * step] = mn_requantise(form, 0, &bounds, &scale, s.d);
            }
        }
    }
}

MN_INLINE void run(
    enum mn_form form, const struct mn_matmul_columns *in_flash, const int8_t *first, const int8_t *second,
    int8_t *output, int8_t *scratch)
{
    /* Stores could alias the description. */
    const struct mn_matmul_columns description = *in_flash;
    const struct mn_matmul *const p = &description.product;
    for (int32_t i = 0; i < p->batches; i++)
    {
        multiply(form, &description, first, second, output, scratch);
        first += p->first.batch_stride;
        second += p->second.batch_stride;
        output += p->rows * p->columns;
    }
}

void mn_matmul_columns_fast(
    const struct mn_matmul_columns *p, const int8_t *first, const int8_t *second, int8_t *output, int8_t *scratch)
{
    run(MN_FAST, p, first, second, output, scratch);
}

void mn_matmul_columns_rounded(
    const struct mn_matmul_columns *p, const int8_t *first, const int8_t *second, int8_t *output, int8_t *scratch)
{
    run(MN_ROUNDED, p, first, second, output, scratch);
}

void mn_matmul_columns_general(
    const struct mn_matmul_columns *p, const int8_t *first, const int8_t *second, int8_t *output, int8_t *scratch)
{
    run(MN_GENERAL, p, first, second, output, scratch);
}
