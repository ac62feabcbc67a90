/* SPDX-License-Identifier: Apache-2.0 */
#include "int16_requantise.h"
#include "matmul.h"

static int64_t product(const struct mn_matmul *p, const int8_t *first, const int8_t *second)
{
    int64_t sum = 0;
    for (int32_t k = 0; k < p->depth; k++)
    {
        sum += mn_int16_at(first, k * p->first.column_stride) * mn_int16_at(second, k * p->second.row_stride);
    }
    return sum;
}

void mn_int16_matmul(const struct mn_matmul *p, const int8_t *first, const int8_t *second, int8_t *output)
{
    for (int32_t i = 0; i < p->batches; i++)
    {
        for (int32_t y = 0; y < p->rows; y++)
        {
            for (int32_t x = 0; x < p->columns; x++, output += 2)
            {
                const int8_t *row = first + 2 * y * p->first.row_stride;
                const int64_t sum = product(p, row, second + 2 * x * p->second.column_stride);
                const int32_t scaled = mn_multiply_wide(sum, p->multiplier, p->shift);
                mn_set_int16(output, 0, mn_clamp(scaled, INT16_MIN, INT16_MAX));
            }
        }
        first += 2 * p->first.batch_stride;
        second += 2 * p->second.batch_stride;
    }
}
