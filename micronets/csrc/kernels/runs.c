/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of long runs of bytes, and padding of rows and columns alone. */
#include "runs.h"
#include "micronets_dsp.h"

#if defined(__ARM_FEATURE_MVE)
#include "helium_move.h"
#endif

enum
{
    RUN_BYTES = 32
};

static int8_t *fill(int8_t *output, int32_t count, uint32_t zeros)
{
#if defined(__ARM_FEATURE_MVE)
    mn_helium_fill(output, (int32_t)zeros, count);
    return output + count;
#else
    for (; count >= 4; count -= 4, output += 4)
    {
        *(mn_unaligned_word *)(void *)output = zeros;
    }
    for (; count > 0; count--)
    {
        *output++ = (int8_t)(zeros & 0xFFU);
    }
    return output;
#endif
}

static int8_t *copy(int8_t *output, const int8_t *input, int32_t count)
{
#if defined(__ARM_FEATURE_MVE)
    mn_helium_copy(output, input, count);
    return output + count;
#else
#if MN_DSP
    uint32_t a, b, c, d, e, f, g, h;
    for (; count >= RUN_BYTES; count -= RUN_BYTES)
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

void mn_pad_runs(const struct mn_pad *p, const int8_t *input, int8_t *output)
{
    const int32_t channels = p->in.channels, run = p->in.columns * channels, row_bytes = p->out.columns * channels;
    const int32_t before = p->columns_before * channels, after = row_bytes - run - before;
    const int32_t rows_after = p->out.rows - p->in.rows - p->rows_before;
    const uint32_t zeros = (uint32_t)(uint8_t)p->zero_point * 0x01010101U;
    output = fill(output, p->rows_before * row_bytes + before, zeros);
    for (int32_t left = p->in.rows; left > 0; left--, input += run)
    {
        output = copy(output, input, run);
        output = fill(output, after + (left > 1 ? before : rows_after * row_bytes), zeros);
    }
}

void mn_copy_runs(const struct mn_copy *p, const int8_t *input, int8_t *output)
{
    for (int32_t i = 0; i < p->count; i++, input += p->block_bytes, output += p->output_stride)
    {
        copy(output, input, p->block_bytes);
    }
}
