/* Convolution with a larger kernel: four pixels' patches are copied out, widened, and multiplied like 1x1 pixels. */
#include "point.h"

static int8_t *copy_run(int8_t *to, const int8_t *from, int32_t count)
{
    for (; count >= 4; count -= 4, from += 4, to += 4)
    {
        *(mn_unaligned_word *)(void *)to = mn_load_word(from);
    }
    for (; count > 0; count--)
    {
        *to++ = *from++;
    }
    return to;
}

static int8_t *fill_run(int8_t *to, int8_t value, int32_t count)
{
    for (; count > 0; count--)
    {
        *to++ = value;
    }
    return to;
}

/* Copies the inputs under the kernel at (y, x), those outside as zero points. */
static void copy_patch(const struct mn_patch *p, const int8_t *input, int32_t y, int32_t x, int8_t *patch)
{
    const struct mn_window *w = &p->window;
    const int32_t depth = p->in.channels, zero = p->input_zero_point;
    const int32_t left = x * w->column_stride - w->pad_left;
    for (int32_t ky = 0; ky < w->rows; ky++)
    {
        const int32_t in_y = y * w->row_stride - w->pad_top + ky * w->row_dilation;
        if (in_y < 0 || in_y >= p->in.rows)
        {
            patch = fill_run(patch, (int8_t)zero, w->columns * depth);
            continue;
        }
        const int8_t *row = input + in_y * p->in.columns * depth;
        if (w->column_dilation == 1)
        {
            const int32_t before = left < 0 ? -left : 0;
            const int32_t over = left + w->columns - p->in.columns;
            const int32_t after = over > 0 ? over : 0;
            patch = fill_run(patch, (int8_t)zero, before * depth);
            patch = copy_run(patch, row + (left + before) * depth, (w->columns - before - after) * depth);
            patch = fill_run(patch, (int8_t)zero, after * depth);
            continue;
        }
        for (int32_t kx = 0; kx < w->columns; kx++)
        {
            const int32_t in_x = left + kx * w->column_dilation;
            if (in_x < 0 || in_x >= p->in.columns)
            {
                patch = fill_run(patch, (int8_t)zero, depth);
            }
            else
            {
                patch = copy_run(patch, row + in_x * depth, depth);
            }
        }
    }
}

MN_INLINE void convolve(
    enum mn_form form, int clamped, const struct mn_patch *p, int32_t row, int32_t rows, const int8_t *input,
    int8_t *output, int8_t *scratch)
{
    uint32_t *column = (uint32_t *)(void *)scratch;
    int8_t *patch = scratch + 4 * MN_BLOCK_PIXELS * p->point.words;
    int32_t y = row, x = 0;
    for (int32_t left = rows * p->out_columns; left > 0; left -= MN_BLOCK_PIXELS)
    {
        const int32_t count = left < MN_BLOCK_PIXELS ? left : MN_BLOCK_PIXELS;
        for (int32_t i = 0; i < count; i++)
        {
            copy_patch(p, input, y, x, patch);
            mn_widen(patch, p->point.depth, column + i);
            if (++x == p->out_columns)
            {
                x = 0;
                y++;
            }
        }
        mn_column_channels(form, clamped, &p->point, column, count, output);
        output += count * p->point.channels;
    }
}

void mn_patch_fast(
    const struct mn_patch *p, int32_t row, int32_t rows, const int8_t *input, int8_t *output, int8_t *scratch)
{
    convolve(MN_FAST, 0, p, row, rows, input, output, scratch);
}

void mn_patch_rounded(
    const struct mn_patch *p, int32_t row, int32_t rows, const int8_t *input, int8_t *output, int8_t *scratch)
{
    convolve(MN_ROUNDED, 0, p, row, rows, input, output, scratch);
}

void mn_patch_clamped(
    const struct mn_patch *p, int32_t row, int32_t rows, const int8_t *input, int8_t *output, int8_t *scratch)
{
    convolve(MN_ROUNDED, 1, p, row, rows, input, output, scratch);
}

void mn_patch_general(
    const struct mn_patch *p, int32_t row, int32_t rows, const int8_t *input, int8_t *output, int8_t *scratch)
{
    convolve(MN_GENERAL, 1, p, row, rows, input, output, scratch);
}
