/* SPDX-License-Identifier: Apache-2.0 */
/* Movement of values along up to five sides, the innermost by whole blocks where they lie together. */
#include "rearrange.h"

static int8_t *copy(int8_t *output, const int8_t *input, int32_t count)
{
    for (int32_t i = 0; i < count; i++)
    {
        output[i] = input[i];
    }
    return output + count;
}

/* The next place along all sides but the last; 0 behind the last one. */
static int advance(int32_t *at, const int32_t *counts)
{
    for (int32_t side = MN_SIDES - 2; side >= 0; side--)
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
    const int32_t count = p->counts[MN_SIDES - 1], stride = p->strides[MN_SIDES - 1];
    int32_t at[MN_SIDES - 1] = {0};
    do
    {
        const int8_t *from = input + p->first;
        for (int32_t side = 0; side < MN_SIDES - 1; side++)
        {
            from += at[side] * p->strides[side];
        }
        if (p->block_bytes == 1)
        {
            for (int32_t i = 0; i < count; i++)
            {
                *output++ = from[i * stride];
            }
        }
        else
        {
            for (int32_t i = 0; i < count; i++)
            {
                output = copy(output, from + i * stride, p->block_bytes);
            }
        }
    } while (advance(at, p->counts));
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
    } while (advance(at, p->counts));
}
