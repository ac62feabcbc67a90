/* SPDX-License-Identifier: Apache-2.0 */
/* Padding of int16 or int32 with any value. */
#ifndef MICRONETS_PAD_ITEMS_H
#define MICRONETS_PAD_ITEMS_H

#include "micronets_kernels.h"

/* As mn_pad, with sides and `zero_point` in items of 2 or 4 bytes. */
void mn_pad_items(const struct mn_pad *p, int32_t item_bytes, const int8_t *input, int8_t *output);

#endif
