/* Depthwise 3x3 convolution, multiplier 1, strides 1 and 2, instantiated per plane pitch by the generated code.
 *
 * For two channels at a time the input is gathered into two planes of int16 with their padding, a band of outputs at a
 * time; every weight stays in a register while its plane is swept. Planes are read two pixels per word, so an output
 * takes 6 multiply instructions for 9 products, and no unpacking.
 *
 * "Inner" is the direction of the sweep, "outer" the other one: rows and columns, or exchanged where that is faster.
 * The output may lie over the input: a channel is written after the whole band of it has been read.
 *
 * A stream holds, per channel, as words: three kernel lines of 3 bytes (the 4th 0), start of the accumulator, factor,
 * constant, and shift (not in the form FAST).
 */
#ifndef MICRONETS_DEPTHWISE_3X3_H
#define MICRONETS_DEPTHWISE_3X3_H

#include "micronets_kernels.h"
#include "point_block.h"

/* Line k of a kernel as lanes: (w0, w1) and (w1, w2). */
struct mn_line
{
    uint32_t w01, w12;
};

MN_INLINE struct mn_line mn_unpack_line(int32_t bytes)
{
    const uint32_t even = mn_even_bytes((uint32_t)bytes), odd = mn_odd_bytes((uint32_t)bytes);
    const struct mn_line line = {mn_pack_low(even, odd), mn_pack_low_high(odd, even)};
    return line;
}

/* One plane line: `count` pixels, `lead` columns of padding before them already in place (0 or 1). */
MN_INLINE void mn_gather_line(
    const int8_t *input, int32_t stride, int32_t count, int32_t lead, uint32_t zero, uint32_t *first, uint32_t *second)
{
    if (lead)
    {
        const uint32_t half = mn_load_half(input);
        *first++ = mn_pack_low(zero, mn_even_bytes(half));
        *second++ = mn_pack_low(zero, mn_odd_bytes(half));
        input += stride;
        count--;
    }
    for (; count >= 4; count -= 4)
    {
        const uint32_t a = mn_load_half(input), b = mn_load_half(input + stride);
        input += 2 * stride;
        const uint32_t c = mn_load_half(input), d = mn_load_half(input + stride);
        input += 2 * stride;
        const uint32_t ab = a | b << 16, cd = c | d << 16;
        first[0] = mn_even_bytes(ab);
        first[1] = mn_even_bytes(cd);
        second[0] = mn_odd_bytes(ab);
        second[1] = mn_odd_bytes(cd);
        first += 2;
        second += 2;
    }
    for (; count >= 2; count -= 2)
    {
        const uint32_t both = mn_load_half(input) | mn_load_half(input + stride) << 16;
        input += 2 * stride;
        *first++ = mn_even_bytes(both);
        *second++ = mn_odd_bytes(both);
    }
    if (count)
    {
        const uint32_t half = mn_load_half(input);
        *first = mn_pack_low(mn_even_bytes(half), zero);
        *second = mn_pack_low(mn_odd_bytes(half), zero);
    }
}

/* `lines` lines of outputs of one channel from its plane, `pitch` words per plane line. */
MN_INLINE const int32_t *mn_sweep_plane(
    const int32_t pitch, const int32_t stride, enum mn_form form, int clamped, const struct mn_depthwise_3x3 *p,
    int32_t lines, const uint32_t *plane, const int32_t *stream, int8_t *output)
{
    const struct mn_bounds bounds = {p->output_zero_point, p->low, p->high};
    const struct mn_line k0 = mn_unpack_line(stream[0]);
    const struct mn_line k1 = mn_unpack_line(stream[1]);
    const struct mn_line k2 = mn_unpack_line(stream[2]);
    const int32_t start = stream[3];
    const struct mn_scale scale = {stream[4], stream[5], form == MN_FAST ? 0 : stream[6]};
    const int32_t step = p->output_inner_stride;
    for (; lines > 0; lines--, plane += stride * pitch, output += p->output_outer_stride)
    {
        const uint32_t *x = plane;
        int8_t *out = output;
        const uint32_t *end = plane + (p->outputs_inner / 2) * stride;
        for (; x != end; x += stride)
        {
            int32_t a = start, b = start;
            if (stride == 1)
            {
                uint32_t s = x[0], t = x[1];
                a = mn_mac_high_low(k0.w12, t, mn_dual_mac(k0.w01, s, a));
                b = mn_dual_mac(k0.w12, t, mn_mac_low_high(k0.w01, s, b));
                s = x[pitch], t = x[pitch + 1];
                a = mn_mac_high_low(k1.w12, t, mn_dual_mac(k1.w01, s, a));
                b = mn_dual_mac(k1.w12, t, mn_mac_low_high(k1.w01, s, b));
                s = x[2 * pitch], t = x[2 * pitch + 1];
                a = mn_mac_high_low(k2.w12, t, mn_dual_mac(k2.w01, s, a));
                b = mn_dual_mac(k2.w12, t, mn_mac_low_high(k2.w01, s, b));
            }
            else
            {
                uint32_t s = x[0], t = x[1], u = x[2];
                a = mn_mac_high_low(k0.w12, t, mn_dual_mac(k0.w01, s, a));
                b = mn_mac_high_low(k0.w12, u, mn_dual_mac(k0.w01, t, b));
                s = x[pitch], t = x[pitch + 1], u = x[pitch + 2];
                a = mn_mac_high_low(k1.w12, t, mn_dual_mac(k1.w01, s, a));
                b = mn_mac_high_low(k1.w12, u, mn_dual_mac(k1.w01, t, b));
                s = x[2 * pitch], t = x[2 * pitch + 1], u = x[2 * pitch + 2];
                a = mn_mac_high_low(k2.w12, t, mn_dual_mac(k2.w01, s, a));
                b = mn_mac_high_low(k2.w12, u, mn_dual_mac(k2.w01, t, b));
            }
            out[0] = mn_requantise(form, clamped, &bounds, &scale, a);
            out[step] = mn_requantise(form, clamped, &bounds, &scale, b);
            out += 2 * step;
        }
        if (p->outputs_inner & 1)
        {
            int32_t a = start;
            a = mn_mac_high_low(k0.w12, x[1], mn_dual_mac(k0.w01, x[0], a));
            a = mn_mac_high_low(k1.w12, x[pitch + 1], mn_dual_mac(k1.w01, x[pitch], a));
            a = mn_mac_high_low(k2.w12, x[2 * pitch + 1], mn_dual_mac(k2.w01, x[2 * pitch], a));
            out[0] = mn_requantise(form, clamped, &bounds, &scale, a);
        }
    }
    return stream + (form == MN_FAST ? 6 : 7);
}

MN_INLINE void mn_depthwise_3x3(
    const int32_t pitch, const int32_t stride, enum mn_form form, int clamped, const struct mn_depthwise_3x3 *p,
    const int8_t *input, int8_t *output, int8_t *scratch)
{
    uint32_t *planes[2];
    planes[0] = (uint32_t *)(void *)scratch;
    planes[1] = planes[0] + p->plane_words;
    const uint32_t zero = (uint32_t)p->input_zero_point & 0xFFFFU;
    for (int32_t done = 0; done < p->outputs_outer; done += p->band)
    {
        const int32_t left = p->outputs_outer - done;
        const int32_t lines = left < p->band ? left : p->band;
        const int32_t top = done * stride - p->pad_outer;
        const int32_t bottom = top + (lines - 1) * stride + 3;
        const int32_t first = top < 0 ? 0 : top;
        const int32_t end = bottom > p->inputs_outer ? p->inputs_outer : bottom;
        for (int32_t i = 0; i < 2 * p->plane_words; i++)
        {
            planes[0][i] = zero | zero << 16;
        }
        const int32_t *stream = p->stream;
        for (int32_t channel = 0; channel < p->channels; channel += 2)
        {
            /* The last channel of an odd number is read as the second of a pair. */
            const int32_t odd = channel + 1 == p->channels;
            const int8_t *source = input + first * p->input_outer_stride + channel - odd;
            uint32_t *line = planes[0] + (first - top) * pitch;
            for (int32_t i = first; i < end; i++, source += p->input_outer_stride, line += pitch)
            {
                mn_gather_line(
                    source, p->input_inner_stride, p->inputs_inner, p->pad_inner, zero, line, line + p->plane_words);
            }
            int8_t *target = output + done * p->output_outer_stride + channel;
            stream = mn_sweep_plane(pitch, stride, form, clamped, p, lines, planes[odd], stream, target);
            if (!odd)
            {
                stream = mn_sweep_plane(pitch, stride, form, clamped, p, lines, planes[1], stream, target + 1);
            }
        }
    }
}

#endif
