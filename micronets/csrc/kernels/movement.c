/* SPDX-License-Identifier: Apache-2.0 */
/* Padding, copying and nearest-neighbour resizing: kernels that move bytes. */
#include "micronets_dsp.h"
#include "micronets_kernels.h"

enum
{
    LONG_BYTES = 32
};

static int8_t *fill(int8_t *output, int32_t count, int8_t value)
{
    const uint32_t word = (uint32_t)(uint8_t)value * 0x01010101U;
    for (; count >= 4; count -= 4, output += 4)
    {
        *(mn_unaligned_word *)(void *)output = word;
    }
    for (; count > 0; count--)
    {
        *output++ = value;
    }
    return output;
}

/* Upwards, so that a copy to lower addresses may overlap what it reads. */
MN_INLINE int8_t *copy(int8_t *output, const int8_t *input, int32_t count)
{
    for (; count >= 4; count -= 4, input += 4, output += 4)
    {
        *(mn_unaligned_word *)(void *)output = mn_load_word(input);
    }
    for (; count > 0; count--)
    {
        *output++ = *input++;
    }
    return output;
}

/* The same, for long runs: 32 bytes at a time. */
static __attribute__((noinline)) int8_t *copy_long(int8_t *output, const int8_t *input, int32_t count)
{
#if MN_DSP
    uint32_t a, b, c, d, e, f, g, h;
    for (; count >= LONG_BYTES; count -= LONG_BYTES)
    {
        /* Loads, and stores, directly behind one another. */
        __asm volatile("ldr %[a], [%[from]]\n\t"
                       "ldr %[b], [%[from], #4]\n\t"
                       "ldr %[c], [%[from], #8]\n\t"
                       "ldr %[d], [%[from], #12]\n\t"
                       "ldr %[e], [%[from], #16]\n\t"
                       "ldr %[f], [%[from], #20]\n\t"
                       "ldr %[g], [%[from], #24]\n\t"
                       "ldr %[h], [%[from], #28]\n\t"
                       "add %[from], %[from], #32\n\t"
                       "str %[a], [%[to]]\n\t"
                       "str %[b], [%[to], #4]\n\t"
                       "str %[c], [%[to], #8]\n\t"
                       "str %[d], [%[to], #12]\n\t"
                       "str %[e], [%[to], #16]\n\t"
                       "str %[f], [%[to], #20]\n\t"
                       "str %[g], [%[to], #24]\n\t"
                       "str %[h], [%[to], #28]\n\t"
                       "add %[to], %[to], #32\n\t"
                       : [from] "+r"(input), [to] "+r"(output), [a] "=&r"(a), [b] "=&r"(b), [c] "=&r"(c), [d] "=&r"(d),
                         [e] "=&r"(e), [f] "=&r"(f), [g] "=&r"(g), [h] "=&r"(h)
                       :
                       : "memory");
    }
#endif
    return copy(output, input, count);
}

void mn_pad(const struct mn_pad *p, const int8_t *input, int8_t *output)
{
    const int8_t zero = (int8_t)p->zero_point;
    const int32_t channels = p->in.channels, columns = p->in.columns, out_channels = p->out.channels;
    const int32_t channels_before = p->channels_before, channels_after = out_channels - channels - channels_before;
    const int32_t columns_after = p->out.columns - columns - p->columns_before;
    const int32_t rows_after = p->out.rows - p->in.rows - p->rows_before;
    const int32_t row_bytes = p->out.columns * out_channels;
    const int32_t before = p->columns_before * out_channels, after = columns_after * out_channels;
    output = fill(output, p->rows_before * row_bytes + before, zero);
    for (int32_t left = p->in.rows; left > 0; left--)
    {
        if (channels == out_channels)
        {
            output = copy_long(output, input, columns * channels);
            input += columns * channels;
        }
        else
        {
            for (int32_t x = 0; x < columns; x++, input += channels)
            {
                output = fill(output, channels_before, zero);
                output = copy(output, input, channels);
                output = fill(output, channels_after, zero);
            }
        }
        output = fill(output, after + (left > 1 ? before : rows_after * row_bytes), zero);
    }
}

void mn_copy(const struct mn_copy *p, const int8_t *input, int8_t *output)
{
    const int32_t block_bytes = p->block_bytes, output_stride = p->output_stride;
    for (int32_t left = p->count; left > 0; left--, input += block_bytes, output += output_stride)
    {
        if (block_bytes < LONG_BYTES)
        {
            copy(output, input, block_bytes);
        }
        else
        {
            copy_long(output, input, block_bytes);
        }
    }
}

void mn_move_down(int8_t *to, const int8_t *from, int32_t count)
{
    copy_long(to, from, count);
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
            output = copy_long(output, output - row_bytes, row_bytes);
            continue;
        }
        output = pick(p, input + p->rows[y] * p->in_columns * p->out.channels, output);
    }
}
