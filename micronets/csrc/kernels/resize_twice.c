/* SPDX-License-Identifier: Apache-2.0 */
/* Resizing to twice the rows and columns: every input makes four outputs, from itself or with the inputs to its right,
 * below and both. */
#include "resize_twice.h"
#include "bytes.h"

/* Every pixel of a row of a multiple of sixteen channels to two in each of the rows from `upper` and `lower` on; returns
 * where the next row of inputs begins. */
MN_INLINE const int8_t *spread_row(
    const int8_t *input, int32_t columns, const int32_t channels, int8_t *upper, int8_t *lower)
{
#if MN_DSP
    uint32_t w0, w1, w2, w3;
    int8_t *upper_right, *lower_right;
    int32_t left;
#define MN_STORE(to)                                                                                                   \
    "str %[w0], [%[" to "]], #4\n\t"                                                                                   \
    "str %[w1], [%[" to "]], #4\n\t"                                                                                   \
    "str %[w2], [%[" to "]], #4\n\t"                                                                                   \
    "str %[w3], [%[" to "]], #4\n\t"
    /* clang-format off */
    __asm volatile("1:\n\t"
                   "add %[b], %[a], %[channels]\n\t"
                   "add %[d], %[c], %[channels]\n\t"
                   "mov %[left], %[channels]\n"
                   "2:\n\t"
                   "ldr %[w0], [%[x]]\n\t"
                   "ldr %[w1], [%[x], #4]\n\t"
                   "ldr %[w2], [%[x], #8]\n\t"
                   "ldr %[w3], [%[x], #12]\n\t"
                   "add %[x], %[x], #16\n\t"
                   MN_STORE("a") MN_STORE("b") MN_STORE("c") MN_STORE("d")
                   "subs %[left], %[left], #16\n\t"
                   "bne 2b\n\t"
                   "mov %[a], %[b]\n\t"
                   "mov %[c], %[d]\n\t"
                   "subs %[columns], %[columns], #1\n\t"
                   "bne 1b\n\t"
                   : [x] "+r"(input), [a] "+r"(upper), [c] "+r"(lower), [columns] "+r"(columns),
                     [b] "=&r"(upper_right), [d] "=&r"(lower_right), [left] "=&r"(left),
                     [w0] "=&r"(w0), [w1] "=&r"(w1), [w2] "=&r"(w2), [w3] "=&r"(w3)
                   : [channels] "r"(channels)
                   : "cc", "memory");
    /* clang-format on */
#undef MN_STORE
    return input;
#else
    for (; columns > 0; columns--, upper += channels, lower += channels)
    {
        for (int32_t left = channels; left > 0; left -= 4, input += 4, upper += 4, lower += 4)
        {
            const uint32_t word = mn_load_word(input);
            mn_store_word(upper, word);
            mn_store_word(upper + channels, word);
            mn_store_word(lower, word);
            mn_store_word(lower + channels, word);
        }
    }
    return input;
#endif
}

void mn_resize_nearest_twice(const struct mn_shape *in, const int8_t *input, int8_t *output)
{
    const int32_t columns = in->columns, channels = in->channels, row_bytes = 2 * columns * channels;
    for (int32_t rows = in->rows; rows > 0; rows--, output += 2 * row_bytes)
    {
        input = spread_row(input, columns, channels, output, output + row_bytes);
    }
}

/* A word and its neighbour, `right` bytes on. */
MN_INLINE void load_two(const int8_t *address, int32_t right, uint32_t *word, uint32_t *neighbour)
{
#if MN_DSP
    uint32_t a, b;
    /* Together, so that one load begins while the other one ends. */
    __asm volatile("ldr %0, [%2]\n\tldr %1, [%2, %3]" : "=&r"(a), "=&r"(b) : "r"(address), "r"(right) : "memory");
    *word = a;
    *neighbour = b;
#else
    *word = mn_load_word(address);
    *neighbour = mn_load_word(address + right);
#endif
}

/* Of `channels` channels: four pixels of outputs from the pixel at `a`, and those to the right and below. */
MN_INLINE void spread_pixel(
    const int8_t *upper, const int8_t *lower, int32_t right, int32_t channels, int8_t *out_upper, int8_t *out_lower)
{
    for (const int8_t *end = upper + channels; upper != end; upper += 4, lower += 4, out_upper += 4, out_lower += 4)
    {
        uint32_t a, b, c, d;
        load_two(upper, right, &a, &b);
        mn_store_word(out_upper, a);
        mn_store_word(out_upper + channels, mn_mean_of_two(a, b));
        load_two(lower, right, &c, &d);
        mn_store_word(out_lower, mn_mean_of_two(a, c));
        mn_store_word(out_lower + channels, mn_mean_of_four(a, b, c, d));
    }
}

void mn_resize_bilinear_twice(const struct mn_shape *in, const int8_t *input, int8_t *output)
{
    const int32_t rows = in->rows, columns = in->columns, channels = in->channels, row_bytes = columns * channels;
    for (int32_t y = 0; y < rows; y++, output += 2 * row_bytes)
    {
        const int32_t below = y + 1 < rows ? row_bytes : 0;
        for (int32_t x = 0; x < columns; x++, input += channels, output += 2 * channels)
        {
            const int32_t right = x + 1 < columns ? channels : 0;
            spread_pixel(input, input + below, right, channels, output, output + 2 * row_bytes);
        }
    }
}
