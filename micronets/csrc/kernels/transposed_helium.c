/* SPDX-License-Identifier: Apache-2.0 */
/* Transposed convolution with Helium, as a convolution of stride 1 that makes the outputs of one or all places within a
 * stride. Its rows are made one after the other and set apart; what lies in the padding is left out. */
#include "transposed_helium.h"
#include "helium_move.h"

/* A row of outputs of a row of places, from what pixels have of them, `pixel_bytes` apart. */
static void spread(const struct mn_helium_transposed *p, const int8_t *made, int32_t pixel_bytes, int8_t *row)
{
    const int8_t *const from = made + p->skipped * pixel_bytes;
    int8_t *const to = row + p->begin;
    if (p->head_bytes > 0)
    {
        mn_helium_copy_rows(row, 0, from - pixel_bytes + p->block_bytes - p->head_bytes, 0, p->head_bytes, 1);
    }
    if (p->whole > 0)
    {
        mn_helium_copy_rows(to, p->apart_bytes, from, pixel_bytes, p->block_bytes, p->whole);
    }
    if (p->tail_bytes > 0)
    {
        mn_helium_copy_rows(to + p->whole * p->apart_bytes, 0, from + p->whole * pixel_bytes, 0, p->tail_bytes, 1);
    }
}

void mn_helium_transposed(
    const struct mn_helium_transposed *p, mn_helium_point_kernel point, const int8_t *input, int8_t *output,
    int8_t *scratch)
{
    const struct mn_helium_patch *const convolution = &p->convolution;
    const struct mn_window *const w = &convolution->window;
    const int32_t columns = convolution->out_columns, pixel_bytes = convolution->point.channels;
    const int32_t in_rows = convolution->in.rows, in_row_bytes = convolution->in.columns * convolution->in.channels;
    /* Pixels of whole rows need no gathering. */
    const int32_t whole_rows = w->rows == 1 && w->columns == 1 && columns == convolution->in.columns ? in_rows : 0;
    int8_t *const patch = scratch + ((columns * pixel_bytes + 3) & ~3);
    int32_t row = p->first_row;
    for (int32_t y = 0; y < p->rows; y++, row += p->row_stride)
    {
        if (y < whole_rows)
        {
            point(&convolution->point, columns, input + y * in_row_bytes, scratch);
        }
        else
        {
            mn_helium_patch(convolution, point, y, 1, input, scratch, patch);
        }
        for (int32_t i = 0; i < p->place_rows; i++)
        {
            if (row + i >= 0 && row + i < p->out_rows)
            {
                spread(p, scratch + i * p->block_bytes, pixel_bytes, output + (row + i) * p->out_row_bytes);
            }
        }
    }
}
