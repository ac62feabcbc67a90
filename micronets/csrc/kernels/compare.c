/* SPDX-License-Identifier: Apache-2.0 */
#include "compare.h"
#include "items.h"
#include "micronets_arithmetic.h"

enum
{
    SCALED_SHIFT = 8
};

typedef int32_t reader(const struct mn_binary_input *in, const int8_t *items, int32_t index);

MN_INLINE int32_t place(const struct mn_binary_input *in, int32_t row, int32_t column, int32_t channel)
{
    return row * in->row_stride + column * in->column_stride + channel * in->channel_stride;
}

MN_INLINE int32_t scaled(const struct mn_binary_input *in, const int8_t *items, int32_t index)
{
    const int32_t shifted = (items[index] - in->zero_point) * (1 << SCALED_SHIFT);
    return mn_multiply_quantised(shifted, in->multiplier, in->shift);
}

MN_INLINE int32_t int8_item(const struct mn_binary_input *in, const int8_t *items, int32_t index)
{
    (void)in;
    return items[index];
}

MN_INLINE int32_t int32_item(const struct mn_binary_input *in, const int8_t *items, int32_t index)
{
    (void)in;
    return mn_int32_at(items, index);
}

MN_INLINE void compare(
    const struct mn_compare *in_flash, const int8_t *first, const int8_t *second, int8_t *output, reader *read)
{
    /* Stores could alias the description. */
    const struct mn_compare p = *in_flash;
    for (int32_t y = 0; y < p.out.rows; y++)
    {
        for (int32_t x = 0; x < p.out.columns; x++)
        {
            int32_t i = place(&p.first, y, x, 0), j = place(&p.second, y, x, 0);
            for (int32_t c = 0; c < p.out.channels; c++)
            {
                const int32_t a = read(&p.first, first, i), b = read(&p.second, second, j);
                const int32_t order = a < b ? 1 : a == b ? 2 : 4;
                *output++ = (p.accepted & order) != 0;
                i += p.first.channel_stride;
                j += p.second.channel_stride;
            }
        }
    }
}

void mn_compare_scaled(const struct mn_compare *p, const int8_t *first, const int8_t *second, int8_t *output)
{
    compare(p, first, second, output, scaled);
}

void mn_compare_int8(const struct mn_compare *p, const int8_t *first, const int8_t *second, int8_t *output)
{
    compare(p, first, second, output, int8_item);
}

void mn_compare_int32(const struct mn_compare *p, const int8_t *first, const int8_t *second, int8_t *output)
{
    compare(p, first, second, output, int32_item);
}

void mn_select(
    const struct mn_select *p, const int8_t *condition, const int8_t *first, const int8_t *second, int8_t *output)
{
    for (int32_t y = 0; y < p->out.rows; y++)
    {
        for (int32_t x = 0; x < p->out.columns; x++)
        {
            for (int32_t c = 0; c < p->out.channels; c++)
            {
                const int8_t *chosen = condition[place(&p->condition, y, x, c)]
                                           ? first + p->item_bytes * place(&p->first, y, x, c)
                                           : second + p->item_bytes * place(&p->second, y, x, c);
                for (int32_t i = 0; i < p->item_bytes; i++)
                {
                    *output++ = chosen[i];
                }
            }
        }
    }
}
