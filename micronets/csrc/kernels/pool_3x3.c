/* SPDX-License-Identifier: Apache-2.0 */
/* Maximum over windows of 3x3 at every second column, of a multiple of four channels, with at most one column of padding
 * before the first. A window's last column is the next one's first: its maximum is taken once. */
#include "pool_3x3.h"
#include "bytes.h"

/* The maximum of three words, `at` bytes from three addresses. */
MN_INLINE uint32_t max_of_column(const int8_t *a, const int8_t *b, const int8_t *c, int32_t at)
{
#if MN_DSP
    uint32_t x, y, z;
    /* Together, so that one load begins while the one before it ends. */
    __asm volatile("ldr %[x], [%[a], %[at]]\n\t"
                   "ldr %[y], [%[b], %[at]]\n\t"
                   "ldr %[z], [%[c], %[at]]\n\t"
                   : [x] "=&r"(x), [y] "=&r"(y), [z] "=&r"(z)
                   : [a] "r"(a), [b] "r"(b), [c] "r"(c), [at] "r"(at)
                   : "memory");
#else
    const uint32_t x = mn_load_word(a + at), y = mn_load_word(b + at), z = mn_load_word(c + at);
#endif
    return mn_max_bytes(mn_max_bytes(x, y), z);
}

/* Four channels of a row of outputs, over three rows of `columns` inputs. */
MN_INLINE void pool_row(
    int clamped, const struct mn_pool *p, const int8_t *a, const int8_t *b, const int8_t *c, int32_t columns,
    int8_t *output)
{
    const int32_t channels = p->out.channels;
    const uint32_t low = mn_four_times(p->low), high = mn_four_times(p->high);
    int32_t at = 0, outputs = p->out.columns;
    uint32_t before = low;
    if (p->window.pad_left == 0)
    {
        before = max_of_column(a, b, c, 0);
        at = channels;
        columns--;
    }
    int32_t whole = columns / 2 < outputs ? columns / 2 : outputs;
    columns -= 2 * whole;
    outputs -= whole;
    for (; whole > 0; whole--, output += channels)
    {
        const uint32_t middle = max_of_column(a, b, c, at);
        at += channels;
        const uint32_t last = max_of_column(a, b, c, at);
        at += channels;
        const uint32_t most = mn_max_bytes(mn_max_bytes(before, middle), last);
        mn_store_word(output, clamped ? mn_min_bytes(mn_max_bytes(most, low), high) : most);
        before = last;
    }
    if (outputs > 0)
    {
        const uint32_t most = columns > 0 ? mn_max_bytes(before, max_of_column(a, b, c, at)) : before;
        mn_store_word(output, mn_min_bytes(mn_max_bytes(most, low), high));
    }
}

/* A row outside the input stands for its neighbour inside, whose values are in the maximum anyway. */
MN_INLINE const int8_t *row_at(const int8_t *input, int32_t row, int32_t rows, int32_t row_bytes)
{
    return input + (row < 0 ? 0 : row < rows ? row : rows - 1) * row_bytes;
}

MN_INLINE void pool(int clamped, const struct mn_pool *in_flash, const int8_t *input, int8_t *output)
{
    /* Stores could alias the description. */
    const struct mn_pool p = *in_flash;
    const int32_t channels = p.out.channels, row_bytes = p.in.columns * channels;
    int32_t top = -p.window.pad_top;
    for (int32_t y = 0; y < p.out.rows; y++, top += p.window.row_stride, output += p.out.columns * channels)
    {
        const int8_t *a = row_at(input, top, p.in.rows, row_bytes);
        const int8_t *b = row_at(input, top + 1, p.in.rows, row_bytes);
        const int8_t *c = row_at(input, top + 2, p.in.rows, row_bytes);
        for (int32_t channel = 0; channel < channels; channel += 4)
        {
            pool_row(clamped, &p, a + channel, b + channel, c + channel, p.in.columns, output + channel);
        }
    }
}

void mn_max_pool_3x3(const struct mn_pool *p, const int8_t *input, int8_t *output)
{
    pool(0, p, input, output);
}

void mn_max_pool_3x3_clamped(const struct mn_pool *p, const int8_t *input, int8_t *output)
{
    pool(1, p, input, output);
}
