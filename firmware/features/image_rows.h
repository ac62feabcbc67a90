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
 * A row goes through three steps: its pixels become bytes of luma or colour; these are summed along the row; and the
 * sums go into the targets' columns. The generated code calls `mn_image_row` with constants for the format, the channels
 * and whether an axis grows, so that one form of it is compiled.
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

struct mn_image
{
    int32_t size;
    /* Of the weights along a row, and along a column. */
    uint32_t row_total, column_total;
    const mn_image_target *columns, *rows;
    /* sum / (row_total * column_total), rounded: (sum + half) * factor / 2^(32 + shift) */
    uint32_t half, factor, shift;
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

/* Sums along a row of `channels` bytes a pixel: differences of the sum up to where a target ends. */
MN_INLINE void mn_image_areas(const struct mn_image *p, int32_t channels, const uint8_t *pixel, uint32_t *values)
{
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
        for (; inner > 0; inner--)
        {
#pragma GCC unroll 3
            for (int32_t i = 0; i < channels; i++)
            {
                sum[i] += *pixel++;
            }
        }
#pragma GCC unroll 3
        for (int32_t i = 0; i < channels; i++)
        {
            const uint32_t end = size * sum[i] + mn_last(target) * *pixel;
            *values++ = end - before[i];
            before[i] = end;
            sum[i] += *pixel++;
        }
    }
}

MN_INLINE void mn_image_widen(const struct mn_image *p, int32_t channels, const uint8_t *pixel, uint32_t *values)
{
    const uint8_t *before = pixel;
    for (int32_t x = 0; x < p->size; x++, values += channels)
    {
        const uint32_t last = mn_last(p->columns[x]);
        if (x > 0 && mn_advance(p->columns[x]))
        {
            before = pixel;
            pixel += channels;
        }
#pragma GCC unroll 3
        for (int32_t i = 0; i < channels; i++)
        {
            values[i] = (p->row_total - last) * before[i] + last * pixel[i];
        }
    }
}

MN_INLINE int8_t mn_image_level(const struct mn_image *p, uint32_t sum)
{
    const uint64_t product = (uint64_t)(sum + p->half) * p->factor;
    return p->levels[(uint32_t)(product >> 32) >> p->shift];
}

/* A row's `values`, `count` of them, into the sums; completes a target row with the last one that it covers. */
MN_INLINE void mn_image_cover(const struct mn_image *p, struct mn_image_state *state, int32_t count,
                              const uint32_t *values, int8_t *output)
{
    const uint32_t size = (uint32_t)p->size;
    if (state->inner > 0)
    {
        state->inner--;
#pragma GCC unroll 4
        for (int32_t i = 0; i < count; i++)
        {
            state->sums[i] += size * values[i];
        }
        return;
    }
    const uint32_t last = mn_last(p->rows[state->row]), left = size - last;
    output += state->row * count;
    for (int32_t i = 0; i < count; i++)
    {
        output[i] = mn_image_level(p, state->sums[i] + last * values[i]);
        state->sums[i] = left * values[i];
    }
    state->row++;
    state->inner = state->row < p->size ? (int32_t)mn_advance(p->rows[state->row]) : 0;
}

/* Completes the target rows that lie between the row before and this one, at least one. */
MN_INLINE void mn_image_heighten(const struct mn_image *p, struct mn_image_state *state, int32_t count,
                                 const uint32_t *values, int8_t *output)
{
    do
    {
        const uint32_t last = mn_last(p->rows[state->row]), before = p->column_total - last;
        for (int32_t i = 0; i < count; i++)
        {
            output[state->row * count + i] = mn_image_level(p, before * state->sums[i] + last * values[i]);
        }
        state->row++;
    } while (state->row < p->size && mn_advance(p->rows[state->row]) == 0);
    for (int32_t i = 0; i < count; i++)
    {
        state->sums[i] = values[i];
    }
}

/* One row of `width` pixels. `line` has room for width * channels bytes, unless the row is used as it is; `values` for
 * size * channels. Returns whether the input is whole. */
MN_INLINE int32_t mn_image_row(const struct mn_image *p, enum mn_image_format format, int32_t channels, int32_t width,
                               int32_t wider, int32_t higher, struct mn_image_state *state, const uint8_t *row,
                               uint8_t *line, uint32_t *values, int8_t *output)
{
    const uint8_t *pixels = mn_image_is_plain(format, channels) ? row : line;
    if (pixels == line)
    {
        mn_image_unpack(format, channels, width, row, line);
    }
    if (wider)
    {
        mn_image_widen(p, channels, pixels, values);
    }
    else
    {
        mn_image_areas(p, channels, pixels, values);
    }
    if (higher)
    {
        mn_image_heighten(p, state, p->size * channels, values, output);
    }
    else
    {
        mn_image_cover(p, state, p->size * channels, values, output);
    }
    return state->row == p->size;
}

#endif
