/* SPDX-License-Identifier: Apache-2.0 */
/* TFLM's logarithm in fixed point: of r = x / 2^z around sqrt(sqrt(1/2)) by a rational function, and z log 2. */
#include "log_softmax.h"
#include "reciprocal.h"

enum
{
    SUM_INTEGER_BITS = 12,
    LOG_INTEGER_BITS = 5,
    INNER_FRACTION_BITS = 25,
    INNER_QUARTER = 1 << 23,
    LOG_2 = 1488522236,
    SQRT_SQRT_HALF = 1805811301,
    SQRT_HALF = 1518500250,
    ALPHA_N = 117049297,
    ALPHA_D = 127690142,
    ALPHA_I = 1057819769,
    ALPHA_F = 638450708
};

/* Q12.19, at least 1, to Q5.26. */
static int32_t logarithm(int32_t sum)
{
    const int32_t zeros_a = mn_leading_zeros((uint32_t)sum);
    const int32_t halved = mn_high_multiply(mn_saturating_left_shift(sum, zeros_a - 1), SQRT_HALF);
    const int32_t r_a = mn_saturating_left_shift(halved, 1);
    const int32_t z_a = (SUM_INTEGER_BITS - zeros_a) * (1 << INNER_FRACTION_BITS) + INNER_QUARTER;
    const int32_t zeros_b = mn_leading_zeros((uint32_t)mn_high_multiply(sum, SQRT_HALF)) - 1;
    const int32_t r_b = mn_saturating_left_shift(sum, zeros_b);
    const int32_t z_b = (SUM_INTEGER_BITS - zeros_b) * (1 << INNER_FRACTION_BITS) - INNER_QUARTER;
    const int32_t r = r_a < r_b ? r_a : r_b, z = z_a > z_b ? z_a : z_b;
    const int32_t p = (int32_t)(((int64_t)r + SQRT_SQRT_HALF + 1) / 2);
    const int32_t q = 2 * (r - SQRT_SQRT_HALF);
    const int32_t square = mn_high_multiply(q, q);
    const int32_t numerator = mn_high_multiply(q, r) + mn_high_multiply(mn_high_multiply(q, square), ALPHA_N);
    const int32_t denominator =
        mn_high_multiply(p, ALPHA_I + q + mn_high_multiply(ALPHA_D, square)) + mn_high_multiply(ALPHA_F, q);
    const int32_t ratio =
        mn_high_multiply(mn_rounding_shift(numerator, LOG_INTEGER_BITS + 1), mn_one_over_one_plus(denominator));
    return mn_saturating_left_shift(mn_high_multiply(z, LOG_2) + ratio, 1);
}

void mn_log_softmax(const struct mn_log_softmax *p, const int8_t *input, int8_t *output)
{
    for (int32_t row = 0; row < p->rows; row++, input += p->channels, output += p->channels)
    {
        int32_t largest = INT8_MIN;
        for (int32_t c = 0; c < p->channels; c++)
        {
            largest = input[c] > largest ? input[c] : largest;
        }
        int32_t sum = 0;
        for (int32_t c = 0; c < p->channels; c++)
        {
            const int32_t difference = largest - input[c];
            sum += difference < p->count ? p->exponentials[difference] : 0;
        }
        const int32_t log_sum = logarithm(sum);
        const int32_t least = mn_multiply_quantised(log_sum + INT32_MIN, p->divisor, p->shift);
        for (int32_t c = 0; c < p->channels; c++)
        {
            const int32_t difference = largest - input[c];
            int32_t value = INT8_MIN;
            if (difference < p->count && -difference > least)
            {
                value = mn_rounding_shift(p->differences[difference] - log_sum, 22) + INT8_MAX;
            }
            output[c] = (int8_t)mn_clamp(value, INT8_MIN, INT8_MAX);
        }
    }
}
