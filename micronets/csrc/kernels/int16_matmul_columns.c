/* SPDX-License-Identifier: Apache-2.0 */
/* Products of matrices of int16, by four columns at a time whose items are brought together once for all rows. */
#include "int16_requantise.h"
#include "matmul.h"

enum
{
    COLUMNS = 4 /* words for two items of the depth, one of each column */
};

struct sums
{
    int64_t a, b, c, d; /* a column each */
};

/* Of two items of a row. */
MN_INLINE struct sums add_pair(struct sums s, uint32_t items, const uint32_t *pairs)
{
    const int64_t first = mn_low(items), second = mn_high(items);
    s.a += first * mn_low(pairs[0]) + second * mn_high(pairs[0]);
    s.b += first * mn_low(pairs[1]) + second * mn_high(pairs[1]);
    s.c += first * mn_low(pairs[2]) + second * mn_high(pairs[2]);
    s.d += first * mn_low(pairs[3]) + second * mn_high(pairs[3]);
    return s;
}

/* Of `*row` up to `end` four items at a time, whose pairs lie `step` bytes apart. */
MN_INLINE struct sums add_fours(
    struct sums s, const int8_t **row, const int8_t *end, int32_t step, const uint32_t **pairs)
{
#if MN_DSP
    /* All fourteen registers are taken, so the end is compared from memory. */
    const int8_t *at = *row;
    const uint32_t *from = *pairs;
    uint32_t items, x, y;
#define MN_PAIR(i)                                                                                                     \
    "ldr %[x], [%[from], #16 * " #i "]\n\t"                                                                            \
    "ldr %[y], [%[from], #16 * " #i " + 4]\n\t"                                                                        \
    "smlald %Q[a], %R[a], %[items], %[x]\n\t"                                                                          \
    "smlald %Q[b], %R[b], %[items], %[y]\n\t"                                                                          \
    "ldr %[x], [%[from], #16 * " #i " + 8]\n\t"                                                                        \
    "ldr %[y], [%[from], #16 * " #i " + 12]\n\t"                                                                       \
    "smlald %Q[c], %R[c], %[items], %[x]\n\t"                                                                          \
    "smlald %Q[d], %R[d], %[items], %[y]\n\t"
    /* clang-format off */
    if (at != end)
    {
        __asm volatile("1:\n\t"
                       "ldr %[items], [%[at]]\n\t" MN_PAIR(0)
                       "ldr %[items], [%[at], %[step]]\n\t" MN_PAIR(1)
                       "add %[at], %[at], %[step], lsl #1\n\t"
                       "add %[from], %[from], #32\n\t"
                       "ldr %[x], %[end]\n\t"
                       "cmp %[at], %[x]\n\t"
                       "bne 1b"
                       : [a] "+r"(s.a), [b] "+r"(s.b), [c] "+r"(s.c), [d] "+r"(s.d), [at] "+r"(at), [from] "+r"(from),
                         [items] "=&r"(items), [x] "=&r"(x), [y] "=&r"(y)
                       : [step] "r"(step), [end] "m"(end)
                       : "cc", "memory");
    }
    /* clang-format on */
#undef MN_PAIR
    *row = at;
    *pairs = from;
#else
    for (; *row != end; *row += 2 * step, *pairs += 2 * COLUMNS)
    {
        s = add_pair(s, mn_load_word(*row), *pairs);
        s = add_pair(s, mn_load_word(*row + step), *pairs + COLUMNS);
    }
#endif
    return s;
}

/* Of a row, whose pairs of items lie `step` bytes apart. */
MN_INLINE struct sums sum_row(const int8_t *row, int32_t depth, int32_t step, const uint32_t *pairs)
{
    struct sums s = {0, 0, 0, 0};
    s = add_fours(s, &row, row + depth / 4 * 2 * step, step, &pairs);
    if (depth & 2)
    {
        s = add_pair(s, mn_load_word(row), pairs);
        row += step;
        pairs += COLUMNS;
    }
    return depth & 1 ? add_pair(s, mn_load_half(row), pairs) : s;
}

/* Of a matrix, lines that are multiplied with others: `along` items from one of a line to the next, `across` from one line
 * to the next. */
struct lines
{
    const int8_t *items;
    int32_t along, across;
};

/* Two items of four lines, of which items or lines lie side by side. */
MN_INLINE void bring_pair(const struct lines *l, const int8_t *items, uint32_t *pairs)
{
    if (l->along == 1)
    {
        const int32_t step = 2 * l->across;
        pairs[0] = mn_load_word(items);
        pairs[1] = mn_load_word(items + step);
        pairs[2] = mn_load_word(items + 2 * step);
        pairs[3] = mn_load_word(items + 3 * step);
        return;
    }
    const int8_t *const next = items + 2 * l->along;
    const uint32_t ab = mn_load_word(items), cd = mn_load_word(items + 4);
    const uint32_t ab_next = mn_load_word(next), cd_next = mn_load_word(next + 4);
    pairs[0] = mn_pack_low(ab, ab_next);
    pairs[1] = mn_pack_high(ab, ab_next);
    pairs[2] = mn_pack_low(cd, cd_next);
    pairs[3] = mn_pack_high(cd, cd_next);
}

/* All items of four lines, of which only `count` may be there, pair by pair; 0 beyond them. */
static void bring(struct lines lines, int32_t first, int32_t count, int32_t depth, uint32_t *pairs)
{
    const struct lines *const l = &lines;
    const int8_t *items = l->items + 2 * first * l->across;
    for (int32_t left = depth; left > 0; left -= 2, items += 4 * l->along, pairs += COLUMNS)
    {
        if (left >= 2 && count >= COLUMNS && (l->across == 1 || l->along == 1))
        {
            bring_pair(l, items, pairs);
            continue;
        }
        for (int32_t c = 0; c < COLUMNS; c++)
        {
            const int32_t at = c * l->across;
            const uint32_t one = c < count ? (uint32_t)mn_int16_at(items, at) : 0;
            const uint32_t other = c < count && left > 1 ? (uint32_t)mn_int16_at(items, at + l->along) : 0;
            pairs[c] = mn_pack_low(one, other);
        }
    }
}

MN_INLINE void put(const struct mn_matmul *p, int64_t sum, int8_t *output)
{
    mn_set_int16(output, 0, mn_clamp(mn_multiply_wide(sum, p->multiplier, p->shift), INT16_MIN, INT16_MAX));
}

/* One batch. Rows whose values do not lie side by side are brought together by fours, too. */
static void multiply(
    const struct mn_matmul_columns *by_columns, const int8_t *first, const int8_t *second, int8_t *output,
    int8_t *scratch)
{
    const struct mn_matmul *const p = &by_columns->product;
    const struct lines rows = {first, p->first.column_stride, p->first.row_stride};
    const struct lines columns = {second, p->second.row_stride, p->second.column_stride};
    const int32_t depth = p->depth, step = 2 * by_columns->column_step, line_step = rows.along == 1 ? 4 : 4 * COLUMNS;
    uint32_t *const pairs = (uint32_t *)(void *)scratch, *const gathered = pairs + (depth + 1) / 2 * COLUMNS;
    for (int32_t x = 0; x < p->columns; x += COLUMNS)
    {
        const int32_t left = p->columns - x;
        bring(columns, x, left, depth, pairs);
        const int8_t *row = first;
        int8_t *to = output + x * step;
        for (int32_t y = 0; y < p->rows; y++, row += 2 * rows.across, to += 2 * by_columns->row_step)
        {
            const int8_t *line = row;
            if (rows.along != 1)
            {
                if (y % COLUMNS == 0)
                {
                    bring(rows, y, p->rows - y, depth, gathered);
                }
                line = (const int8_t *)(gathered + y % COLUMNS);
            }
            const struct sums s = sum_row(line, depth, line_step, pairs);
            put(p, s.a, to);
            if (left > 1)
            {
                put(p, s.b, to + step);
            }
            if (left > 2)
            {
                put(p, s.c, to + 2 * step);
            }
            if (left > 3)
            {
                put(p, s.d, to + 3 * step);
            }
        }
    }
}

void mn_int16_matmul_columns(
    const struct mn_matmul_columns *in_flash, const int8_t *first, const int8_t *second, int8_t *output,
    int8_t *scratch)
{
    /* Stores could alias the description. */
    const struct mn_matmul_columns description = *in_flash;
    const struct mn_matmul *const p = &description.product;
    for (int32_t i = 0; i < p->batches; i++)
    {
        multiply(&description, first, second, output, scratch);
        first += 2 * p->first.batch_stride;
        second += 2 * p->second.batch_stride;
        output += 2 * p->rows * p->columns;
    }
}
