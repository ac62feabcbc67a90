/* SPDX-License-Identifier: Apache-2.0 */
/* Extremes of four bytes of a word at once. The last word may overlap the one before: a value counts no more twice. */
#include "reduce_words.h"

/* Of one word, three times `threes` and `more`, `apart` bytes from one another. */
MN_INLINE uint32_t extreme_of(const int largest, const int8_t *at, int32_t apart, int32_t threes, int32_t more)
{
    uint32_t found = mn_load_word(at);
    at += apart;
    for (; threes > 0; threes--, at += 3 * apart)
    {
        uint32_t x, y, z;
#if MN_DSP
        /* Together, so that one load begins while the one before it ends. */
        __asm volatile("ldr %0, [%3]\n\tldr %1, [%3, %4]\n\tldr %2, [%3, %4, lsl #1]"
                       : "=&r"(x), "=&r"(y), "=&r"(z)
                       : "r"(at), "r"(apart)
                       : "memory");
#else
        x = mn_load_word(at);
        y = mn_load_word(at + apart);
        z = mn_load_word(at + 2 * apart);
#endif
        found = mn_further(largest, mn_further(largest, mn_further(largest, found, x), y), z);
    }
    for (; more > 0; more--, at += apart)
    {
        found = mn_further(largest, found, mn_load_word(at));
    }
    return found;
}

MN_INLINE void reduce_words(const int largest, const struct mn_reduce *p, const int8_t *input, int8_t *output)
{
    const int32_t inner = p->inner, count = p->count, threes = (count - 1) / 3, more = (count - 1) % 3;
    for (int32_t i = p->outer; i > 0; i--, input += count * inner, output += inner)
    {
        for (int32_t j = 0; j < inner; j += 4)
        {
            j = j > inner - 4 ? inner - 4 : j;
            mn_store_word(output + j, extreme_of(largest, input + j, inner, threes, more));
        }
    }
}

void mn_reduce_maximum_words(const struct mn_reduce *p, const int8_t *input, int8_t *output)
{
    reduce_words(1, p, input, output);
}

void mn_reduce_minimum_words(const struct mn_reduce *p, const int8_t *input, int8_t *output)
{
    reduce_words(0, p, input, output);
}
