/* SPDX-License-Identifier: Apache-2.0 */
#include "update.h"
#include "items.h"
#include "micronets_arithmetic.h"

MN_INLINE void copy(int8_t *output, const int8_t *input, int32_t count)
{
    for (int32_t i = 0; i < count; i++)
    {
        output[i] = input[i];
    }
}

void mn_update(const struct mn_update *p, const int8_t *whole, const int8_t *part, const int8_t *begin, int8_t *output)
{
    const int32_t last = MN_UPDATE_SIDES - 1;
    int32_t strides[MN_UPDATE_SIDES], counts[MN_UPDATE_SIDES] = {0};
    int32_t size = p->item_bytes, blocks = 1, first = 0;
    for (int32_t i = last; i >= 0; i--)
    {
        const int32_t own = i - (MN_UPDATE_SIDES - p->sides);
        strides[i] = size;
        size *= p->whole[i];
        blocks *= i < last ? p->part[i] : 1;
        first += own < 0 ? 0 : strides[i] * mn_clamp(mn_int32_at(begin, own), 0, p->whole[i] - p->part[i]);
    }
    copy(output, whole, size);
    const int32_t block = p->part[last] * p->item_bytes;
    for (int32_t i = 0; i < blocks; i++, part += block)
    {
        int32_t place = first;
        for (int32_t j = 0; j < last; j++)
        {
            place += counts[j] * strides[j];
        }
        copy(output + place, part, block);
        for (int32_t j = last - 1; j >= 0 && ++counts[j] == p->part[j]; j--)
        {
            counts[j] = 0;
        }
    }
}
