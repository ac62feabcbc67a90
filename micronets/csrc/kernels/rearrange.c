/* SPDX-License-Identifier: Apache-2.0 */
/* Movement of values along up to five sides, the innermost by whole blocks where they lie together. */
#include "rearrange.h"
#include "items.h"
#include "micronets_dsp.h"

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

/* `count` blocks that lie `stride` bytes apart. */
MN_INLINE int8_t *copy_blocks(int8_t *output, const int8_t *from, int32_t stride, int32_t count, int32_t block_bytes)
{
    if (block_bytes == 1)
    {
        for (; count > 0; count--, from += stride)
        {
            *output++ = *from;
        }
    }
    else if (block_bytes == 2)
    {
        for (; count > 0; count--, from += stride, output += 2)
        {
            mn_set_int16(output, 0, mn_int16_at(from, 0));
        }
    }
    else
    {
        for (; count > 0; count--, from += stride)
        {
            output = copy(output, from, block_bytes);
        }
    }
    return output;
}

/* Few single bytes of every line: those of all lines one after the other. */
MN_INLINE void interleave(
    int8_t *output, const int8_t *input, int32_t lines, int32_t line_stride, int32_t count, int32_t stride)
{
    for (int32_t i = 0; i < count; i++, input += stride)
    {
        const int8_t *from = input;
        int8_t *to = output + i;
        int32_t left = lines;
        for (; left >= 4; left -= 4)
        {
            const int8_t a = from[0], b = from[line_stride], c = from[2 * line_stride], d = from[3 * line_stride];
            to[0] = a;
            to[count] = b;
            to[2 * count] = c;
            to[3 * count] = d;
            from += 4 * line_stride;
            to += 4 * count;
        }
        for (; left > 0; left--, from += line_stride, to += count)
        {
            *to = *from;
        }
    }
}

/* The next place along the first `sides`; 0 behind the last one. */
MN_INLINE int advance(int32_t *at, const int32_t *counts, int32_t sides)
{
    for (int32_t side = sides - 1; side >= 0; side--)
    {
        if (++at[side] < counts[side])
        {
            return 1;
        }
        at[side] = 0;
    }
    return 0;
}

void mn_rearrange(const struct mn_rearrange *p, const int8_t *input, int8_t *output)
{
    const int32_t lines = p->counts[MN_SIDES - 2], line_stride = p->strides[MN_SIDES - 2];
    const int32_t count = p->counts[MN_SIDES - 1], stride = p->strides[MN_SIDES - 1], block_bytes = p->block_bytes;
    int32_t at[MN_SIDES - 2] = {0};
    do
    {
        const int8_t *from = input + p->first;
        for (int32_t side = 0; side < MN_SIDES - 2; side++)
        {
            from += at[side] * p->strides[side];
        }
        if (block_bytes == 1 && count < lines)
        {
            interleave(output, from, lines, line_stride, count, stride);
            output += lines * count;
            continue;
        }
        for (int32_t i = 0; i < lines; i++, from += line_stride)
        {
            output = copy_blocks(output, from, stride, count, block_bytes);
        }
    } while (advance(at, p->counts, MN_SIDES - 2));
}

void mn_gather(const struct mn_gather *p, const int8_t *input, int8_t *output)
{
    const int32_t *last = p->offsets[MN_SIDES - 1];
    int32_t at[MN_SIDES - 1] = {0};
    do
    {
        const int8_t *from = input + p->first;
        for (int32_t side = 0; side < MN_SIDES - 1; side++)
        {
            from += p->offsets[side][at[side]];
        }
        for (int32_t i = 0; i < p->counts[MN_SIDES - 1]; i++)
        {
            output = copy(output, from + last[i], p->block_bytes);
        }
    } while (advance(at, p->counts, MN_SIDES - 1));
}
