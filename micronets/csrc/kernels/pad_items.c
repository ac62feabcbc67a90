/* SPDX-License-Identifier: Apache-2.0 */
#include "pad_items.h"
#include "items.h"

MN_INLINE int32_t is_within(int32_t place, int32_t before, int32_t side)
{
    return place >= before && place < before + side;
}

void mn_pad_items(const struct mn_pad *p, int32_t item_bytes, const int8_t *input, int8_t *output)
{
    for (int32_t y = 0; y < p->out.rows; y++)
    {
        for (int32_t x = 0; x < p->out.columns; x++)
        {
            const int32_t is_pixel =
                is_within(y, p->rows_before, p->in.rows) && is_within(x, p->columns_before, p->in.columns);
            for (int32_t c = 0; c < p->out.channels; c++, output += item_bytes)
            {
                int32_t value = p->zero_point;
                if (is_pixel && is_within(c, p->channels_before, p->in.channels))
                {
                    value = item_bytes == 2 ? mn_int16_at(input, 0) : mn_int32_at(input, 0);
                    input += item_bytes;
                }
                if (item_bytes == 2)
                {
                    mn_set_int16(output, 0, value);
                }
                else
                {
                    mn_set_int32(output, 0, value);
                }
            }
        }
    }
}
