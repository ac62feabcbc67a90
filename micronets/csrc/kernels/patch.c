/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution with a larger kernel: four pixels' patches are widened, some copied out first, and multiplied like 1x1
 * pixels. */
#include "micronets_config.h"
#include "point.h"
#include "point_deep.h"
#include "point_int4.h"
#include "small.h"
#include "span.h"

MN_INLINE void copy_run(int8_t *to, const int8_t *from, int32_t count)
{
    for (; count >= 4; count -= 4, from += 4, to += 4)
    {
        *(mn_unaligned_word *)(void *)to = mn_load_word(from);
    }
    for (; count > 0; count--)
    {
        *to++ = *from++;
    }
}

MN_INLINE void fill_words(int8_t *to, uint32_t bytes, int32_t count)
{
    for (; count > 0; count -= 4, to += 4)
    {
        *(mn_unaligned_word *)(void *)to = bytes;
    }
}

/* Copies the inputs under the kernel at (y, x), those outside as zero points; `patch` has room for whole words. */
static MN_SMALL void copy_edge_patch(const struct mn_patch *p, const int8_t *input, int32_t y, int32_t x, int8_t *patch)
{
    const struct mn_window *w = &p->window;
    const int32_t depth = p->in.channels;
    const int32_t top = y * w->row_stride - w->pad_top, left = x * w->column_stride - w->pad_left;
    const struct mn_span ys = mn_taps_inside(top, w->row_dilation, w->rows, p->in.rows);
    const struct mn_span xs = mn_taps_inside(left, w->column_dilation, w->columns, p->in.columns);
    if (ys.end - ys.first < w->rows || xs.end - xs.first < w->columns)
    {
        fill_words(patch, (uint32_t)(uint8_t)p->input_zero_point * 0x01010101U, p->point.depth);
    }
    const int32_t run = w->columns * depth, row_bytes = p->in.columns * depth;
    const int8_t *row = input + (top + ys.first * w->row_dilation) * row_bytes + left * depth;
    patch += ys.first * run;
    if (w->column_dilation == 1)
    {
        const int32_t count = (xs.end - xs.first) * depth;
        row += xs.first * depth;
        patch += xs.first * depth;
        for (int32_t ky = ys.first; ky < ys.end; ky++, row += w->row_dilation * row_bytes, patch += run)
        {
            copy_run(patch, row, count);
        }
        return;
    }
    for (int32_t ky = ys.first; ky < ys.end; ky++, row += w->row_dilation * row_bytes, patch += run)
    {
        for (int32_t kx = xs.first; kx < xs.end; kx++)
        {
            copy_run(patch + kx * depth, row + kx * w->column_dilation * depth, depth);
        }
    }
}

/* A patch that lies wholly inside the input, without dilation: `rows` runs of at least two bytes, `row_bytes` after one
 * another. They are copied in whole words: what a run writes beyond its end the next one overwrites, and only the last
 * one must not read beyond its own end. */
MN_INLINE void copy_inner_patch(int32_t rows, int32_t run, int32_t row_bytes, const int8_t *row, int8_t *patch)
{
    for (; rows > 1; rows--, row += row_bytes, patch += run)
    {
        int32_t i = 0;
        do
        {
            *(mn_unaligned_word *)(void *)(patch + i) = mn_load_word(row + i);
            i += 4;
        } while (i < run);
    }
    copy_run(patch, row, run);
}

/* The pixel whose patch comes next. The description lies in flash, and stores could alias it: what every patch needs of
 * it is read once, and what holds for a row of outputs is found once per row. */
struct place
{
    int32_t y, x;
    /* Outputs [inner, inner_end) of the row have patches that lie wholly inside the input, without dilation. */
    int32_t inner, inner_end;
    /* Where the patch of output 0 begins, from the input's begin; bytes from one patch to the next. */
    int32_t begin, step;
    int32_t rows, run, row_bytes, out_columns;
    /* Of a patch in whole words: lanes beyond the depth have zero weights. */
    int32_t patch_bytes;
    /* Whether runs are whole words, so that patches inside the input are widened from where they lie. */
    int32_t whole_words;
};

static MN_SMALL __attribute__((noinline)) void begin_row(const struct mn_patch *p, struct place *at)
{
    const struct mn_window *w = &p->window;
    const int32_t top = at->y * w->row_stride - w->pad_top;
    at->x = at->inner = at->inner_end = 0;
    at->begin = (top * p->in.columns - w->pad_left) * p->in.channels;
    if (top >= 0 && top + w->rows <= p->in.rows && (w->row_dilation | w->column_dilation) == 1 &&
        w->columns * p->in.channels > 1)
    {
        const int32_t stride = w->column_stride, last = p->in.columns - w->columns + w->pad_left;
        at->inner = (w->pad_left + stride - 1) / stride;
        at->inner_end = last < 0 ? 0 : last / stride + 1;
    }
}

/* Widens the patches of `count` (1 to 4) pixels into a column; those that do not lie inside the input, or whose runs end
 * within a word, are copied one behind the other first. */
MN_INLINE void widen_patches(
    const struct mn_patch *p, const int8_t *input, struct place *at, int32_t count, uint32_t *column, int8_t *patches)
{
    if (at->whole_words && at->x >= at->inner && at->x + MN_BLOCK_PIXELS <= at->inner_end && count == MN_BLOCK_PIXELS)
    {
        const int8_t *row = input + at->begin + at->x * at->step;
        for (int32_t left = at->rows; left > 0; left--, row += at->row_bytes, column += MN_BLOCK_PIXELS / 2 * at->run)
        {
            mn_widen_block(row, at->step, at->run, column);
        }
        at->x += MN_BLOCK_PIXELS;
        if (at->x == at->out_columns)
        {
            at->y++;
            begin_row(p, at);
        }
        return;
    }
    int8_t *patch = patches;
    for (int32_t i = 0; i < count; i++, patch += at->patch_bytes)
    {
        if (at->x >= at->inner && at->x < at->inner_end)
        {
            copy_inner_patch(at->rows, at->run, at->row_bytes, input + at->begin + at->x * at->step, patch);
        }
        else
        {
            copy_edge_patch(p, input, at->y, at->x, patch);
        }
        if (++at->x == at->out_columns)
        {
            at->y++;
            begin_row(p, at);
        }
    }
    /* Where fewer are left, what lies behind them is widened in vain. */
    mn_widen_block(patches, at->patch_bytes, at->patch_bytes, column);
}

MN_INLINE void convolve(
    enum mn_lanes kind, enum mn_form form, int clamped, const struct mn_patch *p, int32_t row, int32_t rows,
    const int8_t *input, int8_t *output, int8_t *scratch)
{
    const int32_t words = p->point.words, most = MN_BLOCK_PIXELS * p->point.blocks;
    uint32_t *const columns = (uint32_t *)(void *)scratch;
    int32_t *const lanes = (int32_t *)(void *)(columns + most * words);
    /* All patches are widened when a pair's lanes are copied. */
    int8_t *const patches = (int8_t *)lanes;
    const int32_t depth = p->in.channels;
    struct place at = {
        .y = row,
        .step = p->window.column_stride * depth,
        .rows = p->window.rows,
        .run = p->window.columns * depth,
        .row_bytes = p->in.columns * depth,
        .out_columns = p->out_columns,
        .patch_bytes = 2 * p->point.words,
        .whole_words = !(p->window.columns * depth & 3)};
    begin_row(p, &at);
    for (int32_t left = rows * p->out_columns; left > 0; left -= most)
    {
        const int32_t count = left < most ? left : most;
        uint32_t *column = columns;
        for (int32_t unread = count; unread > 0; unread -= MN_BLOCK_PIXELS, column += MN_BLOCK_PIXELS * words)
        {
            widen_patches(p, input, &at, unread < MN_BLOCK_PIXELS ? unread : MN_BLOCK_PIXELS, column, patches);
        }
        if (kind == MN_DEEP)
        {
            mn_column_deep(&p->point, columns, count, output);
        }
#if MN_INT4_WEIGHTS
        else if (kind == MN_INT4)
        {
            mn_column_of_int4(form, clamped, &p->point, columns, count, lanes, output);
        }
#endif
        else
        {
            mn_column_channels(form, clamped, &p->point, columns, count, lanes, output);
        }
        output += count * p->point.channels;
    }
}

void mn_patch_fast(
    const struct mn_patch *p, int32_t row, int32_t rows, const int8_t *input, int8_t *output, int8_t *scratch)
{
    convolve(MN_PAIRS, MN_FAST, 0, p, row, rows, input, output, scratch);
}

void mn_patch_rounded(
    const struct mn_patch *p, int32_t row, int32_t rows, const int8_t *input, int8_t *output, int8_t *scratch)
{
    convolve(MN_PAIRS, MN_ROUNDED, 0, p, row, rows, input, output, scratch);
}

void mn_patch_clamped(
    const struct mn_patch *p, int32_t row, int32_t rows, const int8_t *input, int8_t *output, int8_t *scratch)
{
    convolve(MN_PAIRS, MN_ROUNDED, 1, p, row, rows, input, output, scratch);
}

void mn_patch_general(
    const struct mn_patch *p, int32_t row, int32_t rows, const int8_t *input, int8_t *output, int8_t *scratch)
{
    convolve(MN_PAIRS, MN_GENERAL, 1, p, row, rows, input, output, scratch);
}

void mn_patch_deep(
    const struct mn_patch *p, int32_t row, int32_t rows, const int8_t *input, int8_t *output, int8_t *scratch)
{
    convolve(MN_DEEP, MN_GENERAL, 1, p, row, rows, input, output, scratch);
}

#if MN_INT4_WEIGHTS

#if MN_DSP
/* Forms differ in the assembly only. */
#define INT4_COPIES static MN_SMALL __attribute__((noinline))
#else
#define INT4_COPIES MN_INLINE
#endif

INT4_COPIES void convolve_int4(
    const struct mn_patch *p, int32_t row, int32_t rows, const int8_t *input, int8_t *output, int8_t *scratch,
    enum mn_form form, int clamped)
{
    convolve(MN_INT4, form, clamped, p, row, rows, input, output, scratch);
}

void mn_patch_int4_fast(
    const struct mn_patch *p, int32_t row, int32_t rows, const int8_t *input, int8_t *output, int8_t *scratch)
{
    convolve_int4(p, row, rows, input, output, scratch, MN_FAST, 0);
}

void mn_patch_int4_shifted(
    const struct mn_patch *p, int32_t row, int32_t rows, const int8_t *input, int8_t *output, int8_t *scratch)
{
    convolve_int4(p, row, rows, input, output, scratch, MN_SHIFTED, 0);
}

void mn_patch_int4_rounded(
    const struct mn_patch *p, int32_t row, int32_t rows, const int8_t *input, int8_t *output, int8_t *scratch)
{
    convolve_int4(p, row, rows, input, output, scratch, MN_ROUNDED, 0);
}

void mn_patch_int4_clamped(
    const struct mn_patch *p, int32_t row, int32_t rows, const int8_t *input, int8_t *output, int8_t *scratch)
{
    convolve_int4(p, row, rows, input, output, scratch, MN_ROUNDED, 1);
}

void mn_patch_int4_general(
    const struct mn_patch *p, int32_t row, int32_t rows, const int8_t *input, int8_t *output, int8_t *scratch)
{
    convolve_int4(p, row, rows, input, output, scratch, MN_GENERAL, 1);
}

#endif
