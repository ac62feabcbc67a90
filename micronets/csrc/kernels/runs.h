/* SPDX-License-Identifier: Apache-2.0 */
/* See runs.c. */
#ifndef MICRONETS_RUNS_H
#define MICRONETS_RUNS_H

#include "micronets_kernels.h"

/* Of as many channels as the input has. */
void mn_pad_runs(const struct mn_pad *p, const int8_t *input, int8_t *output);
void mn_copy_runs(const struct mn_copy *p, const int8_t *input, int8_t *output);

#endif
