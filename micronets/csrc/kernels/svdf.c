/* SPDX-License-Identifier: Apache-2.0 */
/* The state is a ring: nothing in it moves, and the weights over time are laid against it in two parts. */
#include "svdf.h"
#include "items.h"
#include "micronets_arithmetic.h"

enum
{
    RING_BYTES = 4
};

typedef int32_t weigher(const int8_t *times, const int8_t *state, int32_t count, int32_t acc);
typedef void keeper(int8_t *state, int32_t index, int32_t value, int32_t zero_point);

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

MN_INLINE void keep_int16(int8_t *state, int32_t index, int32_t value, int32_t zero_point)
{
    mn_set_int16(state, index, mn_clamp(value, INT16_MIN, INT16_MAX) + zero_point);
}

MN_INLINE void keep_int8(int8_t *state, int32_t index, int32_t value, int32_t zero_point)
{
    state[index] = (int8_t)(mn_clamp(value, INT8_MIN, INT8_MAX) + zero_point);
}

MN_INLINE void run(
    const struct mn_svdf *p, const int8_t *input, int8_t *state, int8_t *output, int32_t item_bytes, weigher *weigh,
    keeper *keep)
{
    const int32_t newest = mn_int32_at(state, 0), oldest = newest + 1 < p->memory ? newest + 1 : 0;
    int8_t *line = state + RING_BYTES;
    mn_set_int32(state, 0, oldest);
    for (int32_t b = 0; b < p->batch; b++, input += p->inputs)
    {
        const int8_t *times = p->times;
        for (int32_t unit = 0; unit < p->filters / p->rank; unit++)
        {
            int32_t sum = p->unit_bias[unit];
            for (int32_t filter = unit * p->rank; filter < (unit + 1) * p->rank; filter++)
            {
                const int32_t feature =
                    mn_dot(input, p->features + filter * p->inputs, p->inputs, 0, p->feature_bias[filter]);
                const int32_t scaled = mn_multiply_quantised(feature, p->feature_multiplier, p->feature_shift);
                keep(line, newest, scaled, p->state_zero_point);
                const int32_t first = p->memory - oldest;
                sum = weigh(times, line + oldest * item_bytes, first, sum);
                sum = weigh(times + first * item_bytes, line, oldest, sum);
                line += p->memory * item_bytes;
                times += p->memory * item_bytes;
            }
            const int32_t scaled = mn_multiply_quantised(sum, p->multiplier, p->shift);
            *output++ = (int8_t)mn_clamp(mn_wrapping_add(scaled, p->zero_point), INT8_MIN, INT8_MAX);
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
