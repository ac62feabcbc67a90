/* SPDX-License-Identifier: Apache-2.0 */
/* Bilinear interpolation in 1024ths, rounded half away from zero. */
#include "bilinear.h"

enum
{
    WHOLE = 1 << 10,
    SQUARE_BITS = 20
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
            const int8_t *a = upper + column[0] * channels, *b = upper + column[1] * channels;
            const int8_t *c = lower + column[0] * channels, *d = lower + column[1] * channels;
            const int32_t left = WHOLE - column[2], right = column[2];
            const int32_t factor_a = left * (WHOLE - row[2]), factor_b = right * (WHOLE - row[2]);
            const int32_t factor_c = left * row[2], factor_d = right * row[2];
            for (int32_t i = 0; i < channels; i++)
            {
                const int32_t sum = a[i] * factor_a + b[i] * factor_b + c[i] * factor_c + d[i] * factor_d;
                /* Halves away from zero. */
                *output++ = (int8_t)((sum + (1 << (SQUARE_BITS - 1)) + (sum >> 31)) >> SQUARE_BITS);
            }
        }
    }
}
