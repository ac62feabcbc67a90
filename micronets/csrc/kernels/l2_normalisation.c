/* SPDX-License-Identifier: Apache-2.0 */
/* TFLM's inverse square root in fixed point, of a vector's squares. */
#include "l2_normalisation.h"
#include "reciprocal.h"

enum
{
    OUTPUT_BITS = 7,
    ROOT_OF_HALF = 1518500250
};

struct multiplier
{
    int32_t multiplier, shift;
};

/* 1 / sqrt(value): five Newton-Raphson steps in Q3.28. */
static struct multiplier inverse_square_root(int32_t value)
{
    if (value <= 1)
    {
        const struct multiplier one = {INT32_MAX, 0};
        return one;
    }
    int32_t right = 11;
    for (; value >= 1 << 29; value /= 4)
    {
        right++;
    }
    const int32_t pairs = (mn_leading_zeros((uint32_t)value) - 1) / 2 - 1;
    right -= pairs;
    const int32_t half = mn_rounding_shift((value << 2 * pairs) >> 1, 1);
    int32_t x = 1 << 28;
    for (int32_t i = 0; i < 5; i++)
    {
        const int32_t cube = mn_saturating_left_shift(mn_high_multiply(mn_high_multiply(x, x), x), 6);
        x = mn_saturating_left_shift(mn_high_multiply(3 << 27, x) - mn_high_multiply(half, cube), 3);
    }
    const int32_t root = mn_high_multiply(x, ROOT_OF_HALF);
    const struct multiplier result = {right < 0 ? root << -right : root, right < 0 ? 0 : -right};
    return result;
}

void mn_l2_normalisation(const struct mn_l2_normalisation *p, const int8_t *input, int8_t *output)
{
    for (int32_t row = 0; row < p->rows; row++, input += p->channels, output += p->channels)
    {
        int32_t squares = 0;
        for (int32_t c = 0; c < p->channels; c++)
        {
            const int32_t value = input[c] - p->zero_point;
            squares += value * value;
        }
        const struct multiplier root = inverse_square_root(squares);
        for (int32_t c = 0; c < p->channels; c++)
        {
            const int32_t value =
                mn_multiply_quantised(input[c] - p->zero_point, root.multiplier, root.shift + OUTPUT_BITS);
            output[c] = (int8_t)mn_clamp(value, INT8_MIN, INT8_MAX);
        }
    }
}
