/* SPDX-License-Identifier: Apache-2.0 */
/* See bilinear_words.c. */
#ifndef MICRONETS_BILINEAR_WORDS_H
#define MICRONETS_BILINEAR_WORDS_H

#include "bilinear_walk.h"
#include "micronets_kernels.h"

/* Of every output row its two input rows and how many 1024ths of the way from the first to the second. At least four
 * channels. */
struct mn_bilinear_words
{
    struct mn_shape out;
    int32_t in_columns;
    struct mn_bilinear_walk columns;
    const int16_t *rows;
};

void mn_resize_bilinear_words(const struct mn_bilinear_words *p, const int8_t *input, int8_t *output);

#endif
