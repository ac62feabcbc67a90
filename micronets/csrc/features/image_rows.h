/* SPDX-License-Identifier: Apache-2.0 */
/* A camera's frame, row by row, to the int8 input of a network: made grey or kept in colour, resized, on its grid.
 *
 * Along either axis every target is a sum of neighbouring pixels by whole weights that add up to the same total, so the
 * mean is one division at the end, by multiplication. Where the frame is at least as large as the input, the weights
 * are the areas that the target covers, in units of 1/size of a pixel:
 *     the pixel that the target before ended in:  size - its `last`
 *     the `advance` pixels that follow:           size each
 *     the pixel after them:                       `last`
 * Where it is smaller, targets are interpolated between two pixels; these move on by `advance`, 0 or 1, and the second
 * one weighs `last` of the total.
 *
 * A row goes through three steps: where it is in colour and the input grey, its pixels become bytes of luma; they are
 * summed along the row; and the sums go into the targets' columns. The generated code calls `mn_image_row` with
 * constants for the format, the channels and whether an axis grows, so that one form of it is compiled.
 */
#ifndef MICRONETS_IMAGE_ROWS_H
#define MICRONETS_IMAGE_ROWS_H

#include "image_pixels.h"

/* advance << 16 | last, in one load */
typedef uint32_t mn_image_target;

MN_INLINE uint32_t mn_advance(mn_image_target target)
{
    return target >> 16;
}

MN_INLINE uint32_t mn_last(mn_image_target target)
{
    return target & 0xFFFFU;
}

/* Of a sum of weighted pixels to an intensity of 0 to 255: (sum + half) * factor / 2^(32 + shift). */
struct mn_image_scale
{
    uint32_t half, factor, shift;
};

struct mn_image
{
    int32_t size;
    /* Of the weights along a row, and along a column. */
    uint32_t row_total, column_total;
    const mn_image_target *columns, *rows;
    struct mn_image_scale scales[3];
    /* Of every luma or intensity, the network's integer. */
    const int8_t *levels;
};

/* What is kept from row to row: the sums of the target row under way (of a growing axis, the row before), size *
 * channels of them, 0 before the first row; that target row; and how many rows come before its last one. */
struct mn_image_state
{
    uint32_t *sums;
    int32_t row, inner;
};

/* Sums along a row: differences of the sum up to where a target ends. */
MN_INLINE void mn_image_areas(
    const struct mn_image *p, enum mn_image_format format, int32_t channels, const uint8_t *pixel, uint32_t *values)
{
    const int32_t step = mn_image_step(format, channels);
    const uint32_t size = (uint32_t)p->size;
    uint32_t sum[3] = {0, 0, 0}, before[3] = {0, 0, 0};
    for (uint32_t x = 0; x < size; x++)
    {
        const mn_image_target target = p->columns[x];
        uint32_t inner = mn_advance(target);
        if (channels == 1)
        {
            for (; inner >= 4; inner -= 4, pixel += 4)
            {
                sum[0] = mn_add_bytes(sum[0], mn_load_pixels(pixel));
            }
            if (inner >= 2)
            {
                sum[0] += (uint32_t)pixel[0] + pixel[1];
                inner -= 2;
                pixel += 2;
            }
        }
        for (; inner > 0; inner--, pixel += step)
        {
            const struct mn_colour colour = mn_image_read(format, channels, pixel);
#pragma GCC unroll 3
            for (int32_t i = 0; i < channels; i++)
            {
                sum[i] += colour.parts[i];
            }
        }
        const struct mn_colour last = mn_image_read(format, channels, pixel);
        pixel += step;
#pragma GCC unroll 3
        for (int32_t i = 0; i < channels; i++)
        {
            const uint32_t end = size * sum[i] + mn_last(target) * last.parts[i];
            *values++ = end - before[i];
            before[i] = end;
            sum[i] += last.parts[i];
        }
    }
}

MN_INLINE void mn_image_widen(
    const struct mn_image *p, enum mn_image_format format, int32_t channels, const uint8_t *pixel, uint32_t *values)
{
    struct mn_colour here = mn_image_read(format, channels, pixel), before = here;
    for (int32_t x = 0; x < p->size; x++)
    {
        const uint32_t last = mn_last(p->columns[x]);
        if (x > 0 && mn_advance(p->columns[x]))
        {
            pixel += mn_image_step(format, channels);
            before = here;
            here = mn_image_read(format, channels, pixel);
        }
#pragma GCC unroll 3
        for (int32_t i = 0; i < channels; i++)
        {
            *values++ = (p->row_total - last) * before.parts[i] + last * here.parts[i];
        }
    }
}

MN_INLINE int8_t mn_image_level(const struct mn_image *p, const struct mn_image_scale *scale, uint32_t sum)
{
    const uint64_t product = (uint64_t)(sum + scale->half) * scale->factor;
    return p->levels[(uint32_t)(product >> 32) >> scale->shift];
}

/* A row's `values` into the sums; completes a target row with the last one that it covers. */
MN_INLINE void mn_image_cover(
    const struct mn_image *p, struct mn_image_state *state, int32_t channels, const uint32_t *values, int8_t *output)
{
    const int32_t count = p->size * channels;
    if (state->inner > 0)
    {
        state->inner--;
#pragma GCC unroll 4
        for (int32_t i = 0; i < count; i++)
        {
            state->sums[i] += (uint32_t)p->size * values[i];
        }
        return;
    }
    const uint32_t last = mn_last(p->rows[state->row]), left = (uint32_t)p->size - last;
    output += state->row * count;
    for (int32_t channel = 0; channel < channels; channel++)
    {
        for (int32_t i = channel; i < count; i += channels)
        {
            output[i] = mn_image_level(p, &p->scales[channel], state->sums[i] + last * values[i]);
            state->sums[i] = left * values[i];
        }
    }
    state->row++;
    state->inner = state->row < p->size ? (int32_t)mn_advance(p->rows[state->row]) : 0;
}

/* Completes the target rows that lie between the row before and this one, at least one. */
MN_INLINE void mn_image_heighten(
    const struct mn_image *p, struct mn_image_state *state, int32_t channels, const uint32_t *values, int8_t *output)
{
    const int32_t count = p->size * channels;
    do
    {
        const uint32_t last = mn_last(p->rows[state->row]), before = p->column_total - last;
        for (int32_t channel = 0; channel < channels; channel++)
        {
            for (int32_t i = channel; i < count; i += channels)
            {
                output[state->row * count + i] =
                    mn_image_level(p, &p->scales[channel], before * state->sums[i] + last * values[i]);
            }
        }
        state->row++;
    } while (state->row < p->size && mn_advance(p->rows[state->row]) == 0);
    for (int32_t i = 0; i < count; i++)
    {
        state->sums[i] = values[i];
    }
}

/* One row of `width` pixels. `line` has room for as many bytes where colour is to become grey; `values` for size *
 * channels. Returns whether the input is whole. */
MN_INLINE int32_t mn_image_row(
    const struct mn_image *p, enum mn_image_format format, int32_t channels, int32_t width, int32_t wider,
    int32_t higher, struct mn_image_state *state, const uint8_t *row, uint8_t *line, uint32_t *values, int8_t *output)
{
    const uint8_t *pixels = row;
    if (channels == 1 && format != MN_IMAGE_GREY8)
    {
        mn_image_grey(format, width, row, line);
        pixels = line;
    }
    if (wider)
    {
        mn_image_widen(p, format, channels, pixels, values);
    }
    else
    {
        mn_image_areas(p, format, channels, pixels, values);
    }
    if (higher)
    {
        mn_image_heighten(p, state, channels, values, output);
    }
    else
    {
        mn_image_cover(p, state, channels, values, output);
    }
    return state->row == p->size;
}

#endif
