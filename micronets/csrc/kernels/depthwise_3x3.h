/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise 3x3 convolution, multiplier 1, strides 1 and 2; the sweep is instantiated per plane pitch by the
 * generated code, so that its loads have constant offsets.
 *
 * For two channels at a time the input is gathered into two planes of int16 with their padding, a band of outputs at a
 * time; every weight stays in a register while its plane is swept. Planes are read two pixels per word, so an output
 * takes 6 multiply instructions for 9 products, and no unpacking.
 *
 * "Inner" is the direction of the sweep, "outer" the other one: rows and columns, or exchanged where that is faster.
 * The output may lie over the input: a channel is written after the whole band of it has been read.
 *
 * A stream holds, per channel, as words: three kernel lines of 3 bytes (the 4th 0), start of the accumulator, factor,
 * constant, and shift (not in the form FAST). With 4-bit weights it holds three words:
 *   weights 0 to 7, four bits each
 *   start << 16 | (offset in the form FAST, else shift) as 12 bits << 4 | weight 8
 *   factor (FAST) or multiplier
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

/* Nibble i of a word. */
MN_INLINE uint32_t mn_nibble(int32_t word, int32_t i)
{
    return (uint32_t)((int32_t)((uint32_t)word << (28 - 4 * i)) >> 28);
}

/* Three weights of 4 bits as lanes. */
MN_INLINE struct mn_line mn_line_of(uint32_t w0, uint32_t w1, uint32_t w2)
{
    const struct mn_line line = {mn_pack_low(w0, w1), mn_pack_low(w1, w2)};
    return line;
}

/* One channel's kernel and requantisation. */
struct mn_channel_3x3
{
    struct mn_line k0, k1, k2;
    int32_t start;
    struct mn_scale scale;
};

MN_INLINE struct mn_channel_3x3 mn_read_channel(enum mn_form form, const int32_t *stream)
{
    const struct mn_channel_3x3 channel = {
        mn_unpack_line(stream[0]),
        mn_unpack_line(stream[1]),
        mn_unpack_line(stream[2]),
        stream[3],
        {stream[4], stream[5], form == MN_FAST ? 0 : stream[6]}};
    return channel;
}

MN_INLINE struct mn_channel_3x3 mn_read_channel_int4(enum mn_form form, int32_t zero_point, const int32_t *stream)
{
    const int32_t w = stream[0], head = stream[1];
    const int32_t small = (int16_t)((uint32_t)head & 0xFFF0U) >> 4;
    const struct mn_channel_3x3 channel = {
        mn_line_of(mn_nibble(w, 0), mn_nibble(w, 1), mn_nibble(w, 2)),
        mn_line_of(mn_nibble(w, 3), mn_nibble(w, 4), mn_nibble(w, 5)),
        mn_line_of(mn_nibble(w, 6), mn_nibble(w, 7), mn_nibble(head, 0)), head >> 16,
        mn_small_scale(form, zero_point, stream[2], small)};
    return channel;
}

/* A kernel as lanes for stride 2: (w0, w1) of every line, (w2 of line 0, w2 of line 1), and w2 of line 2 above nothing
 * that matters. */
struct mn_strided_kernel
{
    uint32_t w01_0, w01_1, w01_2, w2_01, w2_2;
};

MN_INLINE struct mn_strided_kernel mn_strided(const struct mn_channel_3x3 *channel)
{
    const struct mn_strided_kernel kernel = {
        channel->k0.w01, channel->k1.w01, channel->k2.w01, mn_pack_low_high(channel->k0.w12 >> 16, channel->k1.w12),
        channel->k2.w12};
    return kernel;
}

/* Two neighbouring accumulators with stride 2. In assembly, because GCC runs out of registers and spills. */
MN_INLINE void mn_stride_2_pair(
    const int32_t pitch, const struct mn_strided_kernel *k, const uint32_t *x, int32_t start, int32_t *a, int32_t *b)
{
#if MN_DSP
    if (2 * pitch + 2 < 1024)
    {
        uint32_t s, t;
        __asm volatile(
            "ldr %[s], [%[x]]\n\t"
            "ldr %[t], [%[x], #4]\n\t"
            "smlad %[a], %[w01_0], %[s], %[start]\n\t"
            "smlabb %[a], %[w2_01], %[t], %[a]\n\t"
            "smlad %[b], %[w01_0], %[t], %[start]\n\t"
            "ldr %[s], [%[x], #8]\n\t"
            "ldr %[t], [%[x], %[line_1]]\n\t"
            "smlabb %[b], %[w2_01], %[s], %[b]\n\t"
            "smlad %[a], %[w01_1], %[t], %[a]\n\t"
            "ldr %[s], [%[x], %[line_1] + 4]\n\t"
            "ldr %[t], [%[x], %[line_1] + 8]\n\t"
            "smlatb %[a], %[w2_01], %[s], %[a]\n\t"
            "smlad %[b], %[w01_1], %[s], %[b]\n\t"
            "smlatb %[b], %[w2_01], %[t], %[b]\n\t"
            "ldr %[s], [%[x], %[line_2]]\n\t"
            "ldr %[t], [%[x], %[line_2] + 4]\n\t"
            "smlad %[a], %[w01_2], %[s], %[a]\n\t"
            "smlatb %[a], %[w2_2], %[t], %[a]\n\t"
            "ldr %[s], [%[x], %[line_2] + 8]\n\t"
            "smlad %[b], %[w01_2], %[t], %[b]\n\t"
            "smlatb %[b], %[w2_2], %[s], %[b]\n\t"
            : [a] "=&r"(*a), [b] "=&r"(*b), [s] "=&r"(s), [t] "=&r"(t)
            : [x] "r"(x), [start] "r"(start), [w01_0] "r"(k->w01_0), [w01_1] "r"(k->w01_1), [w01_2] "r"(k->w01_2),
              [w2_01] "r"(k->w2_01), [w2_2] "r"(k->w2_2), [line_1] "i"(4 * pitch), [line_2] "i"(8 * pitch)
            : "memory");
        return;
    }
#endif
    const uint32_t *y = x + pitch, *z = y + pitch;
    *a = mn_mac_low_low(k->w2_01, x[1], mn_dual_mac(k->w01_0, x[0], start));
    *a = mn_mac_high_low(k->w2_01, y[1], mn_dual_mac(k->w01_1, y[0], *a));
    *a = mn_mac_high_low(k->w2_2, z[1], mn_dual_mac(k->w01_2, z[0], *a));
    *b = mn_mac_low_low(k->w2_01, x[2], mn_dual_mac(k->w01_0, x[1], start));
    *b = mn_mac_high_low(k->w2_01, y[2], mn_dual_mac(k->w01_1, y[1], *b));
    *b = mn_mac_high_low(k->w2_2, z[2], mn_dual_mac(k->w01_2, z[1], *b));
}

#if MN_DSP && !defined(__OPTIMIZE_SIZE__)

enum
{
    /* Shorter lines gain too little for the code it takes. */
    MN_LEAST_PITCH_OF_TWO_LINES = 8
};

/* Pairs of outputs of two neighbouring lines with stride 1, in the form FAST: every input is loaded once for four
 * outputs. In assembly, because it takes all registers. `pairs` more than 0. */
MN_INLINE void mn_sweep_two_lines(
    const int32_t pitch, const struct mn_channel_3x3 *k, const uint32_t *x, int32_t pairs, int8_t *out,
    const int32_t step, const int32_t line_step)
{
    const uint32_t *const end = x + pairs;
    uint32_t s, t;
    int32_t a, b, c, d;
    /* clang-format off */
    __asm volatile(
        "1:\n\t"
        "ldr %[b], %[start]\n\t"
        "ldr %[s], [%[x]]\n\t"
        "ldr %[t], [%[x], #4]\n\t"
        "smlad %[a], %[k0], %[s], %[b]\n\t"
        "smlabt %[b], %[k0], %[s], %[b]\n\t"
        "smlatb %[a], %[l0], %[t], %[a]\n\t"
        "smlad %[b], %[l0], %[t], %[b]\n\t"
        "ldr %[d], %[start]\n\t"
        "ldr %[s], [%[x], %[line_1]]\n\t"
        "ldr %[t], [%[x], %[line_1] + 4]\n\t"
        "smlad %[a], %[k1], %[s], %[a]\n\t"
        "smlabt %[b], %[k1], %[s], %[b]\n\t"
        "smlad %[c], %[k0], %[s], %[d]\n\t"
        "smlabt %[d], %[k0], %[s], %[d]\n\t"
        "smlatb %[a], %[l1], %[t], %[a]\n\t"
        "smlad %[b], %[l1], %[t], %[b]\n\t"
        "smlatb %[c], %[l0], %[t], %[c]\n\t"
        "smlad %[d], %[l0], %[t], %[d]\n\t"
        "ldr %[s], [%[x], %[line_2]]\n\t"
        "ldr %[t], [%[x], %[line_2] + 4]\n\t"
        "smlad %[a], %[k2], %[s], %[a]\n\t"
        "smlabt %[b], %[k2], %[s], %[b]\n\t"
        "smlad %[c], %[k1], %[s], %[c]\n\t"
        "smlabt %[d], %[k1], %[s], %[d]\n\t"
        "smlatb %[a], %[l2], %[t], %[a]\n\t"
        "smlad %[b], %[l2], %[t], %[b]\n\t"
        "smlatb %[c], %[l1], %[t], %[c]\n\t"
        "smlad %[d], %[l1], %[t], %[d]\n\t"
        "ldr %[s], [%[x], %[line_3]]\n\t"
        "ldr %[t], [%[x], %[line_3] + 4]\n\t"
        "smlad %[c], %[k2], %[s], %[c]\n\t"
        "smlabt %[d], %[k2], %[s], %[d]\n\t"
        "smlatb %[c], %[l2], %[t], %[c]\n\t"
        "smlad %[d], %[l2], %[t], %[d]\n\t"
        "ldr %[s], %[factor]\n\t"
        "ldr %[t], %[offset]\n\t"
        "smmlar %[a], %[a], %[s], %[t]\n\t"
        "smmlar %[b], %[b], %[s], %[t]\n\t"
        "smmlar %[c], %[c], %[s], %[t]\n\t"
        "smmlar %[d], %[d], %[s], %[t]\n\t"
        "ssat %[a], #8, %[a]\n\t"
        "ssat %[b], #8, %[b]\n\t"
        "ssat %[c], #8, %[c]\n\t"
        "ssat %[d], #8, %[d]\n\t"
        "ldr %[s], %[step]\n\t"
        "ldr %[t], %[line_step]\n\t"
        "strb %[a], [%[out]]\n\t"
        "strb %[b], [%[out], %[s]]\n\t"
        "strb %[c], [%[out], %[t]]\n\t"
        "add %[t], %[t], %[s]\n\t"
        "add %[x], %[x], #4\n\t"
        "strb %[d], [%[out], %[t]]\n\t"
        "add %[out], %[out], %[s], lsl #1\n\t"
        "ldr %[t], %[end]\n\t"
        "cmp %[x], %[t]\n\t"
        "bne 1b\n\t"
        : [a] "=&r"(a), [b] "=&r"(b), [c] "=&r"(c), [d] "=&r"(d), [s] "=&r"(s), [t] "=&r"(t), [x] "+r"(x),
          [out] "+r"(out)
        : [k0] "r"(k->k0.w01), [l0] "r"(k->k0.w12), [k1] "r"(k->k1.w01), [l1] "r"(k->k1.w12), [k2] "r"(k->k2.w01),
          [l2] "r"(k->k2.w12), [start] "m"(k->start), [factor] "m"(k->scale.factor), [offset] "m"(k->scale.constant),
          [step] "m"(step), [line_step] "m"(line_step), [end] "m"(end), [line_1] "i"(4 * pitch),
          [line_2] "i"(8 * pitch), [line_3] "i"(12 * pitch)
        : "cc", "memory");
    /* clang-format on */
}

#endif

MN_INLINE int32_t mn_single_output(const int32_t pitch, const struct mn_channel_3x3 *k, const uint32_t *x)
{
    int32_t acc = mn_mac_high_low(k->k0.w12, x[1], mn_dual_mac(k->k0.w01, x[0], k->start));
    acc = mn_mac_high_low(k->k1.w12, x[pitch + 1], mn_dual_mac(k->k1.w01, x[pitch], acc));
    return mn_mac_high_low(k->k2.w12, x[2 * pitch + 1], mn_dual_mac(k->k2.w01, x[2 * pitch], acc));
}

/* `lines` lines of outputs of one channel from its plane, `pitch` words per plane line. */
MN_INLINE const int32_t *mn_sweep_plane(
    const int32_t pitch, const int32_t stride, int weight_bits, enum mn_form form, int clamped,
    const struct mn_depthwise_3x3 *p, int32_t lines, const uint32_t *plane, const int32_t *stream, int8_t *output)
{
    const struct mn_bounds bounds = {p->output_zero_point, p->low, p->high};
    const struct mn_channel_3x3 channel =
        weight_bits == 4 ? mn_read_channel_int4(form, p->output_zero_point, stream) : mn_read_channel(form, stream);
    const struct mn_strided_kernel strided = mn_strided(&channel);
    const struct mn_line k0 = channel.k0, k1 = channel.k1, k2 = channel.k2;
    const struct mn_scale scale = channel.scale;
    const int32_t start = channel.start;
    const int32_t step = p->output_inner_stride;
#if MN_DSP && !defined(__OPTIMIZE_SIZE__)
    if (stride == 1 && weight_bits == 8 && form == MN_FAST && !clamped && pitch >= MN_LEAST_PITCH_OF_TWO_LINES &&
        3 * pitch + 1 < 1024)
    {
        const int32_t line_step = p->output_outer_stride, pairs = p->outputs_inner / 2;
        for (; lines > 1 && pairs > 0; lines -= 2, plane += 2 * pitch, output += 2 * line_step)
        {
            mn_sweep_two_lines(pitch, &channel, plane, pairs, output, step, line_step);
            if (p->outputs_inner & 1)
            {
                const uint32_t *x = plane + pairs;
                int8_t *out = output + 2 * pairs * step;
                for (int32_t line = 0; line < 2; line++, x += pitch, out += line_step)
                {
                    out[0] = mn_requantise(form, clamped, &bounds, &scale, mn_single_output(pitch, &channel, x));
                }
            }
        }
    }
#endif
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
                mn_stride_2_pair(pitch, &strided, x, start, &a, &b);
            }
            out[0] = mn_requantise(form, clamped, &bounds, &scale, a);
            out[step] = mn_requantise(form, clamped, &bounds, &scale, b);
            out += 2 * step;
        }
        if (p->outputs_inner & 1)
        {
            out[0] = mn_requantise(form, clamped, &bounds, &scale, mn_single_output(pitch, &channel, x));
        }
    }
    return stream + (weight_bits == 4 ? 3 : form == MN_FAST ? 6 : 7);
}

#endif
