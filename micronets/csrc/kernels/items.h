/* SPDX-License-Identifier: Apache-2.0 */
/* Items wider than a byte, at any address of the arena. */
#ifndef MICRONETS_ITEMS_H
#define MICRONETS_ITEMS_H

#include "micronets_dsp.h"

MN_INLINE int32_t mn_int16_at(const int8_t *items, int32_t index)
{
    return (int16_t)mn_load_half(items + 2 * index);
}

MN_INLINE void mn_set_int16(int8_t *items, int32_t index, int32_t value)
{
    *(mn_unaligned_half *)(void *)(items + 2 * index) = (uint16_t)value;
}

MN_INLINE int32_t mn_int32_at(const int8_t *items, int32_t index)
{
    return (int32_t)mn_load_word(items + 4 * index);
}

MN_INLINE void mn_set_int32(int8_t *items, int32_t index, int32_t value)
{
    *(mn_unaligned_word *)(void *)(items + 4 * index) = (uint32_t)value;
}

#endif
