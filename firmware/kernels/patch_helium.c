/* Convolutions of any kernel: every patch is gathered and multiplied like a pixel of a 1x1 convolution. */
#include "micronets_helium.h"

#include <string.h>

#if defined(__ARM_FEATURE_MVE)

#include <arm_mve.h>

static inline int8_t *fill(int8_t *to, int32_t value, int32_t count)
{
    const int8x16_t values = vdupq_n_s8((int8_t)value);
    int8_t *const end = to + count;
    for (; count > 0; count -= 16, to += 16)
    {
        vstrbq_p_s8(to, values, vctp8q((uint32_t)count));
    }
    return end;
}

static inline int8_t *copy(int8_t *to, const int8_t *from, int32_t count)
{
    int8_t *const end = to + count;
    for (; count > 0; count -= 16, to += 16, from += 16)
    {
        const mve_pred16_t lanes = vctp8q((uint32_t)count);
        vstrbq_p_s8(to, vldrbq_z_s8(from, lanes), lanes);
    }
    return end;
}

#else

static inline int8_t *fill(int8_t *to, int32_t value, int32_t count)
{
    memset(to, value, (size_t)count);
    return to + count;
}

static inline int8_t *copy(int8_t *to, const int8_t *from, int32_t count)
{
    memcpy(to, from, (size_t)count);
    return to + count;
}

#endif

void mn_helium_patch(const struct mn_helium_patch *p, mn_helium_point_kernel point, int32_t row, int32_t rows,
    const int8_t *input, int8_t *output, int8_t *patch)
{
    const struct mn_window *window = &p->window;
    const int32_t channels = p->in.channels, row_bytes = p->in.columns * channels;
    const int32_t line_bytes = window->columns * channels;
    for (const int32_t end_row = row + rows; row < end_row; row++)
    {
        const int32_t top = row * window->row_stride - window->pad_top;
        for (int32_t column = 0; column < p->out_columns; column++)
        {
            const int32_t first = column * window->column_stride - window->pad_left;
            const int32_t last = first + window->columns;
            const int32_t begin = first < 0 ? 0 : first > p->in.columns ? p->in.columns : first;
            const int32_t limit = last > p->in.columns ? p->in.columns : last;
            const int32_t end = limit < begin ? begin : limit;
            const int32_t outside = (begin - first) * channels;
            const int32_t before = outside > line_bytes ? line_bytes : outside;
            const int32_t inside = (end - begin) * channels;
            int8_t *to = patch;
            for (int32_t k = 0, r = top; k < window->rows; k++, r += window->row_dilation)
            {
                if (r < 0 || r >= p->in.rows)
                {
                    to = fill(to, p->input_zero_point, line_bytes);
                }
                else if (inside == line_bytes)
                {
                    to = copy(to, input + r * row_bytes + begin * channels, inside);
                }
                else
                {
                    to = fill(to, p->input_zero_point, before);
                    to = copy(to, input + r * row_bytes + begin * channels, inside);
                    to = fill(to, p->input_zero_point, line_bytes - before - inside);
                }
            }
            point(&p->point, 1, patch, output);
            output += p->point.channels;
        }
    }
}
