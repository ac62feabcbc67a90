/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions of any kernel: every patch is gathered and multiplied like a pixel of a 1x1 convolution. */
#include "helium_move.h"
#include "micronets_helium.h"

/* Tap by tap; inputs outside are zero points. */
static void gather_taps(const struct mn_helium_patch *p, const int8_t *input, int32_t top, int32_t left, int8_t *patch)
{
    const struct mn_window *w = &p->window;
    const int32_t depth = p->in.channels;
    for (int32_t i = 0, y = top; i < w->rows; i++, y += w->row_dilation)
    {
        for (int32_t j = 0, x = left; j < w->columns; j++, x += w->column_dilation, patch += depth)
        {
            if (y < 0 || y >= p->in.rows || x < 0 || x >= p->in.columns)
            {
                mn_helium_fill(patch, p->input_zero_point, depth);
            }
            else
            {
                mn_helium_copy_rows(patch, 0, input + (y * p->in.columns + x) * depth, 0, depth, 1);
            }
        }
    }
}

/* Without dilation: the rows of what lies inside, over zero points. */
static void gather_rows(const struct mn_helium_patch *p, const int8_t *input, int32_t top, int32_t left, int8_t *patch)
{
    const struct mn_window *w = &p->window;
    const int32_t depth = p->in.channels, line_bytes = w->columns * depth, row_bytes = p->in.columns * depth;
    const int32_t y = top < 0 ? 0 : top, x = left < 0 ? 0 : left;
    const int32_t y_end = top + w->rows < p->in.rows ? top + w->rows : p->in.rows;
    const int32_t x_end = left + w->columns < p->in.columns ? left + w->columns : p->in.columns;
    const int32_t rows = y_end - y, columns = x_end - x;
    mn_helium_fill(patch, p->input_zero_point, p->point.depth);
    if (rows > 0 && columns > 0)
    {
        int8_t *const to = patch + (y - top) * line_bytes + (x - left) * depth;
        mn_helium_copy_rows(to, line_bytes, input + y * row_bytes + x * depth, row_bytes, columns * depth, rows);
    }
}

void mn_helium_patch(
    const struct mn_helium_patch *p, mn_helium_point_kernel point, int32_t row, int32_t rows, const int8_t *input,
    int8_t *output, int8_t *patch)
{
    /* Stores of bytes could alias the description: what every patch needs is read once. */
    const struct mn_window w = p->window;
    const int32_t dilated = w.row_dilation > 1 || w.column_dilation > 1;
    const int32_t in_rows = p->in.rows, in_columns = p->in.columns, depth = p->in.channels;
    const int32_t out_columns = p->out_columns, patch_bytes = p->point.depth, out_bytes = p->point.channels;
    for (const int32_t end_row = row + rows; row < end_row; row++)
    {
        const int32_t top = row * w.row_stride - w.pad_top;
        const int32_t rows_inside = !dilated && top >= 0 && top + w.rows <= in_rows;
        int32_t left = -w.pad_left, pixels;
        for (int32_t column = 0; column < out_columns; column += pixels)
        {
            int8_t *to = patch;
            /* Two share the loads of weights. */
            pixels = column + 1 < out_columns ? 2 : 1;
            for (int32_t i = 0; i < pixels; i++, left += w.column_stride, to += patch_bytes)
            {
                if (rows_inside && left >= 0 && left + w.columns <= in_columns)
                {
                    const int8_t *const from = input + (top * in_columns + left) * depth;
                    mn_helium_copy_rows(to, w.columns * depth, from, in_columns * depth, w.columns * depth, w.rows);
                }
                else if (dilated)
                {
                    gather_taps(p, input, top, left, to);
                }
                else
                {
                    gather_rows(p, input, top, left, to);
                }
            }
            point(&p->point, pixels, patch, output);
            output += pixels * out_bytes;
        }
    }
}
