/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise 3x3 convolution with Helium: row after row, outputs whose inputs lie equally far apart in one call of a kernel
 * that takes `MN_LANES` channels at a time, which the file that includes this defines. */
#ifndef MICRONETS_DEPTHWISE_HELIUM_H
#define MICRONETS_DEPTHWISE_HELIUM_H

#include "helium_move.h"
#include "micronets_helium.h"

#include <stddef.h>

enum
{
    OCTET = 8,
    SIDE = 3,
    TAPS = 9
};

/* Outputs beside one another, whose inputs lie equally far apart. */
struct run
{
    const int8_t *taps[TAPS];
    int8_t *output;
    const int32_t *stream;
    int32_t pixels;
    int32_t octets;                        /* whole ones */
    int32_t tail;                          /* predicate of the channels left over, two bits each; 0 for none */
    int32_t input_advance, output_advance; /* from behind the last octet of a pixel to the next pixel */
    int32_t zero_point, low, high;
    int32_t channels;
};

typedef void outputs_kernel(struct run *run);

/* One row of outputs from three rows of inputs, null where they lie outside. */
static void output_row(
    const struct mn_helium_depthwise *p, outputs_kernel *kernel, const int8_t *const *rows, int8_t *output,
    const int8_t *padding)
{
    const struct mn_window *w = &p->window;
    const int32_t channels = p->in.channels, across = w->column_dilation * channels;
    const int32_t reach = (SIDE - 1) * w->column_dilation;
    const int32_t rows_inside = rows[0] && rows[1] && rows[2];
    const int32_t walked = (channels + MN_LANES - 1) / MN_LANES * MN_LANES;
    struct run run;
    run.stream = p->stream;
    run.octets = channels / OCTET;
    run.tail = (1 << 2 * (channels % OCTET)) - 1;
    run.input_advance = w->column_stride * channels - walked;
    run.output_advance = channels - walked;
    run.zero_point = p->zero_point;
    run.low = p->low;
    run.high = p->high;
    run.channels = channels;
    for (int32_t column = 0, pixels = 1; column < p->out_columns; column += pixels, output += pixels * channels)
    {
        const int32_t left = column * w->column_stride - w->pad_left;
        const int8_t **tap = run.taps;
        pixels = 1;
        if (rows_inside && left >= 0 && left + reach < p->in.columns)
        {
            for (int32_t i = 0; i < SIDE; i++, tap += SIDE)
            {
                tap[0] = rows[i] + left * channels;
                tap[1] = tap[0] + across;
                tap[2] = tap[1] + across;
            }
            const int32_t fitting = (p->in.columns - 1 - reach - left) / w->column_stride + 1;
            pixels = fitting < p->out_columns - column ? fitting : p->out_columns - column;
        }
        else
        {
            for (int32_t i = 0; i < SIDE; i++)
            {
                for (int32_t j = 0, x = left; j < SIDE; j++, x += w->column_dilation)
                {
                    *tap++ = rows[i] && x >= 0 && x < p->in.columns ? rows[i] + x * channels : padding;
                }
            }
        }
        run.output = output;
        run.pixels = pixels;
        kernel(&run);
    }
}

static void sweep_band(
    const struct mn_helium_depthwise *p, outputs_kernel *kernel, int32_t row, int32_t rows, const int8_t *input,
    int8_t *output, int8_t *scratch)
{
    const struct mn_window *w = &p->window;
    const int32_t row_bytes = p->in.columns * p->in.channels;
    const int32_t first = row * w->row_stride - w->pad_top;
    const int32_t begin = first < 0 ? 0 : first;
    mn_helium_fill(scratch, p->input_zero_point, p->in.channels);
    for (const int32_t end = row + rows; row < end; row++, output += p->out_columns * p->in.channels)
    {
        const int8_t *taken[SIDE];
        for (int32_t i = 0, r = row * w->row_stride - w->pad_top; i < SIDE; i++, r += w->row_dilation)
        {
            taken[i] = r >= 0 && r < p->in.rows ? input + (r - begin) * row_bytes : 0;
        }
        output_row(p, kernel, taken, output, scratch);
    }
}

/* Row y of the output replaces row y of the input, which the next row still reads: two rows are kept. */
static void sweep_in_place(
    const struct mn_helium_depthwise *p, outputs_kernel *kernel, const int8_t *input, int8_t *output, int8_t *scratch)
{
    const int32_t row_bytes = p->in.columns * p->in.channels;
    int8_t *own = scratch + p->in.channels, *last = own + row_bytes;
    const int8_t *rows[SIDE] = {0, 0, 0};
    mn_helium_fill(scratch, p->input_zero_point, p->in.channels);
    for (int32_t y = 0; y < p->out_rows; y++, input += row_bytes, output += row_bytes)
    {
        mn_helium_copy_rows(own, 0, input, 0, row_bytes, 1);
        rows[1] = own;
        rows[2] = y + 1 < p->in.rows ? input + row_bytes : 0;
        output_row(p, kernel, rows, output, scratch);
        rows[0] = own;
        own = last;
        last = (int8_t *)(uintptr_t)rows[0];
    }
}

#endif
