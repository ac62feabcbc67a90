/* SPDX-License-Identifier: Apache-2.0 */
/* A part of a tensor written over. */
#ifndef MICRONETS_UPDATE_H
#define MICRONETS_UPDATE_H

#include <stdint.h>

enum
{
    MN_UPDATE_SIDES = 6
};

/* The last `sides` of MN_UPDATE_SIDES count; those before them are 1. */
struct mn_update
{
    int32_t sides, whole[MN_UPDATE_SIDES], part[MN_UPDATE_SIDES];
    int32_t item_bytes;
};

/* `begin` holds an int32 for each side, and is moved so that the part lies inside; `output` may be `whole`. */
void mn_update(const struct mn_update *p, const int8_t *whole, const int8_t *part, const int8_t *begin, int8_t *output);

#endif
