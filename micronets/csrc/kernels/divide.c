/* SPDX-License-Identifier: Apache-2.0 */
#include "binary.h"
#include "binary_loop.h"
#include "reciprocal.h"

enum
{
    LONGEST_SHIFT = 31
};

/* The quotient is dividend * 2^headroom times 1 / divisor, which lies between one half and one. */
MN_INLINE int32_t divide(const struct mn_binary *p, int32_t a, int32_t b)
{
    int32_t dividend = a - p->first.zero_point, divisor = b - p->second.zero_point;
    if (divisor < 0)
    {
        dividend = -dividend;
        divisor = -divisor;
    }
    divisor = divisor == 0 ? 1 : divisor;
    const int32_t zeros = mn_leading_zeros((uint32_t)divisor);
    const int32_t inverse = mn_one_over_one_plus((int32_t)(((uint32_t)divisor << zeros) & INT32_MAX));
    const int32_t magnitude = dividend < 0 ? -dividend - 1 : dividend;
    const int32_t headroom = magnitude == 0 ? 31 : mn_leading_zeros((uint32_t)magnitude) - 1;
    const int32_t quotient = mn_high_multiply((int32_t)((uint32_t)dividend << headroom), inverse);
    const int32_t shift = p->shift - (31 - zeros) - headroom;
    if (shift < -LONGEST_SHIFT)
    {
        return p->zero_point; /* less than one half; the reference shifts by more bits than there are */
    }
    return mn_wrapping_add(mn_multiply_quantised(quotient, p->multiplier, shift), p->zero_point);
}

void mn_divide(const struct mn_binary *p, const int8_t *first, const int8_t *second, int8_t *output)
{
    mn_binary_for_all(p, first, second, output, divide);
}
