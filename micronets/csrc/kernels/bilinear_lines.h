/* SPDX-License-Identifier: Apache-2.0 */
/* See bilinear_lines.c. */
#ifndef MICRONETS_BILINEAR_LINES_H
#define MICRONETS_BILINEAR_LINES_H

#include "bilinear_walk.h"
#include "micronets_kernels.h"

struct mn_bilinear_lines
{
    struct mn_shape in, out;
    struct mn_bilinear_walk rows, columns;
};

/* Scratch: eight bytes for every output of a row, word-aligned. */
void mn_resize_bilinear_lines(const struct mn_bilinear_lines *p, const int8_t *input, int8_t *output, int8_t *scratch);

#endif
