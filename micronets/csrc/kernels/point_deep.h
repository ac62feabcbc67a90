/* SPDX-License-Identifier: Apache-2.0 */
/* Pairs of output channels of which the sum acc_a may leave the 24 bits that it has beside acc_b (point_block.h).
 *
 * The depth is cut into segments of which no sum can leave them; after each, acc_a goes to a sum of its own and acc_b
 * goes on. A stream is as in point_block.h in the form GENERAL, but a pair begins with its number of channels and the
 * starts of acc_a and acc_b. Two channels whose weights no lane holds together, as -128 above a negative one, are two
 * pairs of one channel.
 */
#ifndef MICRONETS_POINT_DEEP_H
#define MICRONETS_POINT_DEEP_H

#include "micronets_kernels.h"
#include "point_block.h"

enum
{
    /* 496 products of int8 are below 2^23; a multiple of dense.c's and the point block's unrolled steps. */
    MN_SEGMENT_WORDS = 248
};

MN_INLINE int32_t mn_segment(int32_t left)
{
    return left < MN_SEGMENT_WORDS ? left : MN_SEGMENT_WORDS;
}

/* Sums of four pixels; returns the lanes' end. */
MN_INLINE const int32_t *mn_deep_block(
    const uint32_t *column, const int32_t *stream, int32_t words, int32_t *sums_a, int32_t *sums_b)
{
    const int32_t *lanes = stream + 2;
    struct mn_accumulators acc;
    sums_a[0] = sums_a[1] = sums_a[2] = sums_a[3] = stream[0];
    acc.b0 = acc.b1 = acc.b2 = acc.b3 = stream[1];
    while (words > 0)
    {
        const int32_t segment = mn_segment(words);
        acc.p0 = acc.b0;
        acc.p1 = acc.b1;
        acc.p2 = acc.b2;
        acc.p3 = acc.b3;
        lanes = mn_block_mac(&acc, column, lanes, segment);
        sums_a[0] = mn_wrap_add(sums_a[0], mn_acc_a(acc.p0, acc.b0));
        sums_a[1] = mn_wrap_add(sums_a[1], mn_acc_a(acc.p1, acc.b1));
        sums_a[2] = mn_wrap_add(sums_a[2], mn_acc_a(acc.p2, acc.b2));
        sums_a[3] = mn_wrap_add(sums_a[3], mn_acc_a(acc.p3, acc.b3));
        column += MN_BLOCK_PIXELS * segment;
        words -= segment;
    }
    sums_b[0] = acc.b0;
    sums_b[1] = acc.b1;
    sums_b[2] = acc.b2;
    sums_b[3] = acc.b3;
    return lanes;
}

/* Sums of one pixel. */
MN_INLINE const int32_t *mn_deep_single(
    const uint32_t *column, const int32_t *stream, int32_t words, int32_t *sum_a, int32_t *sum_b)
{
    const int32_t *lanes = stream + 2;
    *sum_a = stream[0];
    *sum_b = stream[1];
    while (words > 0)
    {
        const int32_t segment = mn_segment(words);
        int32_t acc_p = *sum_b;
        lanes = mn_single_mac(&acc_p, sum_b, column, MN_BLOCK_PIXELS, lanes, segment);
        *sum_a = mn_wrap_add(*sum_a, mn_acc_a(acc_p, *sum_b));
        column += MN_BLOCK_PIXELS * segment;
        words -= segment;
    }
    return lanes;
}

/* Output channels of `count` (1 to 4) pixels whose column is filled. */
MN_INLINE void mn_column_deep(const struct mn_point *p, const uint32_t *column, int32_t count, int8_t *output)
{
    const struct mn_bounds bounds = {p->zero_point, p->low, p->high};
    const int32_t *stream = p->stream;
    for (int32_t channel = 0, of_pair; channel < p->channels; channel += of_pair)
    {
        int32_t sums_a[MN_BLOCK_PIXELS], sums_b[MN_BLOCK_PIXELS];
        const int32_t *end = ++stream;
        struct mn_scale a, b;
        of_pair = stream[-1];
        if (count == MN_BLOCK_PIXELS)
        {
            end = mn_deep_block(column, stream, p->words, sums_a, sums_b);
        }
        else
        {
            for (int32_t i = 0; i < count; i++)
            {
                end = mn_deep_single(column + i, stream, p->words, sums_a + i, sums_b + i);
            }
        }
        stream = mn_read_scales(MN_GENERAL, end, &a, &b);
        int8_t *out = output + channel;
        for (int32_t i = 0; i < count; i++, out += p->channels)
        {
            out[0] = mn_requantise(MN_GENERAL, 1, &bounds, &a, sums_a[i]);
            if (of_pair > 1)
            {
                out[1] = mn_requantise(MN_GENERAL, 1, &bounds, &b, sums_b[i]);
            }
        }
    }
}

#endif
