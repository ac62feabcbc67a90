/* SPDX-License-Identifier: Apache-2.0 */
/* Activations of 16 levels from two in a byte to one, and back. */
#include "nibbles.h"
#include "micronets_dsp.h"

void mn_unpack_nibbles(int32_t least, int32_t count, const int8_t *nibbles, int8_t *values)
{
    const uint32_t above = mn_four_times(least);
    for (; count >= 8; count -= 8, nibbles += 4, values += 8)
    {
        const uint32_t word = mn_load_word(nibbles);
        const uint32_t low = mn_add_bytes(word & MN_LOW_NIBBLES, above),
                       high = mn_add_bytes(word >> 4 & MN_LOW_NIBBLES, above);
        *(mn_unaligned_word *)(void *)values = mn_pack_low(low, high);
        *(mn_unaligned_word *)(void *)(values + 4) = mn_pack_high(low, high);
    }
    if (count > 0)
    {
        *(mn_unaligned_word *)(void *)values = mn_values_of_nibbles(mn_load_half(nibbles), above);
    }
}

void mn_pack_nibbles(int32_t least, int32_t count, const int8_t *values, int8_t *nibbles)
{
    const uint32_t above = mn_four_times(least) ^ MN_SIGNS;
    for (; count >= 8; count -= 8, values += 8, nibbles += 4)
    {
        const uint32_t first = mn_clamped_nibbles(mn_load_word(values), above),
                       second = mn_clamped_nibbles(mn_load_word(values + 4), above);
        *(mn_unaligned_word *)(void *)nibbles = mn_pack_low(first, second) | mn_pack_high(first, second) << 4;
    }
    if (count > 0)
    {
        const uint32_t first = mn_clamped_nibbles(mn_load_word(values), above);
        *(mn_unaligned_half *)(void *)nibbles = (uint16_t)(first | first >> 12);
    }
}

void mn_clamp_levels(int32_t least, int32_t count, int8_t *values)
{
    const uint32_t above = mn_four_times(least);
    for (int8_t *end = values + count; values < end; values += 4)
    {
        const uint32_t clamped = mn_clamped_nibbles(mn_load_word(values), above ^ MN_SIGNS);
        *(mn_unaligned_word *)(void *)values = mn_add_bytes(clamped, above);
    }
}
