/* SPDX-License-Identifier: Apache-2.0 */
/* From a sum to a mean, by the forms of mean.h. */
#ifndef MICRONETS_MEAN_SCALE_H
#define MICRONETS_MEAN_SCALE_H

#include "mean.h"
#include "micronets_dsp.h"

/* Of a sum that begins at p->start. */
MN_INLINE int8_t mn_scaled_mean(const int fast, const struct mn_mean *p, int32_t sum)
{
    if (fast)
    {
        return (int8_t)mn_saturate8(mn_high_mac(sum, p->multiplier, p->zero_point));
    }
    return (int8_t)mn_saturate8((mn_high_mac(2 * sum, p->multiplier, p->zero_point) + (sum >> 31)) >> p->shift);
}

#endif
