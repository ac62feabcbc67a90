/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise 3x3 convolution of activations in nibbles: four channels of all pixels at a time are unpacked, and packed. */
#include "micronets_dsp.h"
#include "nibbles.h"

static void gather(const struct mn_depthwise_3x3_nibbles *p, const int8_t *input, int8_t *values)
{
    const int32_t pixel_bytes = p->channels / 2;
    const uint32_t above = mn_four_times(p->input_least);
    for (const int8_t *end = values + p->input_pixels * MN_NIBBLE_GROUP; values != end;
         values += MN_NIBBLE_GROUP, input += pixel_bytes)
    {
        *(mn_unaligned_word *)(void *)values = mn_values_of_nibbles(mn_load_half(input), above);
    }
}

static void scatter(const struct mn_depthwise_3x3_nibbles *p, const int8_t *values, int8_t *output)
{
    const int32_t pixel_bytes = p->channels / 2;
    const uint32_t above = mn_four_times(p->output_least) ^ MN_SIGNS;
    for (const int8_t *end = values + p->output_pixels * MN_NIBBLE_GROUP; values != end;
         values += MN_NIBBLE_GROUP, output += pixel_bytes)
    {
        const uint32_t clamped = mn_clamped_nibbles(mn_load_word(values), above);
        *(mn_unaligned_half *)(void *)output = (uint16_t)(clamped | clamped >> 12);
    }
}

/* Word by word: a call of memcpy would take more flash than all of this file. */
static void copy_words(uint32_t *to, const uint32_t *from, uint32_t count)
{
    for (; count > 0; count--)
    {
        *to++ = *from++;
        __asm volatile("" ::: "memory");
    }
}

union slice
{
    struct mn_depthwise_3x3 description;
    uint32_t words[sizeof(struct mn_depthwise_3x3) / sizeof(uint32_t)];
};

void mn_depthwise_3x3_nibbles(
    const struct mn_depthwise_3x3_nibbles *p, const int8_t *input, int8_t *output, int8_t *scratch)
{
    union slice copy;
    struct mn_depthwise_3x3 *const slice = &copy.description;
    copy_words(copy.words, (const uint32_t *)(const void *)&p->slice, sizeof(copy.words) / sizeof(copy.words[0]));
    int8_t *const read = scratch, *const made = read + p->read_bytes, *const own = made + p->made_bytes;
    for (int32_t channel = 0; channel < p->channels; channel += MN_NIBBLE_GROUP, slice->stream += p->slice_words)
    {
        const int8_t *from = input + channel;
        int8_t *to = output + channel;
        if (p->read_bytes > 0)
        {
            gather(p, input + channel / 2, read);
            from = read;
        }
        if (p->made_bytes > 0)
        {
            to = made;
        }
        mn_depthwise_3x3(slice, from, to, own);
        if (p->made_bytes > 0)
        {
            scatter(p, made, output + channel / 2);
        }
    }
}
