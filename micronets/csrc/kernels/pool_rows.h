/* SPDX-License-Identifier: Apache-2.0 */
/* Maximum over windows of any kind, first down and then across; see pool_rows.c. */
#ifndef MICRONETS_POOL_ROWS_H
#define MICRONETS_POOL_ROWS_H

#include "micronets_kernels.h"

/* Scratch: the columns that windows reach, those outside of the input as well; twice as much for less than four channels
 * and a stride across above 1. */
void mn_max_pool_rows(const struct mn_pool *p, const int8_t *input, int8_t *output, int8_t *scratch);

#endif
