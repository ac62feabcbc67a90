/* SPDX-License-Identifier: Apache-2.0 */
/* Features of four filters at a time. The state is a ring: nothing in it moves, and the weights over time are laid against
 * it in two parts. */
#include "svdf.h"
#include "four_rows.h"
#include "items.h"
#include "micronets_arithmetic.h"

enum
{
    RING_BYTES = 4,
    ROWS = 4
};

typedef int32_t weigher(const int8_t *times, const int8_t *state, int32_t count, int32_t acc);
typedef void keeper(int8_t *place, int32_t value, int32_t zero_point);

MN_INLINE int32_t weigh_int16(const int8_t *times, const int8_t *state, int32_t count, int32_t acc)
{
    for (; count >= 2; count -= 2, times += 4, state += 4)
    {
        acc = mn_dual_mac(mn_load_word(times), mn_load_word(state), acc);
    }
    return count > 0 ? mn_wrap_add(acc, mn_int16_at(times, 0) * mn_int16_at(state, 0)) : acc;
}

MN_INLINE int32_t weigh_int8(const int8_t *times, const int8_t *state, int32_t count, int32_t acc)
{
    return mn_dot(state, times, count, 0, acc);
}

MN_INLINE void keep_int16(int8_t *place, int32_t value, int32_t zero_point)
{
    mn_set_int16(place, 0, mn_clamp(value, INT16_MIN, INT16_MAX) + zero_point);
}

MN_INLINE void keep_int8(int8_t *place, int32_t value, int32_t zero_point)
{
    *place = (int8_t)(mn_clamp(value, INT8_MIN, INT8_MAX) + zero_point);
}

/* The features of four filters, of which the first is `filter`. */
static __attribute__((noinline)) void sum_features(
    const struct mn_svdf *p, int32_t filter, const int8_t *input, int32_t *sums)
{
    mn_four_rows(p->features + filter * p->inputs, input, p->inputs, p->feature_bias + filter, sums);
}

/* Of one of the batch, the new features as the newest values of all lines. */
MN_INLINE void keep_features(
    const struct mn_svdf *p, const int8_t *input, int8_t *newest, int32_t line_bytes, keeper *keep)
{
    const int32_t filters = p->filters, multiplier = p->feature_multiplier, shift = p->feature_shift;
    const int32_t zero_point = p->state_zero_point;
    int32_t sums[ROWS];
    for (int32_t filter = 0; filter < filters; filter++, newest += line_bytes)
    {
        if (filter % ROWS == 0)
        {
            sum_features(p, filter, input, sums);
        }
        keep(newest, mn_multiply_quantised(sums[filter % ROWS], multiplier, shift), zero_point);
    }
}

MN_INLINE void run(
    const struct mn_svdf *p, const int8_t *input, int8_t *state, int8_t *output, int32_t item_bytes, weigher *weigh,
    keeper *keep)
{
    const int32_t newest = mn_int32_at(state, 0), oldest = newest + 1 < p->memory ? newest + 1 : 0;
    const int32_t line_bytes = p->memory * item_bytes, oldest_bytes = oldest * item_bytes;
    const int32_t first = p->memory - oldest, first_bytes = line_bytes - oldest_bytes;
    const int32_t rank = p->rank, multiplier = p->multiplier, shift = p->shift, zero_point = p->zero_point;
    int8_t *line = state + RING_BYTES;
    mn_set_int32(state, 0, oldest);
    for (int32_t b = 0; b < p->batch; b++, input += p->inputs)
    {
        const int8_t *times = p->times;
        keep_features(p, input, line + newest * item_bytes, line_bytes, keep);
        const int32_t *bias = p->unit_bias;
        for (const int32_t *end = bias + p->filters / rank; bias < end; bias++)
        {
            int32_t sum = *bias;
            for (int32_t filter = 0; filter < rank; filter++, line += line_bytes, times += line_bytes)
            {
                sum = weigh(times, line + oldest_bytes, first, sum);
                sum = weigh(times + first_bytes, line, oldest, sum);
            }
            const int32_t scaled = mn_multiply_quantised(sum, multiplier, shift);
            *output++ = (int8_t)mn_clamp(mn_wrapping_add(scaled, zero_point), INT8_MIN, INT8_MAX);
        }
    }
}

void mn_svdf_int16(const struct mn_svdf *p, const int8_t *input, int8_t *state, int8_t *output)
{
    run(p, input, state, output, 2, weigh_int16, keep_int16);
}

void mn_svdf_int8(const struct mn_svdf *p, const int8_t *input, int8_t *state, int8_t *output)
{
    run(p, input, state, output, 1, weigh_int8, keep_int8);
}
