/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise convolution by lines of its kernel (depthwise_lines.h): bands of outputs, and in them channels. */
#ifndef MICRONETS_LINES_BAND_H
#define MICRONETS_LINES_BAND_H

#include "depthwise_lines.h"

/* Rows of two channels, the first one at `input`, into two planes; of the only channel of an input into one. */
typedef void mn_lines_gather(
    const struct mn_depthwise_lines *p, const int8_t *input, int32_t rows, uint32_t minus_zero, uint32_t *plane);
typedef void mn_lines_band(
    const struct mn_depthwise_lines *p, int32_t row, int32_t rows, const int8_t *input, int8_t *output,
    int8_t *scratch);

/* Values of int8, which have two channels or more, or of int16: 1 or 2 `item_bytes`. */
MN_INLINE void mn_run_band(
    const int32_t item_bytes, mn_lines_gather *gather, const struct mn_depthwise_lines *description, int32_t row,
    int32_t rows, const int8_t *input, int8_t *output, int8_t *scratch)
{
    /* Out of the flash, which is slow. */
    const struct mn_depthwise_lines copied = *description, *const p = &copied;
    uint32_t *plane = (uint32_t *)(void *)scratch;
    uint32_t *lanes = plane + 2 * p->plane_words;
    const uint32_t minus_zero = ((uint32_t)-p->input_zero_point & 0xFFFFU) * 0x10001U;
    const int32_t top = row * p->row_stride - p->pad_top, held = top < 0 ? 0 : top;
    const int32_t bottom = top + (rows - 1) * p->row_stride + (p->window_rows - 1) * p->row_dilation + 1;
    const int32_t end = bottom > p->in.rows ? p->in.rows : bottom;
    const int32_t channels = p->in.channels, multiplier = p->multiplier;
    const int32_t single = item_bytes == 2 && channels == 1;
    for (uint32_t *word = plane; word != lanes; word++)
    {
        *word = 0;
    }
    const int32_t *stream = p->stream;
    for (int32_t channel = 0; channel < channels; channel += 2)
    {
        /* The last channel of an odd number is read as the second of a pair. */
        const int32_t odd = !single && channel + 1 == channels;
        gather(p, input + item_bytes * (channel - odd), end - held, minus_zero, plane);
        const uint32_t *source = plane + odd * p->plane_words;
        for (int32_t left = (2 - single - odd) * multiplier, next = multiplier; left > 0; left--, output += item_bytes)
        {
            stream = p->sweep(p, row, rows, held, source, lanes, stream, output);
            if (--next == 0)
            {
                next = multiplier;
                source += p->plane_words;
            }
        }
    }
}

/* All rows. */
MN_INLINE void mn_run_bands(
    const int32_t item_bytes, mn_lines_band *run_band, const struct mn_depthwise_lines *p, const int8_t *input,
    int8_t *output, int8_t *scratch)
{
    const int32_t in_step = item_bytes * p->in.columns * p->in.channels;
    const int32_t out_step = item_bytes * p->out_columns * p->in.channels * p->multiplier;
    for (int32_t row = 0; row < p->out_rows; row += p->band)
    {
        const int32_t left = p->out_rows - row, top = row * p->row_stride - p->pad_top;
        run_band(
            p, row, left < p->band ? left : p->band, input + (top < 0 ? 0 : top) * in_step, output + row * out_step,
            scratch);
    }
}

#endif
