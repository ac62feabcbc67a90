/* SPDX-License-Identifier: Apache-2.0 */
/* See pool_2x2.c; clamped: to [low, high], the others to int8. */
#ifndef MICRONETS_POOL_2X2_H
#define MICRONETS_POOL_2X2_H

#include "micronets_kernels.h"

void mn_average_pool_2x2(const struct mn_pool *p, const int8_t *input, int8_t *output);
void mn_average_pool_2x2_clamped(const struct mn_pool *p, const int8_t *input, int8_t *output);
void mn_max_pool_2x2(const struct mn_pool *p, const int8_t *input, int8_t *output);
void mn_max_pool_2x2_clamped(const struct mn_pool *p, const int8_t *input, int8_t *output);

#endif
