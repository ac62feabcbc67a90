/* SPDX-License-Identifier: Apache-2.0 */
/* 4-bit weights over columns of pixels, a copy of each form (layouts: point_int4.h). */
#include "point_int4.h"

void mn_column_int4_fast(
    const struct mn_point *p, const uint32_t *columns, int32_t pixels, int32_t *pair, int8_t *output)
{
    mn_column_int4(MN_FAST, 0, 0, p, columns, pixels, pair, output);
}

void mn_column_int4_rounded(
    const struct mn_point *p, const uint32_t *columns, int32_t pixels, int32_t *pair, int8_t *output)
{
    mn_column_int4(MN_ROUNDED, 0, 0, p, columns, pixels, pair, output);
}

void mn_column_int4_clamped(
    const struct mn_point *p, const uint32_t *columns, int32_t pixels, int32_t *pair, int8_t *output)
{
    mn_column_int4(MN_ROUNDED, 1, 0, p, columns, pixels, pair, output);
}

void mn_column_int4_general(
    const struct mn_point *p, const uint32_t *columns, int32_t pixels, int32_t *pair, int8_t *output)
{
    mn_column_int4(MN_GENERAL, 1, 0, p, columns, pixels, pair, output);
}
