/* SPDX-License-Identifier: Apache-2.0 */
/* Addition of two tensors of one shape. Each input comes to the common scale by one rounded multiplication. */
#include "micronets_arithmetic.h"
#include "micronets_dsp.h"
#include "micronets_kernels.h"

MN_INLINE int32_t scaled(const struct mn_addend *in, int32_t quantised)
{
    const int32_t value = (int32_t)((uint32_t)(quantised - in->zero_point) << in->left_shift);
    return mn_high_mac(value, in->multiplier, in->half + (value >> 31)) >> in->right_shift;
}

void mn_add_same(const struct mn_add_same *p, const int8_t *first, const int8_t *second, int8_t *output)
{
    const struct mn_addend a = p->first, b = p->second;
    const int32_t multiplier = p->multiplier, constant = p->constant, shift = p->shift;
    const int32_t low = p->low, high = p->high;
    for (const int8_t *end = first + p->count; first != end;)
    {
        const int32_t sum = scaled(&a, *first++) + scaled(&b, *second++);
        const int32_t value = mn_high_mac(sum * 2, multiplier, constant + (sum >> 31)) >> shift;
        *output++ = (int8_t)mn_clamp(value, low, high);
    }
}
