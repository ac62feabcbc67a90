/* SPDX-License-Identifier: Apache-2.0 */
/* See pool_3x3.c; clamped: to [low, high], the other one to int8. */
#ifndef MICRONETS_POOL_3X3_H
#define MICRONETS_POOL_3X3_H

#include "micronets_kernels.h"

void mn_max_pool_3x3(const struct mn_pool *p, const int8_t *input, int8_t *output);
void mn_max_pool_3x3_clamped(const struct mn_pool *p, const int8_t *input, int8_t *output);

#endif
