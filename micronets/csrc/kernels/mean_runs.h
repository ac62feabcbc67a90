/* SPDX-License-Identifier: Apache-2.0 */
/* Means of runs of bytes, instantiated by the generated code for the run's length and the form of requantisation. */
#ifndef MICRONETS_MEAN_RUNS_H
#define MICRONETS_MEAN_RUNS_H

#include "bytes.h"
#include "mean_scale.h"

#if MN_DSP

/* acc plus four unsigned bytes. */
MN_INLINE uint32_t mn_add_four_bytes(uint32_t bytes, uint32_t acc)
{
    uint32_t sum;
    __asm("usada8 %0, %1, %2, %3" : "=r"(sum) : "r"(bytes), "r"(0), "r"(acc));
    return sum;
}

#else

MN_INLINE uint32_t mn_add_four_bytes(uint32_t bytes, uint32_t acc)
{
    return acc + (bytes & 0xFFU) + (bytes >> 8 & 0xFFU) + (bytes >> 16 & 0xFFU) + (bytes >> 24);
}

#endif

enum
{
    MN_SIGNS = (int32_t)0x80808080
};

/* Signed bytes as unsigned ones that are 128 more. */
MN_INLINE uint32_t mn_add_word_of_run(uint32_t bytes, uint32_t acc)
{
    return mn_add_four_bytes(bytes ^ (uint32_t)MN_SIGNS, acc);
}

/* Of p->channels runs of `length` bytes; p->start is less 128 for every byte. */
MN_INLINE void mn_mean_of_runs(
    const int fast, const int32_t length, const struct mn_mean *in_flash, const int8_t *input, int8_t *output)
{
    /* Stores could alias the description. */
    const struct mn_mean p = *in_flash;
    for (int32_t run = p.channels; run > 0; run--)
    {
        uint32_t sum = (uint32_t)p.start;
        for (int32_t left = length / 16; left > 0; left--, input += 16)
        {
            uint32_t words[4];
            mn_load_sixteen_bytes(input, words);
            sum = mn_add_word_of_run(words[1], mn_add_word_of_run(words[0], sum));
            sum = mn_add_word_of_run(words[3], mn_add_word_of_run(words[2], sum));
        }
        for (int32_t left = length % 16 / 4; left > 0; left--, input += 4)
        {
            sum = mn_add_word_of_run(mn_load_word(input), sum);
        }
        for (int32_t left = length % 4; left > 0; left--)
        {
            sum += (uint32_t)(*input++ + 128);
        }
        *output++ = mn_scaled_mean(fast, &p, (int32_t)sum);
    }
}

#endif
