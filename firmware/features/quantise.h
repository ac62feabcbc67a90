/* From features in fixed point to the network's int8 input. */
#ifndef QUANTISE_H
#define QUANTISE_H

#include "micronets_dsp.h"

/* zero_point + value << shift x multiplier / 2^32, rounded and saturated */
struct mn_quantiser
{
    int32_t multiplier, shift, zero_point;
};

MN_INLINE int8_t mn_quantise(const struct mn_quantiser *quantiser, int32_t value)
{
    const int32_t shifted = (int32_t)((uint32_t)value << quantiser->shift);
    return (int8_t)mn_saturate8(mn_high_mac(shifted, quantiser->multiplier, quantiser->zero_point));
}

#endif
