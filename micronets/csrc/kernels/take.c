/* SPDX-License-Identifier: Apache-2.0 */
#include "take.h"
#include "items.h"
#include "micronets_arithmetic.h"

MN_INLINE void copy(int8_t *output, const int8_t *input, int32_t count)
{
    for (int32_t i = 0; i < count; i++)
    {
        output[i] = input[i];
    }
}

void mn_take(const struct mn_take *p, const int8_t *input, const int8_t *indices, int8_t *output)
{
    for (int32_t batch = 0; batch < p->batches; batch++)
    {
        for (int32_t i = 0; i < p->outer; i++, input += p->side * p->block_bytes)
        {
            for (int32_t j = 0; j < p->count; j++, output += p->block_bytes)
            {
                const int32_t index = mn_clamp(mn_int32_at(indices, batch * p->count + j), 0, p->side - 1);
                copy(output, input + index * p->block_bytes, p->block_bytes);
            }
        }
    }
}

void mn_take_points(const struct mn_take_points *p, const int8_t *input, const int8_t *indices, int8_t *output)
{
    for (int32_t i = 0; i < p->count; i++, output += p->block_bytes)
    {
        int64_t place = 0;
        for (int32_t j = 0; j < p->coordinates; j++)
        {
            place += (int64_t)mn_int32_at(indices, i * p->coordinates + j) * p->strides[j];
        }
        const int32_t within = place < 0 ? 0 : place > p->last ? p->last : (int32_t)place;
        copy(output, input + within, p->block_bytes);
    }
}
