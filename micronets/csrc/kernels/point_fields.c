/* SPDX-License-Identifier: Apache-2.0 */
/* 1x1 convolution of nibbles with 4-bit weights (layouts: point_fields.h): widening, groups of channels, and the block in
 * portable C. */
#include "point_fields.h"
#include "micronets_arithmetic.h"
#include "micronets_config.h"
#include "micronets_dsp.h"
#include "nibbles.h"
#include "point_block.h"

#define NIBBLE_OF_LANES 0x000F000FU

static void widen(const int8_t *pixel, int32_t depth, uint32_t *column)
{
    for (; depth >= 8; depth -= 8, pixel += 4, column += 4 * MN_BLOCK_PIXELS)
    {
        const uint32_t word = mn_load_word(pixel);
        column[0] = word & NIBBLE_OF_LANES;
        column[MN_BLOCK_PIXELS] = word >> 4 & NIBBLE_OF_LANES;
        column[2 * MN_BLOCK_PIXELS] = word >> 8 & NIBBLE_OF_LANES;
        column[3 * MN_BLOCK_PIXELS] = word >> 12 & NIBBLE_OF_LANES;
    }
    if (depth > 0)
    {
        const uint32_t half = mn_load_half(pixel), spread = half | half << 8;
        column[0] = spread & NIBBLE_OF_LANES;
        column[MN_BLOCK_PIXELS] = spread >> 4 & NIBBLE_OF_LANES;
    }
}

#if !MN_DSP

static uint32_t lanes_of(uint32_t nibbles)
{
    const uint32_t both = nibbles & 0xF00FF00FU;
    return mn_pair(mn_low(both) - 8, mn_high(both) - 8);
}

const int32_t *mn_unpack_fields(const int32_t *nibbles, uint32_t *lanes, int32_t words)
{
    for (; words > 0; words--, nibbles++, lanes += 2)
    {
        const uint32_t word = (uint32_t)*nibbles;
        lanes[0] = lanes_of(word);
        lanes[1] = lanes_of(word >> 8 | word << 24);
    }
    return nibbles;
}

static int32_t rounded(const struct mn_fields *call, int32_t channel, int32_t acc)
{
    const struct mn_fields_scale *const scale = call->rounded + channel;
    const int32_t doubled = (int32_t)((uint32_t)acc << call->lefts[channel]);
    const int32_t constant = scale->constant + (acc < 0 ? scale->sign : 0);
    return mn_saturate8(mn_high_mac(doubled, scale->multiplier, constant) >> scale->right);
}

/* Output channels a and b of a pixel, above one another in bytes or nibbles. */
static uint32_t pair_of_pixel(const struct mn_fields *call, int32_t pair, const uint32_t *column)
{
    const int32_t low_field = (1 << MN_FIELD_BITS) - 1, *const scales = call->scales + 4 * pair;
    int32_t acc = call->starts[pair], b = call->starts_b[pair], i = 0;
    for (int32_t end = call->chunk_words - (-call->words & (MN_FIELDS_STEPS - 1));; end += call->chunk_words)
    {
        for (; i < end && i < call->words; i++)
        {
            acc = mn_dual_mac(call->lanes[2 * i + pair], column[MN_BLOCK_PIXELS * i], acc);
        }
        b += acc & low_field;
        if (i == call->words)
        {
            break;
        }
        acc = (acc & ~low_field) | 1 << (MN_FIELD_BITS - 1);
    }
    const int32_t a = acc >> MN_FIELD_BITS;
    if (call->made == MN_FIELDS_ROUNDED)
    {
        const int32_t first = rounded(call, 2 * pair, a), second = rounded(call, 2 * pair + 1, b);
        return (uint32_t)(first & 0xFF) | (uint32_t)(second & 0xFF) << 8;
    }
    const int32_t first = mn_high_mac(a, scales[0], scales[2]), second = mn_high_mac(b, scales[1], scales[3]);
    if (call->made == MN_FIELDS_NIBBLES)
    {
        return (uint32_t)(mn_clamp(first, 0, 15) | mn_clamp(second, 0, 15) << 8);
    }
    return (uint32_t)(mn_saturate8(first) & 0xFF) | (uint32_t)(mn_saturate8(second) & 0xFF) << 8;
}

void mn_fields_columns(const struct mn_fields *call)
{
    const uint32_t *column = call->columns;
    int8_t *output = call->output;
    for (int32_t left = call->count; left > 0; left--, column += MN_BLOCK_PIXELS * call->words)
    {
        for (int32_t i = 0; i < MN_BLOCK_PIXELS; i++, output += call->pixel_bytes)
        {
            const uint32_t first = pair_of_pixel(call, 0, column + i), second = pair_of_pixel(call, 1, column + i);
            if (call->made == MN_FIELDS_NIBBLES)
            {
                *(mn_unaligned_half *)(void *)output = (uint16_t)(first | second << 4);
            }
            else
            {
                *(mn_unaligned_word *)(void *)output = first | second << 16;
            }
        }
    }
}

#endif

#if MN_FIELDS_BYTES_FORMS

/* TFLM's requantisation of a channel, whose shift is to the left where it is positive. */
static void read_rounded(struct mn_fields *call, int32_t channel, int32_t zero_point, int32_t shift, int32_t multiplier)
{
    const int32_t right = shift < 0 ? -shift : 0;
    struct mn_fields_scale *const scale = call->rounded + channel;
    call->lefts[channel] = 1 + (shift > 0 ? shift : 0);
    scale->multiplier = multiplier;
    scale->constant = zero_point * (1 << right) + (1 << right >> 1);
    scale->right = right;
    scale->sign = right > 0 ? -1 : 0;
}

#endif

/* Reads what stands before and behind the lanes of four channels; returns the stream behind them. */
static const int32_t *read_channels(struct mn_fields *call, int32_t zero_point, const int32_t *stream, uint32_t *lanes)
{
    const int32_t *const factors = mn_unpack_fields(stream + MN_FIELDS_CHANNELS, lanes, call->words);
    for (int32_t pair = 0; pair < 2; pair++, stream += 2)
    {
        const int32_t a = stream[0], b = stream[1], field = 1 << MN_FIELD_BITS;
        int32_t *const scales = call->scales + 4 * pair;
        call->starts[pair] = (a & -field) | field / 2;
        call->starts_b[pair] = b >> MN_FIELD_BITS;
        scales[0] = factors[2 * pair];
        scales[1] = factors[2 * pair + 1];
        scales[2] = (int32_t)((uint32_t)a << (32 - MN_FIELD_BITS)) >> (32 - MN_FIELD_BITS);
        scales[3] = (int32_t)((uint32_t)b << (32 - MN_FIELD_BITS)) >> (32 - MN_FIELD_BITS);
#if MN_FIELDS_BYTES_FORMS
        if (call->made == MN_FIELDS_ROUNDED)
        {
            read_rounded(call, 2 * pair, zero_point, scales[2], scales[0]);
            read_rounded(call, 2 * pair + 1, zero_point, scales[3], scales[1]);
        }
#else
        (void)zero_point;
#endif
    }
    return factors + MN_FIELDS_CHANNELS;
}

/* The last one to three pixels, by way of four pixels' outputs. */
static void last_pixels(struct mn_fields *call, const uint32_t *column, int32_t pixels, int8_t *output)
{
    uint32_t made[MN_BLOCK_PIXELS];
    const uint32_t *const columns = call->columns;
    int8_t *const first = call->output;
    const int32_t count = call->count, pixel_bytes = call->pixel_bytes;
    call->columns = column;
    call->count = 1;
    call->output = (int8_t *)made;
    call->pixel_bytes = (int32_t)sizeof(made[0]);
    mn_fields_columns(call);
    call->columns = columns;
    call->count = count;
    call->output = first;
    call->pixel_bytes = pixel_bytes;
    for (int32_t i = 0; i < pixels; i++, output += pixel_bytes)
    {
        *(mn_unaligned_half *)(void *)output = (uint16_t)made[i];
        if (call->made != MN_FIELDS_NIBBLES)
        {
            *(mn_unaligned_half *)(void *)(output + 2) = (uint16_t)(made[i] >> 16);
        }
    }
}

void mn_point_fields(
    const struct mn_point_fields *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch)
{
    const int32_t most = MN_BLOCK_PIXELS * p->blocks, words = p->words, depth = p->depth;
    const int32_t group_bytes = p->made == MN_FIELDS_NIBBLES ? MN_FIELDS_CHANNELS / 2 : MN_FIELDS_CHANNELS;
    uint32_t *const columns = (uint32_t *)(void *)scratch, *const lanes = columns + most * words;
    struct mn_fields call;
    call.columns = columns;
    call.lanes = lanes;
    call.words = words;
    call.chunk_words = p->chunk_words;
    call.made = p->made;
    call.pixel_bytes = p->channels / MN_FIELDS_CHANNELS * group_bytes;
    for (int32_t left = pixels; left > 0; left -= most)
    {
        const int32_t count = left < most ? left : most, rest = count & (MN_BLOCK_PIXELS - 1), whole = count - rest;
        const int32_t *stream = p->stream;
        for (int32_t i = 0; i < count; i++, input += depth / 2)
        {
            widen(input, depth, columns + (i & -MN_BLOCK_PIXELS) * words + (i & (MN_BLOCK_PIXELS - 1)));
        }
        call.output = output;
        call.count = whole / MN_BLOCK_PIXELS;
        for (int32_t channel = 0; channel < p->channels; channel += MN_FIELDS_CHANNELS, call.output += group_bytes)
        {
            stream = read_channels(&call, p->zero_point, stream, lanes);
            if (whole > 0)
            {
                mn_fields_columns(&call);
            }
            if (rest > 0)
            {
                last_pixels(&call, columns + whole * words, rest, call.output + whole * call.pixel_bytes);
            }
        }
        output += count * call.pixel_bytes;
    }
}

#if MN_FIELDS_BYTES_FORMS

void mn_point_fields_to_bytes(
    const struct mn_point_fields *p, int32_t pixels, const int8_t *input, int8_t *output, int8_t *scratch)
{
    mn_point_fields(p, pixels, input, output, scratch);
}

#endif
