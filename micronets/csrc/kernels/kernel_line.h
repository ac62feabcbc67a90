/* SPDX-License-Identifier: Apache-2.0 */
/* A line of a depthwise kernel, multiplied for several outputs of a row at once (depthwise_lines.h).
 *
 * Lanes of a line of the kernel are pairs of neighbouring weights:
 *   stride 1   (w0, w1), (w1, w2), (w2, w3) and so on; those from even weights on for even outputs, whose inputs begin
 *              with a word, the others for odd ones, which take single weights at their ends
 *   stride 2   (w0, w1), (w2, w3) and so on; a last weight without a neighbour beside 0, as a single one is anywhere
 */
#ifndef MICRONETS_KERNEL_LINE_H
#define MICRONETS_KERNEL_LINE_H

#include "micronets_dsp.h"

#include <stdint.h>

enum
{
    /* Words of inputs whose outputs are computed at once: two outputs each with stride 1, else one. */
    MN_LINE_PAIRS = 3,
    MN_STRIDED_LINE_WORDS = 4
};

#if MN_DSP

/* Words from one or more addresses, at constant offsets in words: loads directly behind one another. */
#define MN_LOAD_TWO(p, i, a, q, j, b)                                                                                  \
    __asm volatile("ldr %0, [%2, %4]\n\t"                                                                              \
                   "ldr %1, [%3, %5]"                                                                                  \
                   : "=&r"(a), "=r"(b)                                                                                 \
                   : "r"(p), "r"(q), "i"(4 * (i)), "i"(4 * (j))                                                        \
                   : "memory")
#define MN_LOAD_THREE(p, i, a, q, j, b, r, k, c)                                                                       \
    __asm volatile("ldr %0, [%3, %6]\n\t"                                                                              \
                   "ldr %1, [%4, %7]\n\t"                                                                              \
                   "ldr %2, [%5, %8]"                                                                                  \
                   : "=&r"(a), "=&r"(b), "=r"(c)                                                                       \
                   : "r"(p), "r"(q), "r"(r), "i"(4 * (i)), "i"(4 * (j)), "i"(4 * (k))                                  \
                   : "memory")
#define MN_LOAD_FOUR(p, i, a, q, b, c, d)                                                                              \
    __asm volatile("ldr %0, [%4, %6]\n\t"                                                                              \
                   "ldr %1, [%5]\n\t"                                                                                  \
                   "ldr %2, [%5, #4]\n\t"                                                                              \
                   "ldr %3, [%5, #8]"                                                                                  \
                   : "=&r"(a), "=&r"(b), "=&r"(c), "=r"(d)                                                             \
                   : "r"(p), "r"(q), "i"(4 * (i))                                                                      \
                   : "memory")

#else

#define MN_LOAD_TWO(p, i, a, q, j, b) ((a) = (p)[i], (b) = (q)[j])
#define MN_LOAD_THREE(p, i, a, q, j, b, r, k, c) ((a) = (p)[i], (b) = (q)[j], (c) = (r)[k])
#define MN_LOAD_FOUR(p, i, a, q, b, c, d) ((a) = (p)[i], (b) = (q)[0], (c) = (q)[1], (d) = (q)[2])

#endif

/* Words of a channel's lanes of one line of the kernel. */
MN_INLINE int32_t mn_line_words(const int32_t taps, const int32_t stride)
{
    return stride == 2 || taps == 1 ? (taps + 1) / 2 : taps - 1;
}

/* A word of inputs for two outputs of stride 1: under the weights 2 step and 2 step + 1 of the even one. */
MN_INLINE void mn_line_pair(
    const int32_t step, const int32_t taps, uint32_t even, uint32_t odd, uint32_t inputs, int32_t *sums)
{
    if (step == 0)
    {
        sums[0] = mn_dual_mac(even, inputs, sums[0]);
        sums[1] = mn_mac_low_high(even, inputs, sums[1]);
    }
    else if (2 * step == taps)
    {
        sums[1] = mn_mac_high_low(even, inputs, sums[1]);
    }
    else
    {
        sums[0] = 2 * step + 1 == taps ? mn_mac_high_low(odd, inputs, sums[0]) : mn_dual_mac(even, inputs, sums[0]);
        sums[1] = mn_dual_mac(odd, inputs, sums[1]);
    }
}

/* What `pairs` of outputs take of a line with stride 1: words of input from `step` on, of which the last is read here and
 * the others before. */
MN_INLINE void mn_line_step(
    const int32_t step, const int32_t taps, const int32_t pairs, const uint32_t *input, const uint32_t *lanes,
    const int32_t first, uint32_t *words, uint32_t *even, int32_t *sums)
{
    uint32_t odd = 0;
    if (2 * step > taps)
    {
        return;
    }
    if (step == 0 && pairs == 1)
    {
        MN_LOAD_TWO(lanes, first, *even, input, 0, words[0]);
    }
    else if (step == 0 && pairs == 2)
    {
        MN_LOAD_THREE(lanes, first, *even, input, 0, words[0], input, 1, words[1]);
    }
    else if (step == 0)
    {
        MN_LOAD_FOUR(lanes, first, *even, input, words[0], words[1], words[2]);
    }
    else if (2 * step == taps)
    {
        words[(step - 1) % pairs] = input[step + pairs - 1];
    }
    else if (2 * step + 1 == taps)
    {
        MN_LOAD_TWO(lanes, first + 2 * step - 1, odd, input, step + pairs - 1, words[(step - 1) % pairs]);
    }
    else
    {
        MN_LOAD_THREE(
            lanes, first + 2 * step - 1, odd, lanes, first + 2 * step, *even, input, step + pairs - 1,
            words[(step - 1) % pairs]);
    }
    mn_line_pair(step, taps, *even, odd, words[step % pairs], sums);
    if (pairs > 1)
    {
        mn_line_pair(step, taps, *even, odd, words[(step + 1) % pairs], sums + 2);
    }
    if (pairs > 2)
    {
        mn_line_pair(step, taps, *even, odd, words[(step + 2) % pairs], sums + 4);
    }
}

/* The same with stride 2, for `count` outputs. */
MN_INLINE void mn_strided_line_step(
    const int32_t step, const int32_t taps, const int32_t count, const uint32_t *input, const uint32_t *lanes,
    const int32_t first, uint32_t *words, int32_t *sums)
{
    uint32_t weights;
    if (2 * step >= taps)
    {
        return;
    }
    if (step > 0 || count == 1)
    {
        MN_LOAD_TWO(lanes, first + step, weights, input, step + count - 1, words[(step + count - 1) % count]);
    }
    else if (count == 2)
    {
        MN_LOAD_THREE(lanes, first, weights, input, 0, words[0], input, 1, words[1]);
    }
    else
    {
        MN_LOAD_FOUR(lanes, first, weights, input, words[0], words[1], words[2]);
        words[3] = input[3];
    }
    sums[0] = mn_dual_mac(weights, words[step % count], sums[0]);
    if (count > 1)
    {
        sums[1] = mn_dual_mac(weights, words[(step + 1) % count], sums[1]);
    }
    if (count > 2)
    {
        sums[2] = mn_dual_mac(weights, words[(step + 2) % count], sums[2]);
        sums[3] = mn_dual_mac(weights, words[(step + 3) % count], sums[3]);
    }
}

#if MN_DSP

/* A line of weights for three pairs of outputs with stride 1, and on to the next line of inputs. In assembly, because GCC
 * runs out of registers and spills; the steps are those of mn_line_step, whose words change places. */
#define MN_LINE_BEGIN                                                                                                  \
    "ldr %[even], [%[lanes], %[first]]\n\t"                                                                            \
    "ldr %[x], [%[input]]\n\t"                                                                                         \
    "ldr %[y], [%[input], #4]\n\t"                                                                                     \
    "ldr %[z], [%[input], #8]\n\t"                                                                                     \
    "smlad %[a], %[even], %[x], %[a]\n\t"                                                                              \
    "smlabt %[b], %[even], %[x], %[b]\n\t"                                                                             \
    "smlad %[c], %[even], %[y], %[c]\n\t"                                                                              \
    "smlabt %[d], %[even], %[y], %[d]\n\t"                                                                             \
    "smlad %[e], %[even], %[z], %[e]\n\t"                                                                              \
    "smlabt %[f], %[even], %[z], %[f]\n\t"
#define MN_LINE_MIDDLE(step, x, y, z)                                                                                  \
    "ldr %[odd], [%[lanes], %[first] + 8 * " #step " - 4]\n\t"                                                         \
    "ldr %[even], [%[lanes], %[first] + 8 * " #step "]\n\t"                                                            \
    "ldr %[" #z "], [%[input], #4 * " #step " + 8]\n\t"                                                                \
    "smlad %[a], %[even], %[" #x "], %[a]\n\t"                                                                         \
    "smlad %[b], %[odd], %[" #x "], %[b]\n\t"                                                                          \
    "smlad %[c], %[even], %[" #y "], %[c]\n\t"                                                                         \
    "smlad %[d], %[odd], %[" #y "], %[d]\n\t"                                                                          \
    "smlad %[e], %[even], %[" #z "], %[e]\n\t"                                                                         \
    "smlad %[f], %[odd], %[" #z "], %[f]\n\t"
#define MN_LINE_LAST(step, x, y, z)                                                                                    \
    "ldr %[odd], [%[lanes], %[first] + 8 * " #step " - 4]\n\t"                                                         \
    "ldr %[" #z "], [%[input], #4 * " #step " + 8]\n\t"                                                                \
    "ldr %[even], %[line_step]\n\t"                                                                                    \
    "smlatb %[a], %[odd], %[" #x "], %[a]\n\t"                                                                         \
    "smlad %[b], %[odd], %[" #x "], %[b]\n\t"                                                                          \
    "smlatb %[c], %[odd], %[" #y "], %[c]\n\t"                                                                         \
    "smlad %[d], %[odd], %[" #y "], %[d]\n\t"                                                                          \
    "add %[input], %[input], %[even], lsl #2\n\t"                                                                      \
    "smlatb %[e], %[odd], %[" #z "], %[e]\n\t"                                                                         \
    "smlad %[f], %[odd], %[" #z "], %[f]\n\t"
#define MN_LINE_END(step, x, y, z)                                                                                     \
    "ldr %[" #z "], [%[input], #4 * " #step " + 8]\n\t"                                                                \
    "ldr %[odd], %[line_step]\n\t"                                                                                     \
    "smlatb %[b], %[even], %[" #x "], %[b]\n\t"                                                                        \
    "smlatb %[d], %[even], %[" #y "], %[d]\n\t"                                                                        \
    "add %[input], %[input], %[odd], lsl #2\n\t"                                                                       \
    "smlatb %[f], %[even], %[" #z "], %[f]\n\t"
#define MN_LINE_SINGLE                                                                                                 \
    "ldr %[odd], %[line_step]\n\t"                                                                                     \
    "add %[input], %[input], %[odd], lsl #2\n\t"
#define MN_LINE_2 MN_LINE_BEGIN MN_LINE_MIDDLE(1, y, z, x)
#define MN_LINE_3 MN_LINE_2 MN_LINE_MIDDLE(2, z, x, y)
#define MN_LINE_4 MN_LINE_3 MN_LINE_MIDDLE(3, x, y, z)
#define MN_LINE_5 MN_LINE_4 MN_LINE_MIDDLE(4, y, z, x)
#define MN_LINE_6 MN_LINE_5 MN_LINE_MIDDLE(5, z, x, y)
#define MN_LINE_7 MN_LINE_6 MN_LINE_MIDDLE(6, x, y, z)
#define MN_LINE_8 MN_LINE_7 MN_LINE_MIDDLE(7, y, z, x)
#define MN_LINE_OF(weights, text)                                                                                        \
    if (taps == (weights))                                                                                               \
    {                                                                                                                    \
        /* clang-format off */                                                                                         \
        __asm volatile(text                                                                                            \
                       : [input] "+r"(*input), [a] "+r"(sums[0]), [b] "+r"(sums[1]), [c] "+r"(sums[2]),                \
                         [d] "+r"(sums[3]), [e] "+r"(sums[4]), [f] "+r"(sums[5]), [even] "=&r"(even),                  \
                         [odd] "=&r"(odd), [x] "=&r"(x), [y] "=&r"(y), [z] "=&r"(z)                                    \
                       : [lanes] "r"(lanes), [first] "i"(4 * first), [line_step] "m"(*line_step)                        \
                       : "memory"); \
        /* clang-format on */                                                                                            \
    }

MN_INLINE void mn_add_line_to_three_pairs(
    const int32_t taps, const uint32_t **input, const int32_t *line_step, const uint32_t *lanes, const int32_t first,
    int32_t *sums)
{
    uint32_t even, odd, x, y, z;
    MN_LINE_OF(1, MN_LINE_BEGIN MN_LINE_SINGLE)
    MN_LINE_OF(2, MN_LINE_BEGIN MN_LINE_END(1, y, z, x))
    MN_LINE_OF(3, MN_LINE_BEGIN MN_LINE_LAST(1, y, z, x))
    MN_LINE_OF(4, MN_LINE_2 MN_LINE_END(2, z, x, y))
    MN_LINE_OF(5, MN_LINE_2 MN_LINE_LAST(2, z, x, y))
    MN_LINE_OF(6, MN_LINE_3 MN_LINE_END(3, x, y, z))
    MN_LINE_OF(7, MN_LINE_3 MN_LINE_LAST(3, x, y, z))
    MN_LINE_OF(8, MN_LINE_4 MN_LINE_END(4, y, z, x))
    MN_LINE_OF(9, MN_LINE_4 MN_LINE_LAST(4, y, z, x))
    MN_LINE_OF(10, MN_LINE_5 MN_LINE_END(5, z, x, y))
    MN_LINE_OF(11, MN_LINE_5 MN_LINE_LAST(5, z, x, y))
    MN_LINE_OF(12, MN_LINE_6 MN_LINE_END(6, x, y, z))
    MN_LINE_OF(13, MN_LINE_6 MN_LINE_LAST(6, x, y, z))
    MN_LINE_OF(14, MN_LINE_7 MN_LINE_END(7, y, z, x))
    MN_LINE_OF(15, MN_LINE_7 MN_LINE_LAST(7, y, z, x))
    MN_LINE_OF(16, MN_LINE_8 MN_LINE_END(8, z, x, y))
}

#endif

/* Adds a line of at most 16 weights, whose lanes are the words from `first` on, to the outputs of `count` words; `*input`
 * goes on to the next line. */
MN_INLINE void mn_add_line(
    const int32_t taps, const int32_t stride, const int32_t count, const uint32_t **input, const int32_t *line_step,
    const uint32_t *lanes, const int32_t first, int32_t *sums)
{
#if MN_DSP
    if (stride == 1 && count == MN_LINE_PAIRS)
    {
        mn_add_line_to_three_pairs(taps, input, line_step, lanes, first, sums);
        return;
    }
#endif
    uint32_t words[MN_STRIDED_LINE_WORDS], even = 0;
#define MN_STEP(step)                                                                                                  \
    if (stride == 2)                                                                                                   \
    {                                                                                                                  \
        mn_strided_line_step(step, taps, count, *input, lanes, first, words, sums);                                    \
    }                                                                                                                  \
    else                                                                                                               \
    {                                                                                                                  \
        mn_line_step(step, taps, count, *input, lanes, first, words, &even, sums);                                     \
    }
    MN_STEP(0)
    MN_STEP(1)
    MN_STEP(2)
    MN_STEP(3)
    MN_STEP(4)
    MN_STEP(5)
    MN_STEP(6)
    MN_STEP(7)
    MN_STEP(8)
#undef MN_STEP
    *input += *line_step;
}

#endif
