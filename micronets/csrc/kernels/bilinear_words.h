/* SPDX-License-Identifier: Apache-2.0 */
/* See bilinear_words.c. */
#ifndef MICRONETS_BILINEAR_WORDS_H
#define MICRONETS_BILINEAR_WORDS_H

#include "micronets_kernels.h"

/* Of every output row its two input rows and how many 1024ths of the way from the first to the second. Of the output
 * columns, `head` ones are the first input column, the others lie every `step` 1024ths from `first` on, and the last `tail`
 * ones are the last input column. At least four channels. */
struct mn_bilinear_words
{
    struct mn_shape out;
    int32_t in_columns;
    int32_t head, first, step, tail;
    const int16_t *rows;
};

void mn_resize_bilinear_words(const struct mn_bilinear_words *p, const int8_t *input, int8_t *output);

#endif
