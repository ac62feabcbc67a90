/* SPDX-License-Identifier: Apache-2.0 */
/* Bilinear interpolation of few channels in 1024ths, rounded half away from zero: rows of inputs are made as long as those of
 * outputs once each, and outputs lie on lines between two of them, four bytes next to each other at a time whatever the
 * channels. */
#include "bilinear_lines.h"
#include "micronets_dsp.h"

enum
{
    WHOLE = MN_BILINEAR_WHOLE,
    MIX = 1 << MN_BILINEAR_MIX_BITS,
    QUAD = 4
};

/* The outputs between two lines of `count` values: those at `place` less a whole and every `step` from there below zero. */
struct between
{
    const int32_t *upper, *lower;
    int8_t *output;
    int32_t count, row_bytes, place, step;
};

/* One channel of a row. */
static void stretch(
    const struct mn_bilinear_walk *walk, int32_t columns, int32_t channels, const int8_t *input, int32_t *line)
{
    const int32_t step = walk->step;
    int32_t place = walk->first, left = -*input * MIX, value = left * WHOLE;
    for (int32_t i = walk->head; i > 0; i--, line += channels)
    {
        *line = value;
    }
    for (; columns > 1; columns--)
    {
        input += channels;
        const int32_t right = -*input * MIX, slope = right - left, slope_step = slope * step;
        value = left * WHOLE + slope * place;
        left = right;
        for (place -= WHOLE; place < 0; place += step, value += slope_step, line += channels)
        {
            *line = value;
        }
    }
    value = left * WHOLE;
    for (int32_t i = walk->tail; i > 0; i--, line += channels)
    {
        *line = value;
    }
}

static void stretch_row(const struct mn_bilinear_lines *p, const int8_t *input, int32_t *line)
{
    const int32_t channels = p->in.channels;
    for (int32_t i = 0; i < channels; i++)
    {
        stretch(&p->columns, p->in.columns, channels, input + i, line + i);
    }
}

/* `count` values of every output row between two lines. */
MN_INLINE void some_between(const struct between *b, int32_t from, int32_t count)
{
    int8_t *output = b->output + from;
    for (int32_t place = b->place; place < 0; place += b->step, output += b->row_bytes)
    {
        for (int32_t i = 0; i < count; i++)
        {
            const int32_t lower = b->lower[from + i], slope = lower - b->upper[from + i];
            const uint32_t end = ((uint32_t)lower << MN_BILINEAR_BITS) + (uint32_t)MN_BILINEAR_ROUNDING;
            output[i] = mn_bilinear_at((int32_t)end, slope, place);
        }
    }
}

#if MN_DSP

/* Stack, in bytes from sp: struct between, its addresses moving on by fours. */
#define UPPER "#0"
#define LOWER "#4"
#define OUTPUT "#8"
#define COUNT "#12"
#define ROW_BYTES "#16"
#define PLACE "#20"
#define STEP "#24"
#define FRAME "#32"

/* clang-format off */
#define END(line) "add " #line ", r10, " #line ", lsl #10\n"
/* clang-format on */

/* Fours of values, one at least. r0 to r3: lines; r4 to r7: slopes; r8: place; r9: output; lr: bytes of a row. */
MN_ASSEMBLY void fours_between(const struct between *b __attribute__((unused)))
{
    /* clang-format off */
    __asm volatile("push {r4-r11, lr}\n"
                   "sub sp, " FRAME "\n"
                   "ldm r0, {r1-r7}\n"
                   "stm sp, {r1-r7}\n"
                   "mov lr, r5\n"
                   "1:\n"
                   "ldr r10, [sp, " UPPER "]\n"
                   "ldr r11, [sp, " LOWER "]\n"
                   "ldr r9, [sp, " OUTPUT "]\n"
                   "ldr r8, [sp, " PLACE "]\n"
                   "ldm r10!, {r4-r7}\n"
                   "ldm r11!, {r0-r3}\n"
                   "add r12, r9, #4\n"
                   "str r10, [sp, " UPPER "]\n"
                   "str r11, [sp, " LOWER "]\n"
                   "str r12, [sp, " OUTPUT "]\n"
                   "sub r4, r0, r4\n"
                   "sub r5, r1, r5\n"
                   "sub r6, r2, r6\n"
                   "sub r7, r3, r7\n"
                   MN_BILINEAR_ROUNDING_TO(r10)
                   END(r0) END(r1) END(r2) END(r3)
                   "2:\n"
                   MN_BILINEAR_FOUR
                   "ldr r12, [sp, " STEP "]\n"
                   "str r11, [r9]\n"
                   "add r9, r9, lr\n"
                   "adds r8, r8, r12\n"
                   "bmi 2b\n"
                   "ldr r8, [sp, " COUNT "]\n"
                   "subs r8, r8, #4\n"
                   "str r8, [sp, " COUNT "]\n"
                   "bgt 1b\n"
                   "add sp, " FRAME "\n"
                   "pop {r4-r11, pc}\n");
    /* clang-format on */
}

#else

static void fours_between(const struct between *b)
{
    for (int32_t i = 0; i < b->count; i += QUAD)
    {
        some_between(b, i, QUAD);
    }
}

#endif

/* Returns the output behind `rows` rows at `place` and every `step` from there, of all between the two lines. */
static int8_t *rows_between(
    const int32_t *upper, const int32_t *lower, int32_t place, int32_t step, int32_t row_bytes, int8_t *output)
{
    struct between b = {upper, lower, output, row_bytes & ~(QUAD - 1), row_bytes, place, step};
    if (place >= 0)
    {
        return output;
    }
    if (b.count > 0)
    {
        fours_between(&b);
    }
    some_between(&b, b.count, row_bytes - b.count);
    return output + (-place + step - 1) / step * row_bytes;
}

void mn_resize_bilinear_lines(const struct mn_bilinear_lines *p, const int8_t *input, int8_t *output, int8_t *scratch)
{
    const int32_t row_bytes = p->out.columns * p->out.channels, step = p->rows.step;
    int32_t *upper = (int32_t *)(void *)scratch, *lower = upper + row_bytes;
    int32_t place = p->rows.first;
    stretch_row(p, input, lower);
    output = rows_between(lower, lower, -p->rows.head, 1, row_bytes, output);
    for (int32_t rows = p->in.rows - 1; rows > 0; rows--)
    {
        int32_t *const above = lower;
        lower = upper;
        upper = above;
        input += p->in.columns * p->in.channels;
        stretch_row(p, input, lower);
        place -= WHOLE;
        if (place < 0)
        {
            output = rows_between(upper, lower, place, step, row_bytes, output);
            place += (-place + step - 1) / step * step;
        }
    }
    rows_between(lower, lower, -p->rows.tail, 1, row_bytes, output);
}
