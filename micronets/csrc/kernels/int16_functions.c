/* SPDX-License-Identifier: Apache-2.0 */
#include "int16_functions.h"
#include "items.h"
#include "micronets_arithmetic.h"
#include "sigmoid_int16.h"

void mn_int16_lines(const struct mn_int16_lines *p, const int8_t *input, int8_t *output)
{
    for (int32_t i = 0; i < p->count; i++)
    {
        const int32_t value = mn_int16_at(input, i) - p->input_zero_point;
        int32_t scaled;
        if (value >= 0)
        {
            scaled = mn_multiply_quantised(value, p->multiplier, p->shift);
        }
        else
        {
            scaled = mn_multiply_quantised(p->mirrored ? -value : value, p->below_multiplier, p->below_shift);
            scaled = p->negated ? mn_wrap_subtract(0, scaled) : scaled;
        }
        mn_set_int16(output, i, mn_clamp(mn_wrapping_add(scaled, p->zero_point), p->low, p->high));
    }
}

void mn_int16_logistic(const struct mn_int16_sigmoid *p, const int8_t *input, int8_t *output)
{
    /* Stores could alias the description. */
    const struct mn_int16_sigmoid s = *p;
    for (int32_t i = 0; i < s.count; i++)
    {
        mn_set_int16(output, i, mn_logistic_int16(s.table, mn_int16_at(input, i), s.multiplier, s.shift));
    }
}

void mn_int16_tanh(const struct mn_int16_sigmoid *p, const int8_t *input, int8_t *output)
{
    const struct mn_int16_sigmoid s = *p;
    for (int32_t i = 0; i < s.count; i++)
    {
        mn_set_int16(output, i, mn_tanh_int16(s.table, mn_int16_at(input, i), s.multiplier, s.shift));
    }
}
