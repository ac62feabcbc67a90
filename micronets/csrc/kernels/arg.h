/* SPDX-License-Identifier: Apache-2.0 */
/* Where the largest or the smallest value along a side is. */
#ifndef MICRONETS_ARG_H
#define MICRONETS_ARG_H

#include <stdint.h>

/* The input is [outer][count][inner], the output int32 [outer][inner]; the first of equal values counts. */
struct mn_arg
{
    int32_t outer, count, inner;
};

void mn_arg_max(const struct mn_arg *p, const int8_t *input, int8_t *output);
void mn_arg_min(const struct mn_arg *p, const int8_t *input, int8_t *output);

#endif
