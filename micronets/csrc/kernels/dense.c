/* SPDX-License-Identifier: Apache-2.0 */
/* Fully connected layer of one row: every weight is used once, so loads from flash bound it.
 *
 * Eight output channels at a time read the same inputs, straight from int8. A stream holds, per eight channels, as
 * words: eight starts (acc_p and acc_b of four pairs), lanes[words][4 pairs], and the requantisation of the four pairs;
 * then the pairs that are left over, each as in point_block.h.
 */
#include "micronets_kernels.h"
#include "point_block.h"
#include "point_deep.h"

struct octet
{
    int32_t p0, b0, p1, b1, p2, b2, p3, b3;
};

/* Not inlined: the assembly needs every register. */
static __attribute__((noinline)) const int32_t *octet_mac(
    struct octet *acc, const int8_t *input, const int32_t *stream, int32_t depth)
{
#if MN_DSP
    const int8_t *end = input + depth;
    const int8_t *unrolled_end = input + (depth & ~15);
    uint32_t s, t, u, v;
#define MN_LOAD(offset)                                                                                                \
    "ldr %[u], [%[w], #" offset "]\n\t"                                                                                \
    "ldr %[v], [%[w], #" offset " + 4]\n\t"
#define MN_TWO_PAIRS(x, p0, b0, p1, b1)                                                                                \
    "smlad %[" #p0 "], %[u], " x ", %[" #p0 "]\n\t"                                                                    \
    "sxtb16 %[u], %[u]\n\t"                                                                                            \
    "smlad %[" #p1 "], %[v], " x ", %[" #p1 "]\n\t"                                                                    \
    "sxtb16 %[v], %[v]\n\t"                                                                                            \
    "smlad %[" #b0 "], %[u], " x ", %[" #b0 "]\n\t"                                                                    \
    "smlad %[" #b1 "], %[v], " x ", %[" #b1 "]\n\t"
    /* clang-format off */
#define MN_STEP(i)                                                                                                     \
    "ldr %[t], [%[x], #4 * " #i "]\n\t" MN_LOAD("32 * " #i)                                                            \
    "sxtb16 %[s], %[t], ror #8\n\t"                                                                                    \
    "sxtb16 %[t], %[t]\n\t" MN_TWO_PAIRS("%[t]", p0, b0, p1, b1)                                                           \
    MN_LOAD("32 * " #i " + 8") MN_TWO_PAIRS("%[t]", p2, b2, p3, b3)                                                        \
    MN_LOAD("32 * " #i " + 16") MN_TWO_PAIRS("%[s]", p0, b0, p1, b1)                                                       \
    MN_LOAD("32 * " #i " + 24") MN_TWO_PAIRS("%[s]", p2, b2, p3, b3)
    __asm volatile("ldr %[t], %[unrolled]\n\t"
                   "cmp %[x], %[t]\n\t"
                   "beq 2f\n"
                   "1:\n\t" MN_STEP(0) MN_STEP(1) MN_STEP(2) MN_STEP(3)
                   "add %[x], %[x], #16\n\t"
                   "add %[w], %[w], #128\n\t"
                   "ldr %[t], %[unrolled]\n\t"
                   "cmp %[x], %[t]\n\t"
                   "bne 1b\n"
                   "2:\n\t"
                   "ldr %[t], %[end]\n\t"
                   "cmp %[x], %[t]\n\t"
                   "beq 4f\n"
                   "3:\n\t" MN_STEP(0)
                   "add %[x], %[x], #4\n\t"
                   "add %[w], %[w], #32\n\t"
                   "ldr %[t], %[end]\n\t"
                   "cmp %[x], %[t]\n\t"
                   "bne 3b\n"
                   "4:\n\t"
                   : [p0] "+r"(acc->p0), [p1] "+r"(acc->p1), [p2] "+r"(acc->p2), [p3] "+r"(acc->p3),
                     [b0] "+r"(acc->b0), [b1] "+r"(acc->b1), [b2] "+r"(acc->b2), [b3] "+r"(acc->b3),
                     [x] "+r"(input), [w] "+r"(stream), [u] "=&r"(u), [v] "=&r"(v), [s] "=&r"(s), [t] "=&r"(t)
                   : [end] "m"(end), [unrolled] "m"(unrolled_end)
                   : "cc", "memory");
/* clang-format on */
#undef MN_STEP
#undef MN_TWO_PAIRS
#undef MN_LOAD
    return stream;
#else
    for (int32_t k = 0; k < depth; k += 4)
    {
        const uint32_t bytes = mn_load_word(input + k);
        for (int32_t half = 0; half < 2; half++, stream += 4)
        {
            const uint32_t x = half ? mn_odd_bytes(bytes) : mn_even_bytes(bytes);
            const uint32_t *w = (const uint32_t *)stream;
            acc->p0 = mn_dual_mac(w[0], x, acc->p0);
            acc->b0 = mn_dual_mac(mn_even_bytes(w[0]), x, acc->b0);
            acc->p1 = mn_dual_mac(w[1], x, acc->p1);
            acc->b1 = mn_dual_mac(mn_even_bytes(w[1]), x, acc->b1);
            acc->p2 = mn_dual_mac(w[2], x, acc->p2);
            acc->b2 = mn_dual_mac(mn_even_bytes(w[2]), x, acc->b2);
            acc->p3 = mn_dual_mac(w[3], x, acc->p3);
            acc->b3 = mn_dual_mac(mn_even_bytes(w[3]), x, acc->b3);
        }
    }
    return stream;
#endif
}

/* Requantises a pair and writes both channels, or the first one only. */
MN_INLINE const int32_t *finish_pair(
    enum mn_form form, int clamped, const struct mn_point *p, const int32_t *stream, int32_t acc_p, int32_t acc_b,
    int8_t *output, int32_t both)
{
    const struct mn_bounds bounds = {p->zero_point, p->low, p->high};
    struct mn_scale a, b;
    stream = mn_read_scales(form, stream, &a, &b);
    output[0] = mn_requantise(form, clamped, &bounds, &a, mn_acc_a(acc_p, acc_b));
    if (both)
    {
        output[1] = mn_requantise(form, clamped, &bounds, &b, acc_b);
    }
    return stream;
}

MN_INLINE void dense(enum mn_form form, int clamped, const struct mn_point *p, const int8_t *input, int8_t *output)
{
    const int32_t *stream = p->stream;
    int32_t left = p->channels;
    for (; left >= 8; left -= 8, output += 8)
    {
        struct octet acc = {stream[0], stream[1], stream[2], stream[3], stream[4], stream[5], stream[6], stream[7]};
        stream = octet_mac(&acc, input, stream + 8, p->depth);
        stream = finish_pair(form, clamped, p, stream, acc.p0, acc.b0, output, 1);
        stream = finish_pair(form, clamped, p, stream, acc.p1, acc.b1, output + 2, 1);
        stream = finish_pair(form, clamped, p, stream, acc.p2, acc.b2, output + 4, 1);
        stream = finish_pair(form, clamped, p, stream, acc.p3, acc.b3, output + 6, 1);
    }
    for (; left > 0; left -= 2, output += 2)
    {
        int32_t acc_p = stream[0], acc_b = stream[1];
        stream += 2;
        for (int32_t k = 0; k < p->depth; k += 4, stream += 2)
        {
            const uint32_t bytes = mn_load_word(input + k);
            const uint32_t even = mn_even_bytes(bytes), odd = mn_odd_bytes(bytes);
            const uint32_t first = (uint32_t)stream[0], second = (uint32_t)stream[1];
            acc_p = mn_dual_mac(second, odd, mn_dual_mac(first, even, acc_p));
            acc_b = mn_dual_mac(mn_even_bytes(second), odd, mn_dual_mac(mn_even_bytes(first), even, acc_b));
        }
        stream = finish_pair(form, clamped, p, stream, acc_p, acc_b, output, left > 1);
    }
}

void mn_dense_fast(const struct mn_point *p, const int8_t *input, int8_t *output)
{
    dense(MN_FAST, 0, p, input, output);
}

void mn_dense_rounded(const struct mn_point *p, const int8_t *input, int8_t *output)
{
    dense(MN_ROUNDED, 0, p, input, output);
}

void mn_dense_clamped(const struct mn_point *p, const int8_t *input, int8_t *output)
{
    dense(MN_ROUNDED, 1, p, input, output);
}

void mn_dense_general(const struct mn_point *p, const int8_t *input, int8_t *output)
{
    dense(MN_GENERAL, 1, p, input, output);
}

/* Sums of eight channels, the depth cut as point_deep.h describes; a stream begins with starts of acc_a and acc_b. */
MN_INLINE const int32_t *deep_octet(const struct mn_point *p, const int8_t *input, const int32_t *stream, int32_t *sums)
{
    struct octet acc = {0, stream[1], 0, stream[3], 0, stream[5], 0, stream[7]};
    const int32_t *lanes = stream + 8;
    sums[0] = stream[0];
    sums[2] = stream[2];
    sums[4] = stream[4];
    sums[6] = stream[6];
    for (int32_t left = p->words; left > 0;)
    {
        const int32_t segment = mn_segment(left);
        acc.p0 = acc.b0;
        acc.p1 = acc.b1;
        acc.p2 = acc.b2;
        acc.p3 = acc.b3;
        lanes = octet_mac(&acc, input, lanes, 2 * segment);
        sums[0] = mn_wrap_add(sums[0], mn_acc_a(acc.p0, acc.b0));
        sums[2] = mn_wrap_add(sums[2], mn_acc_a(acc.p1, acc.b1));
        sums[4] = mn_wrap_add(sums[4], mn_acc_a(acc.p2, acc.b2));
        sums[6] = mn_wrap_add(sums[6], mn_acc_a(acc.p3, acc.b3));
        input += 2 * segment;
        left -= segment;
    }
    sums[1] = acc.b0;
    sums[3] = acc.b1;
    sums[5] = acc.b2;
    sums[7] = acc.b3;
    return lanes;
}

/* Sums of two channels. */
MN_INLINE const int32_t *deep_pair(const struct mn_point *p, const int8_t *input, const int32_t *stream, int32_t *sums)
{
    sums[0] = *stream++;
    sums[1] = *stream++;
    for (int32_t left = p->words; left > 0;)
    {
        const int32_t segment = mn_segment(left);
        int32_t acc_p = sums[1];
        for (const int8_t *end = input + 2 * segment; input != end; input += 4, stream += 2)
        {
            const uint32_t bytes = mn_load_word(input);
            const uint32_t even = mn_even_bytes(bytes), odd = mn_odd_bytes(bytes);
            const uint32_t first = (uint32_t)stream[0], second = (uint32_t)stream[1];
            acc_p = mn_dual_mac(second, odd, mn_dual_mac(first, even, acc_p));
            sums[1] = mn_dual_mac(mn_even_bytes(second), odd, mn_dual_mac(mn_even_bytes(first), even, sums[1]));
        }
        sums[0] = mn_wrap_add(sums[0], mn_acc_a(acc_p, sums[1]));
        left -= segment;
    }
    return stream;
}

void mn_dense_deep(const struct mn_point *p, const int8_t *input, int8_t *output)
{
    const struct mn_bounds bounds = {p->zero_point, p->low, p->high};
    const int32_t *stream = p->stream;
    for (int32_t left = p->channels; left > 0;)
    {
        int32_t sums[8];
        const int32_t count = left >= 8 ? 8 : left > 1 ? 2 : 1;
        stream = count == 8 ? deep_octet(p, input, stream, sums) : deep_pair(p, input, stream, sums);
        for (int32_t i = 0; i < count; i += 2)
        {
            struct mn_scale a, b;
            stream = mn_read_scales(MN_GENERAL, stream, &a, &b);
            *output++ = mn_requantise(MN_GENERAL, 1, &bounds, &a, sums[i]);
            if (i + 1 < count)
            {
                *output++ = mn_requantise(MN_GENERAL, 1, &bounds, &b, sums[i + 1]);
            }
        }
        left -= count;
    }
}
