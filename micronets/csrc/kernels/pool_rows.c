/* SPDX-License-Identifier: Apache-2.0 */
/* Maximum over windows of any kind: of the rows under a row of outputs first, then across. Both take runs of bytes, a word
 * at a time, whatever the number of channels. Columns outside of the input hold the least of all outputs. */
#include "pool_rows.h"
#include "bytes.h"
#include "span.h"

/* The largest bytes of the first `runs` of four runs of `count`; `to` may be one of them. */
MN_INLINE void max_of_some(
    const int32_t runs, int8_t *to, const int8_t *a, const int8_t *b, const int8_t *c, const int8_t *d, int32_t count)
{
    int32_t at = 0;
    for (; at + 4 <= count; at += 4)
    {
        const uint32_t first = mn_load_word(a + at), second = mn_load_word(b + at);
        const uint32_t third = runs > 2 ? mn_load_word(c + at) : second;
        const uint32_t fourth = runs > 3 ? mn_load_word(d + at) : third;
        uint32_t most = mn_max_bytes(first, second);
        most = runs > 2 ? mn_max_bytes(most, third) : most;
        most = runs > 3 ? mn_max_bytes(most, fourth) : most;
        mn_store_word(to + at, most);
    }
    for (; at < count; at++)
    {
        int8_t most = a[at] > b[at] ? a[at] : b[at];
        most = runs > 2 && c[at] > most ? c[at] : most;
        to[at] = runs > 3 && d[at] > most ? d[at] : most;
    }
}

static __attribute__((noinline)) void max_of_two(int8_t *to, const int8_t *a, const int8_t *b, int32_t count)
{
    max_of_some(2, to, a, b, b, b, count);
}

static __attribute__((noinline)) void max_of_three(
    int8_t *to, const int8_t *a, const int8_t *b, const int8_t *c, int32_t count)
{
    max_of_some(3, to, a, b, c, c, count);
}

static __attribute__((noinline)) void max_of_four(
    int8_t *to, const int8_t *a, const int8_t *b, const int8_t *c, const int8_t *d, int32_t count)
{
    max_of_some(4, to, a, b, c, d, count);
}

/* The same of `runs` runs, more than none, each `apart` bytes after the one before; `to` is none of them. */
static void max_of_all(int8_t *to, const int8_t *run, int32_t apart, int32_t runs, int32_t count)
{
    const int8_t *so_far = run;
    do
    {
        const int8_t *const second = run + apart;
        if (runs < 3)
        {
            max_of_two(to, so_far, runs > 1 ? second : run, count);
        }
        else if (runs == 3)
        {
            max_of_three(to, so_far, second, second + apart, count);
        }
        else
        {
            max_of_four(to, so_far, second, second + apart, second + 2 * apart, count);
        }
        /* The last of them counts as one. */
        so_far = to;
        run += 3 * apart;
        runs -= 3;
    } while (runs > 1);
}

static void clamp(const struct mn_pool *p, int8_t *row, int32_t count)
{
    for (int32_t i = 0; i < count; i++)
    {
        row[i] = (int8_t)(row[i] < p->low ? p->low : row[i] > p->high ? p->high : row[i]);
    }
}

void mn_max_pool_rows(const struct mn_pool *p, const int8_t *input, int8_t *output, int8_t *scratch)
{
    const struct mn_window w = p->window;
    const int32_t channels = p->out.channels, in_rows = p->in.rows, in_columns = p->in.columns;
    const int32_t columns = p->out.columns, rows = p->out.rows, stride = w.column_stride;
    const int32_t row_bytes = in_columns * channels, out_bytes = columns * channels;
    const int32_t reached = (columns - 1) * stride + w.columns;
    const int32_t line_bytes = (reached > w.pad_left + in_columns ? reached : w.pad_left + in_columns) * channels;
    const int32_t is_clamped = p->low > -128 || p->high < 127;
    int8_t *const inside = scratch + w.pad_left * channels, *const apart = scratch + line_bytes;
    for (int32_t i = 0; i < line_bytes; i++)
    {
        scratch[i] = (int8_t)p->low;
    }
    for (int32_t y = 0; y < rows; y++, output += out_bytes)
    {
        const struct mn_span ys = mn_window_inside(y, w.row_stride, w.pad_top, w.rows, in_rows);
        max_of_all(inside, input + ys.first * row_bytes, row_bytes, ys.end - ys.first, row_bytes);
        if (stride == 1)
        {
            max_of_all(output, scratch, channels, w.columns, out_bytes);
        }
        else if (channels >= 4)
        {
            for (int32_t x = 0; x < columns; x++)
            {
                max_of_all(output + x * channels, scratch + x * stride * channels, channels, w.columns, channels);
            }
        }
        else
        {
            /* Words of all places, of which few are kept, take less time than single bytes. */
            max_of_all(apart, scratch, channels, w.columns, (reached - w.columns + 1) * channels);
            const int8_t *from = apart;
            for (int8_t *to = output; to != output + out_bytes; from += stride * channels)
            {
                for (int32_t channel = 0; channel < channels; channel++)
                {
                    *to++ = from[channel];
                }
            }
        }
        if (is_clamped)
        {
            clamp(p, output, out_bytes);
        }
    }
}
