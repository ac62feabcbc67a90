/* SPDX-License-Identifier: Apache-2.0 */
#include "convert.h"
#include "items.h"
#include "micronets_arithmetic.h"

MN_INLINE int32_t item(const int8_t *items, int32_t bytes, int32_t index)
{
    return bytes == 1 ? items[index] : bytes == 2 ? mn_int16_at(items, index) : mn_int32_at(items, index);
}

MN_INLINE void set_item(int8_t *items, int32_t bytes, int32_t index, int32_t value)
{
    if (bytes == 1)
    {
        items[index] = (int8_t)value;
    }
    else if (bytes == 2)
    {
        mn_set_int16(items, index, value);
    }
    else
    {
        mn_set_int32(items, index, value);
    }
}

void mn_convert_scaled(const struct mn_convert *in_flash, const int8_t *input, int8_t *output)
{
    /* Stores could alias the description. */
    const struct mn_convert p = *in_flash;
    for (int32_t i = 0; i < p.count; i++)
    {
        const int32_t value = mn_wrap_subtract(item(input, p.input_bytes, i), p.input_zero_point);
        const int32_t scaled = mn_multiply_quantised(value, p.multiplier, p.shift);
        const int32_t result = mn_clamp(mn_wrapping_add(scaled, p.zero_point), p.low, p.high);
        set_item(output, p.output_bytes, i, result);
    }
}

void mn_cast(const struct mn_convert *p, const int8_t *input, int8_t *output)
{
    for (int32_t i = 0; i < p->count; i++)
    {
        set_item(output, p->output_bytes, i, item(input, p->input_bytes, i));
    }
}
