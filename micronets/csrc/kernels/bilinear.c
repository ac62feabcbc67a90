/* SPDX-License-Identifier: Apache-2.0 */
/* Bilinear interpolation in 1024ths, rounded half away from zero. */
#include "bilinear.h"

enum
{
    WHOLE = 1 << 10,
    HALF_SQUARE = 1 << 19,
    SQUARE = 1 << 20
};

void mn_resize_bilinear(const struct mn_bilinear *p, const int8_t *input, int8_t *output)
{
    const int32_t channels = p->out.channels, row_bytes = p->in_columns * channels;
    for (int32_t y = 0; y < p->out.rows; y++)
    {
        const int16_t *row = p->rows + 3 * y;
        const int8_t *upper = input + row[0] * row_bytes, *lower = input + row[1] * row_bytes;
        for (int32_t x = 0; x < p->out.columns; x++)
        {
            const int16_t *column = p->columns + 3 * x;
            const int32_t left = column[0] * channels, right = column[1] * channels;
            const int32_t left_weight = WHOLE - column[2], right_weight = column[2];
            for (int32_t c = 0; c < channels; c++)
            {
                const int32_t above = upper[left + c] * left_weight + upper[right + c] * right_weight;
                const int32_t below = lower[left + c] * left_weight + lower[right + c] * right_weight;
                const int32_t sum = above * (WHOLE - row[2]) + below * row[2];
                *output++ = (int8_t)((sum + (sum > 0 ? HALF_SQUARE : -HALF_SQUARE)) / SQUARE);
            }
        }
    }
}
