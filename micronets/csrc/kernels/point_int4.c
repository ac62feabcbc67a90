/* SPDX-License-Identifier: Apache-2.0 */
/* 4-bit weights over columns of pixels, a copy of each form (layouts: point_int4.h). */
#include "point_int4.h"
#include "bytes.h"
#include "micronets_config.h"
#include "small.h"

#if MN_DSP

#if MN_INT4_CLAMPED

static void clamp(int32_t least, int32_t most, int32_t count, int8_t *values)
{
    const uint32_t low = mn_four_times(least), high = mn_four_times(most);
    for (; count >= 4; count -= 4, values += 4)
    {
        mn_store_word(values, mn_min_bytes(mn_max_bytes(mn_load_word(values), low), high));
    }
    for (; count > 0; count--, values++)
    {
        *values = (int8_t)mn_clamp(*values, least, most);
    }
}

#endif

MN_SMALL void mn_column_of_int4(
    enum mn_form form, int clamped, const struct mn_point *p, const uint32_t *columns, int32_t pixels, int32_t *pair,
    int8_t *output)
{
    const int32_t channels = p->channels, is_shifted = form == MN_SHIFTED;
    const int32_t made = form == MN_FAST ? MN_INT4_BYTES : is_shifted ? MN_INT4_SHIFTED : MN_INT4_ROUNDED;
    struct mn_int4_blocks call = {
        columns,   p->words, pixels, output, channels,
        p->stream, pair,     2,      made,   is_shifted ? p->zero_point : 2 * p->zero_point + 1};
    if (channels & 1)
    {
        call.stream = mn_int4_blocks(&call);
        call.output++;
    }
    call.channels = channels & ~1;
    (void)mn_int4_blocks(&call);
#if MN_INT4_CLAMPED
    if (clamped && (p->low > INT8_MIN || p->high < INT8_MAX))
    {
        clamp(p->low, p->high, pixels * channels, output);
    }
#else
    (void)clamped;
#endif
}

#else

void mn_column_int4_fast(
    const struct mn_point *p, const uint32_t *columns, int32_t pixels, int32_t *pair, int8_t *output)
{
    mn_column_int4(MN_FAST, 0, 0, p, columns, pixels, pair, output);
}

void mn_column_int4_shifted(
    const struct mn_point *p, const uint32_t *columns, int32_t pixels, int32_t *pair, int8_t *output)
{
    mn_column_int4(MN_SHIFTED, 0, 0, p, columns, pixels, pair, output);
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

#endif
