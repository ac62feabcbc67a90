/* SPDX-License-Identifier: Apache-2.0 */
/* Averages and maxima over windows along a row, four channels at a time, by sums or maxima of columns: those that two windows
 * share stay in registers, or what a window leaves is taken from its sum. The generated code instantiates it for a layer's
 * window and sides. */
#ifndef MICRONETS_POOL_COLUMNS_H
#define MICRONETS_POOL_COLUMNS_H

#include "lane_means.h"
#include "micronets_kernels.h"
#include "span.h"

/* What the generated code knows of a layer: the window, its stride along rows and the columns before the input's first,
 * columns and channels, and the rows of windows that reach above or below the input: none (0), all so many, or any (-1);
 * `few`: whether an average is of less than three pixels; `unrolled`: whether a window's columns are; `largest`: a maximum. */
struct mn_pool_constants
{
    int32_t rows, columns, stride, pad_left, in_columns, out_columns, channels, clipped_rows;
    int few, unrolled, clamped, largest;
};

enum
{
    MN_WORD_CHANNELS = 4
};

/* Of windows, of columns: sums, or maxima in the first word. */
#define MN_NOTHING(largest) ((struct mn_four_sums){(largest) ? 0x80808080U : 0, 0})

/* What a mean takes: factors by the columns of a window that lie inside the input, and bounds. */
struct mn_column_means
{
    int32_t *factors;
    uint32_t low, high;
};

/* Of less than four channels a word holds bytes of the next pixel, too, which are written again with that one. How many
 * outputs of row `y` can be made so without reading beyond the input, or writing beyond the output. */
int32_t mn_outputs_by_words(const struct mn_pool *p, int32_t y);
/* Outputs [x, columns) of a row, byte by byte, over `rows` of input from `input` on. */
void mn_pool_last_outputs(
    int largest, const struct mn_pool *p, const int8_t *input, int32_t rows, int32_t x, int8_t *output);

/* Of windows of `rows`. */
void mn_find_column_factors(int32_t *factors, int32_t columns, int32_t rows);

MN_INLINE int32_t mn_factor(const struct mn_pool_constants c, const struct mn_column_means *means, int32_t columns)
{
    return c.largest ? 0 : means->factors[columns];
}

MN_INLINE void mn_store_within(int8_t *output, const int clamped, const struct mn_column_means *means, uint32_t made)
{
    mn_store_word(output, clamped ? mn_min_bytes(mn_max_bytes(made, means->low), means->high) : made);
}

MN_INLINE void mn_store_pooled(
    int8_t *output, const struct mn_pool_constants c, const struct mn_column_means *means, int32_t factor,
    struct mn_four_sums s)
{
    mn_store_within(output, c.clamped, means, c.largest ? s.even : mn_scaled_lanes(factor, s));
}

MN_INLINE void mn_begin_or_add(struct mn_four_sums *s, const int largest, const int begins, uint32_t bytes)
{
    if (largest)
    {
        s->even = begins ? bytes : mn_max_bytes(s->even, bytes);
        s->odd = 0;
        return;
    }
    s->even = begins ? mn_even_bytes(bytes) : mn_add_even_bytes(s->even, bytes);
    s->odd = begins ? mn_odd_bytes(bytes) : mn_add_odd_bytes(s->odd, bytes);
}

/* Up to three words under one another: loaded together, so that one load begins while the one before it ends. */
MN_INLINE void mn_add_three(
    struct mn_four_sums *s, const int largest, const int begins, const int8_t *at, const int32_t count,
    const int32_t row_bytes)
{
    const mn_unaligned_word *const a = (const void *)at, *const b = (const void *)(at + row_bytes),
                                   *const c = (const void *)(at + 2 * row_bytes);
    uint32_t x, y = 0, z = 0;
#if MN_DSP
    if (count == 3)
    {
        __asm volatile("ldr %0, %3\n\tldr %1, %4\n\tldr %2, %5"
                       : "=&r"(x), "=&r"(y), "=&r"(z)
                       : "m"(*a), "m"(*b), "m"(*c));
    }
    else if (count == 2)
    {
        __asm volatile("ldr %0, %2\n\tldr %1, %3" : "=&r"(x), "=&r"(y) : "m"(*a), "m"(*b));
    }
    else
    {
        x = *a;
    }
#else
    x = *a;
    y = count > 1 ? *b : 0;
    z = count > 2 ? *c : 0;
#endif
    mn_begin_or_add(s, largest, begins, x);
    if (count > 1)
    {
        mn_begin_or_add(s, largest, 0, y);
    }
    if (count > 2)
    {
        mn_begin_or_add(s, largest, 0, z);
    }
}

/* Adds the bytes of four channels in `rows` rows under one another, known beforehand or else not; where `begins`, they
 * are all there is. */
MN_INLINE void mn_add_column(
    struct mn_four_sums *s, const int largest, const int known, const int begins, const int8_t *at, int32_t rows,
    const int32_t row_bytes)
{
    if (!known)
    {
        *s = begins ? MN_NOTHING(largest) : *s;
        if (!largest)
        {
            mn_add_four_channels(s, at, row_bytes, rows);
            return;
        }
        for (; rows > 0; rows--, at += row_bytes)
        {
            s->even = mn_max_bytes(s->even, mn_load_word(at));
        }
        return;
    }
#pragma GCC unroll 16
    for (int32_t row = 0; row < rows; row += 3)
    {
        mn_add_three(s, largest, begins && row == 0, at + row * row_bytes, rows - row < 3 ? rows - row : 3, row_bytes);
    }
}

MN_INLINE struct mn_four_sums mn_together(const int largest, struct mn_four_sums a, struct mn_four_sums b)
{
    const struct mn_four_sums s = {
        largest ? mn_max_bytes(a.even, b.even) : mn_add_halves(a.even, b.even),
        largest ? 0 : mn_add_halves(a.odd, b.odd)};
    return s;
}

/* A pointer that moves by itself: GCC 12.2 would else keep copies of it. */
MN_INLINE void mn_keep_pointer(int8_t **output)
{
    __asm("" : "+r"(*output));
}

/* Columns that the last window lacks. */
MN_INLINE int32_t mn_columns_lacking(const struct mn_pool_constants c)
{
    const int32_t beyond = (c.out_columns - 1) * c.stride + c.columns - c.pad_left - c.in_columns;
    return beyond > 0 ? beyond : 0;
}

/* One or two columns that a window shares with the next stay in registers. */
MN_INLINE void mn_pool_keeping(
    const struct mn_pool_constants c, const int known, int32_t rows, const struct mn_column_means *means,
    const int8_t *at, int8_t *output)
{
    const int32_t channels = c.channels, row_bytes = c.in_columns * channels, shared = c.columns - c.stride;
    const int32_t lacking = mn_columns_lacking(c);
    struct mn_four_sums before = MN_NOTHING(c.largest), last = before;
    for (int32_t i = c.pad_left; i < shared; i++, at += channels)
    {
        mn_add_column(&last, c.largest, known, 1, at, rows, row_bytes);
        before = i == c.pad_left ? last : mn_together(c.largest, before, last);
    }
    int32_t left = c.pad_left > 0 ? 1 : c.out_columns - lacking, then = c.out_columns - lacking - left;
    int32_t factor = mn_factor(c, means, c.columns - c.pad_left);
    for (;;)
    {
        struct mn_four_sums s = before, next;
        for (int32_t i = 1; i < c.stride; i++)
        {
            mn_add_column(&s, c.largest, known, 0, at + (i - 1) * channels, rows, row_bytes);
        }
        mn_add_column(&next, c.largest, known, 1, at + (c.stride - 1) * channels, rows, row_bytes);
        s = mn_together(c.largest, s, next);
        before = shared == 1 ? next : mn_together(c.largest, last, next);
        last = next;
        mn_store_pooled(output, c, means, factor, s);
        output += channels;
        at += c.stride * channels;
        mn_keep_pointer(&output);
        if (--left == 0)
        {
            if (then == 0)
            {
                break;
            }
            left = then;
            then = 0;
            factor = mn_factor(c, means, c.columns);
        }
    }
    if (lacking > 0)
    {
        for (int32_t i = 1; i < c.stride; i++)
        {
            mn_add_column(&before, c.largest, known, 0, at + (i - 1) * channels, rows, row_bytes);
        }
        mn_store_pooled(output, c, means, mn_factor(c, means, c.columns - 1), before);
    }
}

/* What a window leaves is taken from its sum. `means` by columns. */
MN_INLINE void mn_average_sliding(
    const struct mn_pool_constants c, const int known, int32_t rows, const struct mn_column_means *means,
    const int8_t *at, int8_t *output)
{
    const int32_t channels = c.channels, row_bytes = c.in_columns * channels;
    const int8_t *const end = at + row_bytes, *enters = at, *leaves = at - c.pad_left * channels;
    struct mn_four_sums s = {0, 0};
    int32_t columns = 0;
    for (; columns < c.columns - c.pad_left && enters < end; columns++, enters += channels)
    {
        mn_add_column(&s, c.largest, known, 0, enters, rows, row_bytes);
    }
    for (int32_t left = c.out_columns;;)
    {
        mn_store_pooled(output, c, means, mn_factor(c, means, columns), s);
        output += channels;
        mn_keep_pointer(&output);
        if (--left == 0)
        {
            return;
        }
        for (int32_t i = 0; i < c.stride; i++, enters += channels, leaves += channels)
        {
            if (enters < end)
            {
                mn_add_column(&s, c.largest, known, 0, enters, rows, row_bytes);
                columns++;
            }
            if (leaves >= at)
            {
                struct mn_four_sums gone;
                mn_add_column(&gone, c.largest, known, 1, leaves, rows, row_bytes);
                s.even = mn_subtract_halves(s.even, gone.even);
                s.odd = mn_subtract_halves(s.odd, gone.odd);
                columns--;
            }
        }
    }
}

/* Every window by itself, `outputs` of them. `means` by columns. */
MN_INLINE void mn_pool_apart(
    const struct mn_pool_constants c, const int known, int32_t rows, const struct mn_column_means *means,
    const int8_t *at, int32_t outputs, int8_t *output)
{
    const int32_t channels = c.channels, row_bytes = c.in_columns * channels;
    const int all_whole = c.pad_left == 0 && mn_columns_lacking(c) == 0;
    for (int32_t x = 0; x < outputs; x++, output += channels)
    {
        struct mn_four_sums s = MN_NOTHING(c.largest);
        const int32_t from = x * c.stride - c.pad_left;
        mn_keep_pointer(&output);
        const int whole = all_whole || (from >= 0 && from + c.columns <= c.in_columns);
        if (known && whole && !(c.few && rows * c.columns < MN_LEAST_MULTIPLIED))
        {
#pragma GCC unroll 16
            for (int32_t i = 0; i < c.columns; i++)
            {
                mn_add_column(&s, c.largest, known, i == 0, at + (from + i) * channels, rows, row_bytes);
            }
            mn_store_pooled(output, c, means, mn_factor(c, means, c.columns), s);
        }
        else
        {
            const struct mn_span xs = mn_window_inside(x, c.stride, c.pad_left, c.columns, c.in_columns);
            const int32_t columns = xs.end - xs.first;
            /* Where the first of these holds the second does, which compilers do not see. */
            if (c.few && (rows * c.columns < MN_LEAST_MULTIPLIED || rows * columns < MN_LEAST_MULTIPLIED))
            {
                const int8_t *first = at + xs.first * channels;
                const int8_t *second = first + (columns > 1 ? channels : rows > 1 ? row_bytes : 0);
                mn_store_within(output, c.clamped, means, mn_mean_of_two(mn_load_word(first), mn_load_word(second)));
                continue;
            }
            for (int32_t i = xs.first; i < xs.end; i++)
            {
                mn_add_column(&s, c.largest, known, 0, at + i * channels, rows, row_bytes);
            }
            mn_store_pooled(output, c, means, mn_factor(c, means, columns), s);
        }
    }
}

MN_INLINE void mn_pool_row(
    const struct mn_pool_constants c, const int known, int32_t rows, const struct mn_column_means *means,
    const int8_t *input, int8_t *output)
{
    const int32_t shared = c.columns - c.stride;
    for (int32_t channel = 0; channel < c.channels; channel += 4)
    {
        /* The last four may overlap the ones before. */
        channel = channel > c.channels - 4 ? c.channels - 4 : channel;
        const int8_t *at = input + channel;
        if (!c.few && c.out_columns > 1 && (shared == 1 || (shared == 2 && c.stride == 1)) && c.pad_left <= 1 &&
            mn_columns_lacking(c) <= 1)
        {
            mn_pool_keeping(c, known, rows, means, at, output + channel);
        }
        else if (!c.few && !c.largest && shared > c.stride)
        {
            mn_average_sliding(c, known, rows, means, at, output + channel);
        }
        else
        {
            mn_pool_apart(c, known, rows, means, at, c.out_columns, output + channel);
        }
    }
}

/* Any row of outputs, `outputs` of them where there are less than four channels. */
MN_INLINE void mn_pool_any_row(
    const struct mn_pool_constants c, const int known, int32_t rows, const struct mn_column_means *means,
    const int8_t *input, int32_t outputs, int8_t *output)
{
    if (c.channels < MN_WORD_CHANNELS)
    {
        mn_pool_apart(c, known, rows, means, input, outputs, output);
    }
    else
    {
        mn_pool_row(c, known, rows, means, input, output);
    }
}

/* `factors`, of averages: room for one more than a window's columns. */
MN_INLINE void mn_pool_by_columns(
    const struct mn_pool_constants c, int32_t *factors, const struct mn_pool *p, const int8_t *input, int8_t *output)
{
    const int32_t row_bytes = c.in_columns * c.channels, stride = p->window.row_stride, pad_top = p->window.pad_top;
    const struct mn_column_means means = {factors, mn_four_times(p->low), mn_four_times(p->high)};
    if (c.channels < MN_WORD_CHANNELS)
    {
        /* Compilers that know the arena's size warn of words beyond it, of whose outputs there are none. */
        __asm("" : "+r"(input));
    }
    for (int32_t y = 0, before = 0; y < p->out.rows; y++, output += c.out_columns * c.channels)
    {
        const struct mn_span ys = mn_window_inside(y, stride, pad_top, c.rows, p->in.rows);
        const int32_t rows = ys.end - ys.first;
        const int8_t *from = input + ys.first * row_bytes;
        const int32_t outputs = c.channels < MN_WORD_CHANNELS ? mn_outputs_by_words(p, y) : c.out_columns;
        if (!c.largest && rows != before)
        {
            mn_find_column_factors(factors, c.columns, rows);
            before = rows;
        }
        if (!c.unrolled)
        {
            mn_pool_any_row(c, 0, rows, &means, from, outputs, output);
        }
        else if (c.clipped_rows == 0 || rows == c.rows)
        {
            mn_pool_any_row(c, 1, c.rows, &means, from, outputs, output);
        }
        else if (c.clipped_rows > 0)
        {
            mn_pool_any_row(c, 1, c.clipped_rows, &means, from, outputs, output);
        }
        else
        {
            mn_pool_any_row(c, 0, rows, &means, from, outputs, output);
        }
        if (outputs < c.out_columns)
        {
            mn_pool_last_outputs(c.largest, p, from, rows, outputs, output);
        }
    }
}

#endif
