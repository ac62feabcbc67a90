/* SPDX-License-Identifier: Apache-2.0 */
/* Four channels at a time, with sums that fit 32 bits. */
#include "int16_taps.h"

/* Of the taps inside the image: from one to the next in bytes, and from the last of a row to the first of the next. */
struct steps
{
    int32_t rows, columns;
    int32_t input_step, input_skip, weight_skip;
};

struct quad
{
    int32_t a, b, c, d;
};

MN_INLINE struct quad add_tap(struct quad s, const int8_t *pixel, const int8_t *weights)
{
    const uint32_t bytes = mn_load_word(weights), low = mn_load_word(pixel), high = mn_load_word(pixel + 4);
    const uint32_t even = mn_even_bytes(bytes), odd = mn_odd_bytes(bytes);
    s.a = mn_mac_low_low(low, even, s.a);
    s.b = mn_mac_high_low(low, odd, s.b);
    s.c = mn_mac_low_high(high, even, s.c);
    s.d = mn_mac_high_high(high, odd, s.d);
    return s;
}

/* Of four channels. */
MN_INLINE struct quad add_taps(struct quad s, const struct steps *t, const int8_t *pixel, const int8_t *weights)
{
    const int32_t step = t->input_step;
    for (int32_t y = t->rows; y > 0; y--, pixel += t->input_skip, weights += t->weight_skip)
    {
        for (int32_t x = t->columns; x > 0; x--, pixel += step, weights += 4)
        {
            s = add_tap(s, pixel, weights);
        }
    }
    return s;
}

/* The same of three taps in every row. */
MN_INLINE struct quad add_threes(struct quad s, const struct steps *t, const int8_t *pixel, const int8_t *weights)
{
    const int32_t step = t->input_step, skip = t->input_skip, weight_skip = t->weight_skip;
    for (int32_t y = t->rows; y > 0; y--, pixel += skip, weights += weight_skip)
    {
        for (const int8_t *end = weights + 12; weights < end; weights += 4, pixel += step)
        {
            s = add_tap(s, pixel, weights);
        }
    }
    return s;
}

MN_INLINE int32_t sum_of_one(const struct steps *t, const int8_t *pixel, const int8_t *weights)
{
    int32_t sum = 0;
    for (int32_t y = t->rows; y > 0; y--, pixel += t->input_skip, weights += t->weight_skip / 4)
    {
        for (int32_t x = t->columns; x > 0; x--, pixel += t->input_step, weights++)
        {
            sum += mn_int16_at(pixel, 0) * *weights;
        }
    }
    return sum;
}

/* Two values as they lie in memory. */
MN_INLINE void set_two(int8_t *items, int32_t first, int32_t second)
{
    *(mn_unaligned_word *)(void *)items = mn_pack_low((uint32_t)first, (uint32_t)second);
}

/* `skipped`: the first tap inside the image, counted over the whole window. */
static void run_pixel(
    const struct mn_int16_depthwise *p, const struct steps *steps, const int8_t *input, int32_t skipped, int8_t *output)
{
    const struct steps t = *steps;
    const struct mn_int16_requantisation *q = &p->requantisation;
    const int32_t *bias = q->bias, *multipliers = q->multipliers, low = q->low, high = q->high;
    const int32_t taps = p->window.rows * p->window.columns;
    const int8_t *weights = p->weights + 4 * skipped;
    int32_t channels = p->out.channels;
    for (; channels >= 4; channels -= 4, input += 8, weights += 4 * taps, output += 8, bias += 4, multipliers += 4)
    {
        struct quad s = {bias[0], bias[1], bias[2], bias[3]};
        s = t.columns == 3 ? add_threes(s, &t, input, weights) : add_taps(s, &t, input, weights);
        const int32_t a = mn_high_mac(s.a, multipliers[0], 0), b = mn_high_mac(s.b, multipliers[1], 0);
        const int32_t c = mn_high_mac(s.c, multipliers[2], 0), d = mn_high_mac(s.d, multipliers[3], 0);
        set_two(output, mn_clamp(a, low, high), mn_clamp(b, low, high));
        set_two(output + 4, mn_clamp(c, low, high), mn_clamp(d, low, high));
    }
    weights -= 3 * skipped;
    for (; channels > 0; channels--, input += 2, weights += taps, output += 2, bias++, multipliers++)
    {
        const int32_t sum = sum_of_one(&t, input, weights) + *bias;
        mn_set_int16(output, 0, mn_clamp(mn_high_mac(sum, *multipliers, 0), low, high));
    }
}

void mn_int16_depthwise_short(const struct mn_int16_depthwise *p, const int8_t *input, int8_t *output)
{
    const struct mn_window *w = &p->window;
    const int32_t channels = p->out.channels, step = 2 * w->column_dilation * channels;
    for (int32_t y = 0; y < p->out.rows; y++)
    {
        for (int32_t x = 0; x < p->out.columns; x++, output += 2 * channels)
        {
            const struct mn_taps taps = mn_int16_taps(p, input, y, x);
            const int32_t columns = taps.xs.end - taps.xs.first;
            const struct steps steps = {
                taps.ys.end - taps.ys.first, columns, step,
                2 * w->row_dilation * p->in.columns * channels - columns * step, 4 * (w->columns - columns)};
            run_pixel(p, &steps, taps.input, taps.ys.first * w->columns + taps.xs.first, output);
        }
    }
}
