/* SPDX-License-Identifier: Apache-2.0 */
/* 1x1 convolution and fully connected layers of several rows.
 *
 * `blocks` times four pixels at a time are widened into `scratch` before their outputs are written, so the output may lie
 * over the input as far as the pixels already read reach.
 */
#include "micronets_config.h"
#include "point.h"
#include "point_deep.h"
#include "point_int4.h"
#include "small.h"

/* Widens `depth` inputs of one pixel into its words of a column. */
static MN_SMALL __attribute__((noinline)) void widen(const int8_t *pixel, int32_t depth, uint32_t *column)
{
    for (; depth >= 4; depth -= 4, pixel += 4, column += 2 * MN_BLOCK_PIXELS)
    {
        const uint32_t bytes = mn_load_word(pixel);
        column[0] = mn_even_bytes(bytes);
        column[MN_BLOCK_PIXELS] = mn_odd_bytes(bytes);
    }
    if (depth > 0)
    {
        mn_widen_rest(pixel, depth, column);
    }
}

MN_INLINE void point(
    enum mn_lanes kind, enum mn_form form, int clamped, const struct mn_point *p, int32_t pixels, const int8_t *input,
    int8_t *output, int8_t *scratch)
{
    uint32_t *const columns = (uint32_t *)(void *)scratch;
    const int32_t depth = p->depth, words = p->words, most = MN_BLOCK_PIXELS * p->blocks;
    int32_t *const lanes = (int32_t *)(void *)(columns + most * words);
    for (int32_t left = pixels; left > 0; left -= most)
    {
        const int32_t count = left < most ? left : most;
        uint32_t *column = columns;
        int32_t unread = count;
        for (; unread >= MN_BLOCK_PIXELS; unread -= MN_BLOCK_PIXELS, column += MN_BLOCK_PIXELS * words)
        {
            mn_widen_block(input, depth, depth, column);
            input += MN_BLOCK_PIXELS * depth;
        }
        for (; unread > 0; unread--, input += depth)
        {
            widen(input, depth, column++);
        }
        if (kind == MN_DEEP)
        {
            mn_column_deep(p, columns, count, output);
        }
#if MN_INT4_WEIGHTS
        else if (kind == MN_INT4)
        {
            mn_column_of_int4(form, clamped, p, columns, count, lanes, output);
        }
#endif
        else
        {
            mn_column_channels(form, clamped, p, columns, count, lanes, output);
        }
        output += count * p->channels;
    }
}

void mn_point_fast(const struct mn_point *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch)
{
    point(MN_PAIRS, MN_FAST, 0, p, pixels, input, output, scratch);
}

void mn_point_rounded(const struct mn_point *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch)
{
    point(MN_PAIRS, MN_ROUNDED, 0, p, pixels, input, output, scratch);
}

void mn_point_clamped(const struct mn_point *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch)
{
    point(MN_PAIRS, MN_ROUNDED, 1, p, pixels, input, output, scratch);
}

void mn_point_general(const struct mn_point *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch)
{
    point(MN_PAIRS, MN_GENERAL, 1, p, pixels, input, output, scratch);
}

void mn_point_deep(const struct mn_point *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch)
{
    point(MN_DEEP, MN_GENERAL, 1, p, pixels, input, output, scratch);
}

#if MN_INT4_WEIGHTS

#if MN_DSP
/* Forms differ in the assembly only. */
#define INT4_COPIES static MN_SMALL __attribute__((noinline))
#else
#define INT4_COPIES MN_INLINE
#endif

INT4_COPIES void point_int4(
    const struct mn_point *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch, enum mn_form form,
    int clamped)
{
    point(MN_INT4, form, clamped, p, pixels, input, output, scratch);
}

void mn_point_int4_fast(const struct mn_point *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch)
{
    point_int4(p, pixels, input, output, scratch, MN_FAST, 0);
}

void mn_point_int4_shifted(
    const struct mn_point *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch)
{
    point_int4(p, pixels, input, output, scratch, MN_SHIFTED, 0);
}

void mn_point_int4_rounded(
    const struct mn_point *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch)
{
    point_int4(p, pixels, input, output, scratch, MN_ROUNDED, 0);
}

void mn_point_int4_clamped(
    const struct mn_point *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch)
{
    point_int4(p, pixels, input, output, scratch, MN_ROUNDED, 1);
}

void mn_point_int4_general(
    const struct mn_point *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch)
{
    point_int4(p, pixels, input, output, scratch, MN_GENERAL, 1);
}

MN_INLINE void few(
    enum mn_form form, int clamped, const struct mn_point *p, int32_t pixels, const int8_t *input, int8_t *output,
    int8_t *scratch)
{
    uint32_t *const column = (uint32_t *)(void *)scratch;
    for (int32_t i = 0; i < pixels; i++)
    {
        widen(input + i * p->depth, p->depth, column + i);
    }
    mn_column_int4(form, clamped, 1, p, column, pixels, (int32_t *)(column + MN_BLOCK_PIXELS * p->words), output);
}

void mn_point_int4_few_fast(
    const struct mn_point *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch)
{
    few(MN_FAST, 0, p, pixels, input, output, scratch);
}

void mn_point_int4_few_shifted(
    const struct mn_point *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch)
{
    few(MN_SHIFTED, 0, p, pixels, input, output, scratch);
}

void mn_point_int4_few_rounded(
    const struct mn_point *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch)
{
    few(MN_ROUNDED, 0, p, pixels, input, output, scratch);
}

void mn_point_int4_few_clamped(
    const struct mn_point *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch)
{
    few(MN_ROUNDED, 1, p, pixels, input, output, scratch);
}

void mn_point_int4_few_general(
    const struct mn_point *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch)
{
    few(MN_GENERAL, 1, p, pixels, input, output, scratch);
}

#endif
