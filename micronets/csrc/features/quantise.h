/* SPDX-License-Identifier: Apache-2.0 */
/* From features in fixed point to the network's int8 input. */
#ifndef QUANTISE_H
#define QUANTISE_H

#include "micronets_dsp.h"
#include "mn_features_tables.h"

/* zero point + value << shift x multiplier / 2^32, rounded and saturated */
MN_INLINE int8_t mn_quantise(int32_t value)
{
    const int32_t shifted = (int32_t)((uint32_t)value << MN_QUANTISE_SHIFT);
    return (int8_t)mn_saturate8(mn_high_mac(shifted, MN_QUANTISE_MULTIPLIER, MN_QUANTISE_ZERO_POINT));
}

#endif
