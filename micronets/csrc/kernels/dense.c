/* SPDX-License-Identifier: Apache-2.0 */
/* Fully connected layer of one row: every weight is used once, so loads from flash bound it.
 *
 * Eight output channels at a time read the same inputs, straight from int8. A stream holds, per eight channels, as
 * words: eight starts (acc_p and acc_b of four pairs), lanes[words][4 pairs], and the requantisation of the four pairs;
 * then the pairs that are left over, each as in point_block.h. Where all channels have one scale, its factor, constant and
 * shift begin the stream instead of standing behind every pair.
 */
#include "micronets_config.h"
#include "micronets_kernels.h"
#include "point_block.h"
#include "point_deep.h"

enum
{
    /* The assembly of four inputs. */
    MN_STEP_BYTES = 140
};

struct octet
{
    int32_t p0, b0, p1, b1, p2, b2, p3, b3;
};

/* Sums that begin with `starts`. Not inlined: the assembly needs every register. */
static __attribute__((noinline)) const int32_t *octet_mac(
    struct octet *acc, const int8_t *input, const int32_t *stream, int32_t depth, const int32_t *starts)
{
    int32_t p0 = starts[0], b0 = starts[1], p1 = starts[2], b1 = starts[3];
    int32_t p2 = starts[4], b2 = starts[5], p3 = starts[6], b3 = starts[7];
#if MN_DSP
    const int8_t *end = input + depth;
    /* The first pass over the unrolled steps begins so many later, its pointers as far back. */
    const int32_t left_out = -(depth >> 2) & (MN_DENSE_STEPS - 1);
    /* And to an odd address, as code of its kind lies at. */
    const int32_t entry = MN_STEP_BYTES * left_out + 1;
    uint32_t s, t, u, v;
    input -= 4 * left_out;
    stream -= 8 * left_out;
    /* clang-format off */
#define MN_LOAD(offset)                                                                                                \
    "ldr.w %[u], [%[w], #" offset "]\n\t"                                                                              \
    "ldr.w %[v], [%[w], #" offset " + 4]\n\t"
#define MN_TWO_PAIRS(x, p0, b0, p1, b1)                                                                                \
    "smlad %[" #p0 "], %[u], " x ", %[" #p0 "]\n\t"                                                                    \
    "sxtb16 %[u], %[u]\n\t"                                                                                            \
    "smlad %[" #p1 "], %[v], " x ", %[" #p1 "]\n\t"                                                                    \
    "sxtb16 %[v], %[v]\n\t"                                                                                            \
    "smlad %[" #b0 "], %[u], " x ", %[" #b0 "]\n\t"                                                                    \
    "smlad %[" #b1 "], %[v], " x ", %[" #b1 "]\n\t"
#define MN_STEP(i)                                                                                                     \
    "ldr.w %[t], [%[x], #4 * " #i "]\n\t" MN_LOAD("32 * " #i)                                                          \
    "sxtb16 %[s], %[t], ror #8\n\t"                                                                                    \
    "sxtb16 %[t], %[t]\n\t" MN_TWO_PAIRS("%[t]", p0, b0, p1, b1)                                                       \
    MN_LOAD("32 * " #i " + 8") MN_TWO_PAIRS("%[t]", p2, b2, p3, b3)                                                    \
    MN_LOAD("32 * " #i " + 16") MN_TWO_PAIRS("%[s]", p0, b0, p1, b1)                                                   \
    MN_LOAD("32 * " #i " + 24") MN_TWO_PAIRS("%[s]", p2, b2, p3, b3)
#define MN_FOUR_STEPS(i, j, k, l) MN_STEP(i) MN_STEP(j) MN_STEP(k) MN_STEP(l)
#if MN_DENSE_STEPS == 16
#define MN_PASS                                                                                                        \
    MN_FOUR_STEPS(0, 1, 2, 3)                                                                                          \
    MN_FOUR_STEPS(4, 5, 6, 7)                                                                                          \
    MN_FOUR_STEPS(8, 9, 10, 11)                                                                                        \
    MN_FOUR_STEPS(12, 13, 14, 15)                                                                                      \
    "add %[x], %[x], #64\n\t"                                                                                          \
    "add %[w], %[w], #512\n\t"
#elif MN_DENSE_STEPS == 8
#define MN_PASS                                                                                                        \
    MN_FOUR_STEPS(0, 1, 2, 3)                                                                                          \
    MN_FOUR_STEPS(4, 5, 6, 7)                                                                                          \
    "add %[x], %[x], #32\n\t"                                                                                          \
    "add %[w], %[w], #256\n\t"
#else
#define MN_PASS                                                                                                        \
    MN_FOUR_STEPS(0, 1, 2, 3)                                                                                          \
    "add %[x], %[x], #16\n\t"                                                                                          \
    "add %[w], %[w], #128\n\t"
#endif
    __asm volatile("adr.w %[t], 1f\n\t"
                   "ldr.w %[u], %[entry]\n\t"
                   "add %[t], %[t], %[u]\n\t"
                   "bx %[t]\n\t"
                   ".balign 4\n"
                   "1:\n\t" MN_PASS
                   "ldr %[t], %[end]\n\t"
                   "cmp %[x], %[t]\n\t"
                   "bne.w 1b\n"
                   : [p0] "+r"(p0), [p1] "+r"(p1), [p2] "+r"(p2), [p3] "+r"(p3),
                     [b0] "+r"(b0), [b1] "+r"(b1), [b2] "+r"(b2), [b3] "+r"(b3),
                     [x] "+r"(input), [w] "+r"(stream), [u] "=&r"(u), [v] "=&r"(v), [s] "=&r"(s), [t] "=&r"(t)
                   : [end] "m"(end), [entry] "m"(entry)
                   : "cc", "memory");
/* clang-format on */
#else
    for (int32_t k = 0; k < depth; k += 4)
    {
        const uint32_t bytes = mn_load_word(input + k);
        for (int32_t half = 0; half < 2; half++, stream += 4)
        {
            const uint32_t x = half ? mn_odd_bytes(bytes) : mn_even_bytes(bytes);
            const uint32_t *w = (const uint32_t *)stream;
            p0 = mn_dual_mac(w[0], x, p0);
            b0 = mn_dual_mac(mn_even_bytes(w[0]), x, b0);
            p1 = mn_dual_mac(w[1], x, p1);
            b1 = mn_dual_mac(mn_even_bytes(w[1]), x, b1);
            p2 = mn_dual_mac(w[2], x, p2);
            b2 = mn_dual_mac(mn_even_bytes(w[2]), x, b2);
            p3 = mn_dual_mac(w[3], x, p3);
            b3 = mn_dual_mac(mn_even_bytes(w[3]), x, b3);
        }
    }
#endif
    *acc = (struct octet){p0, b0, p1, b1, p2, b2, p3, b3};
    return stream;
}

/* Two channels. */
MN_INLINE const int32_t *pair_mac(
    int32_t *acc_p, int32_t *acc_b, const int8_t *input, const int32_t *stream, int32_t depth)
{
    for (const int8_t *end = input + depth; input != end; input += 4, stream += 2)
    {
        const uint32_t bytes = mn_load_word(input);
        const uint32_t even = mn_even_bytes(bytes), odd = mn_odd_bytes(bytes);
        const uint32_t first = (uint32_t)stream[0], second = (uint32_t)stream[1];
        *acc_p = mn_dual_mac(second, odd, mn_dual_mac(first, even, *acc_p));
        *acc_b = mn_dual_mac(mn_even_bytes(second), odd, mn_dual_mac(mn_even_bytes(first), even, *acc_b));
    }
    return stream;
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
        struct octet acc;
        stream = octet_mac(&acc, input, stream + 8, p->depth, stream);
        stream = finish_pair(form, clamped, p, stream, acc.p0, acc.b0, output, 1);
        stream = finish_pair(form, clamped, p, stream, acc.p1, acc.b1, output + 2, 1);
        stream = finish_pair(form, clamped, p, stream, acc.p2, acc.b2, output + 4, 1);
        stream = finish_pair(form, clamped, p, stream, acc.p3, acc.b3, output + 6, 1);
    }
    for (; left > 0; left -= 2, output += 2)
    {
        int32_t acc_p = stream[0], acc_b = stream[1];
        stream = pair_mac(&acc_p, &acc_b, input, stream + 2, p->depth);
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

MN_INLINE void round_pair(const struct mn_scale *scale, int32_t acc_p, int32_t acc_b, int8_t *output)
{
    output[0] = mn_requantise(MN_ROUNDED, 0, 0, scale, mn_acc_a(acc_p, acc_b));
    output[1] = mn_requantise(MN_ROUNDED, 0, 0, scale, acc_b);
}

void mn_dense_uniform(const struct mn_point *p, const int8_t *input, int8_t *output)
{
    const int32_t *stream = p->stream;
    const struct mn_scale scale = {stream[0], stream[1], stream[2]};
    int32_t left = p->channels;
    stream += 3;
    for (; left >= 8; left -= 8, output += 8)
    {
        struct octet acc;
        stream = octet_mac(&acc, input, stream + 8, p->depth, stream);
        round_pair(&scale, acc.p0, acc.b0, output);
        round_pair(&scale, acc.p1, acc.b1, output + 2);
        round_pair(&scale, acc.p2, acc.b2, output + 4);
        round_pair(&scale, acc.p3, acc.b3, output + 6);
    }
    for (; left > 0; left -= 2, output += 2)
    {
        int8_t pair[2];
        int32_t acc_p = stream[0], acc_b = stream[1];
        stream = pair_mac(&acc_p, &acc_b, input, stream + 2, p->depth);
        round_pair(&scale, acc_p, acc_b, pair);
        output[0] = pair[0];
        if (left > 1)
        {
            output[1] = pair[1];
        }
    }
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
    int32_t b[4] = {stream[1], stream[3], stream[5], stream[7]};
    const int32_t *lanes = stream + 8;
    sums[0] = stream[0];
    sums[2] = stream[2];
    sums[4] = stream[4];
    sums[6] = stream[6];
    for (int32_t left = p->words; left > 0;)
    {
        const int32_t segment = mn_segment(left);
        const int32_t starts[8] = {b[0], b[0], b[1], b[1], b[2], b[2], b[3], b[3]};
        struct octet acc;
        lanes = octet_mac(&acc, input, lanes, 2 * segment, starts);
        b[0] = acc.b0;
        b[1] = acc.b1;
        b[2] = acc.b2;
        b[3] = acc.b3;
        sums[0] = mn_wrap_add(sums[0], mn_acc_a(acc.p0, acc.b0));
        sums[2] = mn_wrap_add(sums[2], mn_acc_a(acc.p1, acc.b1));
        sums[4] = mn_wrap_add(sums[4], mn_acc_a(acc.p2, acc.b2));
        sums[6] = mn_wrap_add(sums[6], mn_acc_a(acc.p3, acc.b3));
        input += 2 * segment;
        left -= segment;
    }
    sums[1] = b[0];
    sums[3] = b[1];
    sums[5] = b[2];
    sums[7] = b[3];
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
        stream = pair_mac(&acc_p, sums + 1, input, stream, 2 * segment);
        input += 2 * segment;
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
