/* SPDX-License-Identifier: Apache-2.0 */
/* Sums begin with what a quantised zero stands for, as in the reference. */
#include "add_n.h"
#include "micronets_arithmetic.h"

enum
{
    /* By 20 bits, and halved. */
    HALVED_SHIFT = 19
};

void mn_add_n(const struct mn_add_n *p, const int8_t *const *values, int8_t *output)
{
    for (int32_t i = 0; i < p->count; i++)
    {
        int32_t sum = -p->input_zero_point * (1 << HALVED_SHIFT);
        for (int32_t j = 0; j < p->inputs; j++)
        {
            sum = mn_wrapping_add(sum, (values[j][i] - p->input_zero_point) * (1 << HALVED_SHIFT));
        }
        const int32_t scaled = mn_multiply_quantised(sum, p->multiplier, p->shift);
        output[i] = (int8_t)mn_clamp(mn_wrapping_add(scaled, p->zero_point), INT8_MIN, INT8_MAX);
    }
}
