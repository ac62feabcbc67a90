/* SPDX-License-Identifier: Apache-2.0 */
/* Average and maximum of int16 over windows, and sums along a side. */
#ifndef MICRONETS_INT16_POOL_H
#define MICRONETS_INT16_POOL_H

#include "micronets_kernels.h"
#include "reduce.h"

void mn_int16_average_pool(const struct mn_pool *p, const int8_t *input, int8_t *output);
void mn_int16_max_pool(const struct mn_pool *p, const int8_t *input, int8_t *output);
void mn_int16_reduce_sum(const struct mn_reduce *p, const int8_t *input, int8_t *output);

#endif
