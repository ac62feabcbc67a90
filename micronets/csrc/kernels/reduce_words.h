/* SPDX-License-Identifier: Apache-2.0 */
/* Extremes of four bytes of a word at once, along the middle of three sides (reduce_words.c), or of whole runs of bytes,
 * instantiated by the generated code for their length. */
#ifndef MICRONETS_REDUCE_WORDS_H
#define MICRONETS_REDUCE_WORDS_H

#include "bytes.h"
#include "reduce.h"

/* Of an inner side of four or more. */
void mn_reduce_maximum_words(const struct mn_reduce *p, const int8_t *input, int8_t *output);
void mn_reduce_minimum_words(const struct mn_reduce *p, const int8_t *input, int8_t *output);

MN_INLINE uint32_t mn_further(const int largest, uint32_t a, uint32_t b)
{
    return largest ? mn_max_bytes(a, b) : mn_min_bytes(a, b);
}

/* Of p->outer runs of `length` bytes, four or more. */
MN_INLINE void mn_extreme_of_runs(
    const int largest, const int32_t length, const struct mn_reduce *p, const int8_t *input, int8_t *output)
{
    for (int32_t run = p->outer; run > 0; run--, input += length)
    {
        /* The last word may overlap the one before: a value counts no more twice. */
        uint32_t found = mn_load_word(input + length - 4);
        const int8_t *at = input;
        for (int32_t left = length / 16; left > 0; left--, at += 16)
        {
            uint32_t words[4];
            mn_load_sixteen_bytes(at, words);
            found = mn_further(largest, mn_further(largest, found, words[0]), words[1]);
            found = mn_further(largest, mn_further(largest, found, words[2]), words[3]);
        }
        for (int32_t left = length % 16 / 4; left > 0; left--, at += 4)
        {
            found = mn_further(largest, found, mn_load_word(at));
        }
        found = mn_further(largest, found, found >> 16 | found << 16);
        found = mn_further(largest, found, found >> 8 | found << 24);
        *output++ = (int8_t)(found & 0xFFU);
    }
}

#endif
