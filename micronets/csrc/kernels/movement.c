/* SPDX-License-Identifier: Apache-2.0 */
/* Padding, copying and nearest-neighbour resizing: kernels that move bytes. */
#include "micronets_dsp.h"
#include "micronets_kernels.h"

#if defined(__ARM_FEATURE_MVE)
#include "helium_move.h"
#endif

static int8_t *fill(int8_t *output, int32_t count, int8_t value)
{
#if defined(__ARM_FEATURE_MVE)
    mn_helium_fill(output, value, count);
#else
    for (int32_t i = 0; i < count; i++)
    {
        output[i] = value;
    }
#endif
    return output + count;
}

/* Upwards, so that a copy to lower addresses may overlap what it reads. */
static int8_t *copy(int8_t *output, const int8_t *input, int32_t count)
{
#if defined(__ARM_FEATURE_MVE)
    mn_helium_copy(output, input, count);
    return output + count;
#else
    for (; count >= 4; count -= 4, input += 4, output += 4)
    {
        *(mn_unaligned_word *)(void *)output = mn_load_word(input);
    }
    for (; count > 0; count--)
    {
        *output++ = *input++;
    }
    return output;
#endif
}

void mn_pad(const struct mn_pad *p, const int8_t *input, int8_t *output)
{
    const int8_t zero = (int8_t)p->zero_point;
    const int32_t channels_after = p->out.channels - p->in.channels - p->channels_before;
    const int32_t columns_after = p->out.columns - p->in.columns - p->columns_before;
    const int32_t rows_after = p->out.rows - p->in.rows - p->rows_before;
    const int32_t row_bytes = p->out.columns * p->out.channels;
    output = fill(output, p->rows_before * row_bytes, zero);
    for (int32_t y = 0; y < p->in.rows; y++)
    {
        output = fill(output, p->columns_before * p->out.channels, zero);
        for (int32_t x = 0; x < p->in.columns; x++, input += p->in.channels)
        {
            output = fill(output, p->channels_before, zero);
            output = copy(output, input, p->in.channels);
            output = fill(output, channels_after, zero);
        }
        output = fill(output, columns_after * p->out.channels, zero);
    }
    fill(output, rows_after * row_bytes, zero);
}

void mn_copy(const struct mn_copy *p, const int8_t *input, int8_t *output)
{
    for (int32_t i = 0; i < p->count; i++, input += p->block_bytes, output += p->output_stride)
    {
        copy(output, input, p->block_bytes);
    }
}

void mn_move_down(int8_t *to, const int8_t *from, int32_t count)
{
    copy(to, from, count);
}

static int8_t *pick(const struct mn_resize *p, const int8_t *row, int8_t *output)
{
    const int32_t columns = p->out.columns, channels = p->out.channels;
    const uint16_t *column = p->columns;
    if (channels == 1)
    {
        for (int32_t x = 0; x < columns; x++)
        {
            *output++ = row[*column++];
        }
        return output;
    }
    for (int32_t x = 0; x < columns; x++)
    {
        output = copy(output, row + *column++ * channels, channels);
    }
    return output;
}

void mn_resize_nearest(const struct mn_resize *p, const int8_t *input, int8_t *output)
{
    const int32_t row_bytes = p->out.columns * p->out.channels;
    for (int32_t y = 0; y < p->out.rows; y++)
    {
        if (y > 0 && p->rows[y] == p->rows[y - 1])
        {
            output = copy(output, output - row_bytes, row_bytes);
            continue;
        }
        output = pick(p, input + p->rows[y] * p->in_columns * p->out.channels, output);
    }
}
