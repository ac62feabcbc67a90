/* SPDX-License-Identifier: Apache-2.0 */
/* Bilinear interpolation in 1024ths, rounded half away from zero, of four channels at a time along a row.
 *
 * Input columns are mixed of two rows once each; outputs lie on a line between two of them: `line` is 1024 times the mix on
 * the right and MN_BILINEAR_ROUNDING, `slope` what a 1024th of a column adds. */
#include "bilinear_words.h"
#include "micronets_dsp.h"

enum
{
    WORD = 4,
    /* Of MN_BILINEAR_ROUNDING, in 1024ths rounded down. */
    ROUNDING_OF_MIX = -(1 << 13)
};

/* A row of outputs, of `words` times four channels. */
struct row
{
    const int8_t *upper;
    int8_t *output;
    int32_t channels, words;
    /* From the upper input row to the lower one in bytes, and their factors as int16 pairs. */
    int32_t below;
    uint32_t factors;
    /* From the first input column to the last one in bytes. */
    int32_t reach;
    struct mn_bilinear_walk walk;
};

#if MN_DSP

/* Stack, in bytes from sp: struct row, its addresses moving on by words, and where the input is and ends. */
#define UPPER "#0"
#define OUTPUT "#4"
#define CHANNELS "#8"
#define WORDS "#12"
#define BELOW "#16"
#define FACTORS "#20"
#define REACH "#24"
#define HEAD "#28"
#define FIRST "#32"
#define STEP "#36"
#define TAIL "#40"
#define INPUT "#44"
#define LAST "#48"
#define FRAME "#56"

/* A mix of two inputs of one channel each, ROUNDING taken off, to a slope and the line's new end. */
#define NEXT(line, slope)                                                                                              \
    "sub " #slope ", " #slope ", " #line ", asr #10\n"                                                                 \
    "add " #line ", " #line ", " #slope ", lsl #10\n"

/* r0 to r3: lines; r4 to r7: slopes; r8: place less a whole; r9: output; lr: channels. */
MN_ASSEMBLY void resize_row(const struct row *row __attribute__((unused)))
{
    /* clang-format off */
    __asm volatile("push {r4-r11, lr}\n"
                   "sub sp, " FRAME "\n"
                   "ldm r0!, {r1-r11}\n"
                   "stm sp, {r1-r11}\n"
                   "mov lr, r3\n"
                   "1:\n" /* Four channels, from the column before the first on. */
                   "ldr r10, [sp, " UPPER "]\n"
                   "ldr r9, [sp, " OUTPUT "]\n"
                   "ldr r8, [sp, " FIRST "]\n"
                   "ldr r11, [sp, " REACH "]\n"
                   "ldr r12, [sp, " HEAD "]\n"
                   "cmp r12, #0\n"
                   "ite eq\n"
                   "addeq r11, r11, r10\n"
                   "movne r11, r10\n"
                   "str r11, [sp, " LAST "]\n"
                   "ldr r12, [sp, " BELOW "]\n"
                   "add r8, r8, #1024\n"
                   MN_BILINEAR_ROUNDING_TO(r0)
                   "mov r1, r0\n"
                   "mov r2, r0\n"
                   "mov r3, r0\n"
                   "b 3f\n"
                   "2:\n" /* The next column, if there is one. */
                   "ldr r10, [sp, " INPUT "]\n"
                   "ldr r11, [sp, " LAST "]\n"
                   "ldr r12, [sp, " BELOW "]\n"
                   "cmp r10, r11\n"
                   "beq 5f\n"
                   "add r10, r10, lr\n"
                   "3:\n"
                   "str r10, [sp, " INPUT "]\n"
                   "ldr r12, [r10, r12]\n"
                   "ldr r11, [r10]\n"
                   "sxtb16 r6, r12\n"
                   "sxtb16 r7, r12, ror #8\n"
                   "sxtb16 r4, r11\n"
                   "sxtb16 r5, r11, ror #8\n"
                   "ldr r10, [sp, " FACTORS "]\n"
                   "movw r11, #0xE000\n"
                   "movt r11, #0xFFFF\n"
                   "pkhbt r12, r4, r6, lsl #16\n"
                   "pkhtb r6, r6, r4, asr #16\n"
                   "smlad r4, r12, r10, r11\n"
                   "smlad r6, r6, r10, r11\n"
                   "pkhbt r12, r5, r7, lsl #16\n"
                   "pkhtb r7, r7, r5, asr #16\n"
                   "smlad r5, r12, r10, r11\n"
                   "smlad r7, r7, r10, r11\n"
                   NEXT(r0, r4) NEXT(r1, r5) NEXT(r2, r6) NEXT(r3, r7)
                   "subs r8, r8, #1024\n"
                   "bpl 2b\n"
                   "4:\n" /* Outputs up to the column. */
                   MN_BILINEAR_FOUR
                   "ldr r12, [sp, " STEP "]\n"
                   "str r11, [r9]\n"
                   "add r9, r9, lr\n"
                   "adds r8, r8, r12\n"
                   "bmi 4b\n"
                   "b 2b\n"
                   "5:\n" /* Outputs that are the first column, or the last one. */
                   MN_BILINEAR_ROUND(r10, r0, r11, r2)
                   MN_BILINEAR_ROUND(r11, r1, r12, r3)
                   MN_BILINEAR_MERGE
                   "ldr r4, [sp, " UPPER "]\n"
                   "ldr r5, [sp, " INPUT "]\n"
                   "ldr r6, [sp, " REACH "]\n"
                   "ldr r10, [sp, " TAIL "]\n"
                   "add r6, r6, r4\n"
                   "cmp r5, r6\n"
                   "itt ne\n"
                   "ldrne r10, [sp, " HEAD "]\n"
                   "strne r6, [sp, " LAST "]\n"
                   "cmp r10, #0\n"
                   "beq 7f\n"
                   "6:\n"
                   "str r11, [r9]\n"
                   "add r9, r9, lr\n"
                   "subs r10, r10, #1\n"
                   "bne 6b\n"
                   "7:\n"
                   "cmp r5, r6\n"
                   "bne 2b\n"
                   "ldr r10, [sp, " UPPER "]\n"
                   "ldr r9, [sp, " OUTPUT "]\n"
                   "ldr r8, [sp, " WORDS "]\n"
                   "add r10, r10, #4\n"
                   "add r9, r9, #4\n"
                   "str r10, [sp, " UPPER "]\n"
                   "str r9, [sp, " OUTPUT "]\n"
                   "subs r8, r8, #1\n"
                   "str r8, [sp, " WORDS "]\n"
                   "bne 1b\n"
                   "add sp, " FRAME "\n"
                   "pop {r4-r11, pc}\n");
    /* clang-format on */
}

#else

struct state
{
    int32_t lines[WORD], slopes[WORD];
};

/* Goes on to the column at `input`. */
MN_INLINE void next_column(struct state *s, const struct row *row, const int8_t *input)
{
    const int32_t upper = mn_low(row->factors), lower = mn_high(row->factors);
    for (int32_t i = 0; i < WORD; i++)
    {
        const int32_t mix = input[i] * upper + input[row->below + i] * lower + ROUNDING_OF_MIX;
        s->slopes[i] = mix - (s->lines[i] >> MN_BILINEAR_BITS);
        s->lines[i] = mn_wrap_add(s->lines[i], (int32_t)((uint32_t)s->slopes[i] << MN_BILINEAR_BITS));
    }
}

MN_INLINE void write(const struct state *s, int32_t place, int8_t *output)
{
    for (int32_t i = 0; i < WORD; i++)
    {
        output[i] = mn_bilinear_at(s->lines[i], s->slopes[i], place);
    }
}

static void resize_row(const struct row *row)
{
    const int32_t channels = row->channels;
    for (int32_t word = 0; word < WORD * row->words; word += WORD)
    {
        const int8_t *input = row->upper + word, *const last = input + row->reach;
        int8_t *output = row->output + word;
        struct state s = {
            {MN_BILINEAR_ROUNDING, MN_BILINEAR_ROUNDING, MN_BILINEAR_ROUNDING, MN_BILINEAR_ROUNDING}, {0}};
        next_column(&s, row, input);
        for (int32_t i = 0; i < row->walk.head; i++, output += channels)
        {
            write(&s, 0, output);
        }
        int32_t place = row->walk.first;
        while (input != last)
        {
            input += channels;
            next_column(&s, row, input);
            for (place -= MN_BILINEAR_WHOLE; place < 0; place += row->walk.step, output += channels)
            {
                write(&s, place, output);
            }
        }
        for (int32_t i = 0; i < row->walk.tail; i++, output += channels)
        {
            write(&s, 0, output);
        }
    }
}

#endif

void mn_resize_bilinear_words(const struct mn_bilinear_words *p, const int8_t *input, int8_t *output)
{
    const int32_t channels = p->out.channels, row_bytes = p->in_columns * channels;
    const int32_t out_row_bytes = p->out.columns * channels, rest = channels % WORD;
    struct row row = {
        input, output, channels, 0, 0, 0, row_bytes - channels, p->columns,
    };
    const int16_t *places = p->rows;
    for (int32_t y = 0; y < p->out.rows; y++, places += 3, output += out_row_bytes)
    {
        const int32_t down = places[2];
        const uint32_t upper = (uint32_t)(down - MN_BILINEAR_WHOLE) << MN_BILINEAR_MIX_BITS,
                       lower = (uint32_t)-down << MN_BILINEAR_MIX_BITS;
        row.upper = input + places[0] * row_bytes;
        row.output = output;
        row.words = channels / WORD;
        row.below = (places[1] - places[0]) * row_bytes;
        row.factors = (upper & 0xFFFFU) | lower << 16;
        resize_row(&row);
        if (rest > 0)
        {
            /* Four channels that end with the last one. */
            row.upper += channels - WORD;
            row.output += channels - WORD;
            row.words = 1;
            resize_row(&row);
        }
    }
}
