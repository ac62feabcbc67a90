/* SPDX-License-Identifier: Apache-2.0 */
/* The blocks of strip.c for Armv7E-M in assembly. A pair's lanes are used for all blocks before the next pair's.
 *
 * Registers are those of point_dsp.c: r0-r7 the eight accumulators (p0 b0 p1 b1 ...), r8 lanes, r9 their low bytes, r10
 * and r11 two columns' inputs, r12 walks the strip and lr the lanes; all else lives on the stack. A unit is one word of
 * inputs of six columns c0 to c5 and its three lanes; four of its columns stay in their registers from one lane to the
 * next, so that it takes 11 loads for 48 products. Eight units are unrolled; the first pass over them begins as far in
 * as leaves a multiple of eight, its pointers as far back.
 */
#include "eight_sums.h"
#include "micronets_config.h"
#include "micronets_dsp.h"
#include "strip_blocks.h"

#if MN_DSP

/* The assembly takes its argument from its register. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

#define UNIT_BYTES "#152"
#define LANES(i, lane) "ldr.w r8, [lr, #12 * " #i " + 4 * " #lane "]\n"
#define COLUMN_10(i, c) "ldr.w r10, [r12, #24 * " #i " + 4 * " #c "]\n"
#define COLUMN_11(i, c) "ldr.w r11, [r12, #24 * " #i " + 4 * " #c "]\n"
#define LOW_BYTES "sxtb16 r9, r8\n"
/* Both channels of one pixel, whose accumulators are p and b. */
#define SUM_10(p, b)                                                                                                   \
    "smlad " #p ", r8, r10, " #p "\n"                                                                                  \
    "smlad " #b ", r9, r10, " #b "\n"
#define SUM_11(p, b)                                                                                                   \
    "smlad " #p ", r8, r11, " #p "\n"                                                                                  \
    "smlad " #b ", r9, r11, " #b "\n"
#define ADVANCE                                                                                                        \
    "add r12, r12, #192\n"                                                                                             \
    "add lr, lr, #96\n"

#if MN_DUAL_ISSUE

/* For cores that issue a load beside a multiply: every load stands behind a multiply that does not wait for it. A unit
 * loads the next one's first lane and column, and so reads a word beyond its lanes and its strip. */
/* clang-format off */
#define UNIT(i, next)                                                                                                  \
    "smlad r0, r8, r10, r0\n" COLUMN_11(i, 3) LOW_BYTES "smlad r1, r9, r10, r1\n" COLUMN_10(i, 1)                      \
    SUM_11(r6, r7) COLUMN_11(i, 2) SUM_10(r2, r3)                                                                      \
    "smlad r4, r8, r11, r4\n" LANES(i, 1) "smlad r5, r9, r11, r5\n"                                                    \
    "smlad r0, r8, r10, r0\n" LOW_BYTES "smlad r1, r9, r10, r1\n" COLUMN_10(i, 3)                                      \
    SUM_11(r2, r3) COLUMN_11(i, 4) SUM_10(r4, r5)                                                                      \
    "smlad r6, r8, r11, r6\n" LANES(i, 2) "smlad r7, r9, r11, r7\n"                                                    \
    "smlad r2, r8, r10, r2\n" LOW_BYTES "smlad r3, r9, r10, r3\n" COLUMN_10(i, 2)                                      \
    SUM_11(r4, r5) COLUMN_11(i, 5) SUM_10(r0, r1) COLUMN_10(next, 0)                                                   \
    "smlad r6, r8, r11, r6\n" LANES(next, 0) "smlad r7, r9, r11, r7\n"
/* clang-format on */
/* The first lane and column, which the pointers are back from. */
#define LOAD_AHEAD                                                                                                     \
    "ldr r8, [sp, " LANES_BACK "]\n"                                                                                   \
    "ldr r10, [r12, r8, lsl #1]\n"                                                                                     \
    "ldr r8, [lr, r8]\n"

#else

/* clang-format off */
#define UNIT(i, next)                                                                                                  \
    LANES(i, 0) COLUMN_10(i, 0) COLUMN_11(i, 3) LOW_BYTES SUM_10(r0, r1) SUM_11(r6, r7)                                \
    COLUMN_10(i, 1) COLUMN_11(i, 2) SUM_10(r2, r3) SUM_11(r4, r5)                                                      \
    LANES(i, 1) LOW_BYTES SUM_10(r0, r1) SUM_11(r2, r3)                                                                \
    COLUMN_10(i, 3) COLUMN_11(i, 4) SUM_10(r4, r5) SUM_11(r6, r7)                                                      \
    LANES(i, 2) LOW_BYTES SUM_10(r2, r3) SUM_11(r4, r5)                                                                \
    COLUMN_10(i, 2) COLUMN_11(i, 5) SUM_10(r0, r1) SUM_11(r6, r7)
/* clang-format on */
#define LOAD_AHEAD

#endif

#define PASS UNIT(0, 1) UNIT(1, 2) UNIT(2, 3) UNIT(3, 4) UNIT(4, 5) UNIT(5, 6) UNIT(6, 7) UNIT(7, 8) ADVANCE

/* Stack, in bytes from sp: what holds for all pairs, for a pair, for a strip and for a block. */
#define FIRST_COLUMN "#0"
#define FIRST_END "#4"
#define ROW_BYTES "#8"
#define OUT_ROW_BYTES "#12"
#define ENTRY "#16"
#define LANES_BACK "#20"
#define WORDS "#24"
#define COPY "#28"
#define OUTPUT "#32"
#define OUTPUT_END "#36"
#define CHANNELS "#40"
#define ROWS "#44"
#define STRIPS "#48"
#define ROUNDED "#52"
#define STREAM "#56"
#define PAIR_LANES "#60"
#define STRIPS_LEFT "#64"
#define STRIP_PIXEL "#68"
#define ROWS_LEFT "#72"
#define COLUMN "#76"
#define COLUMN_END "#80"
#define PIXEL "#84"
#define START_P "#88"
#define START_B "#92"
#define SCALE_0 "#96"
#define SCALE_1 "#100"
#define SCALE_2 "#104"
#define SCALE_3 "#108"
#define SCALE_4 "#112"
#define SCALE_5 "#116"
#define FRAME "#120"

__attribute__((naked)) const int32_t *mn_strip_blocks(const struct mn_strip_blocks *blocks)
{
    /* clang-format off */
    __asm volatile("push {r4-r11, lr}\n"
                   "sub sp, " FRAME "\n"
                   "mov r12, r0\n"
                   "ldm r0, {r0-r7}\n"
                   "str r2, [sp, " ROWS "]\n"
                   "str r3, [sp, " OUTPUT "]\n"
                   "str r4, [sp, " CHANNELS "]\n"
                   "str r6, [sp, " COPY "]\n"
                   "add r7, r7, r3\n"
                   "str r7, [sp, " OUTPUT_END "]\n"
                   "add r7, r1, r1, lsl #1\n"
                   "str r7, [sp, " WORDS "]\n"
                   "lsl r8, r1, #3\n"
                   "str r8, [sp, " ROW_BYTES "]\n"
                   "add r9, r0, r7, lsl #3\n"
                   "str r9, [sp, " FIRST_END "]\n"
                   "ldr r8, [r12, #32]\n"
                   "ldr r9, [r12, #36]\n"
                   "ldr r10, [r12, #40]\n"
                   "str r8, [sp, " OUT_ROW_BYTES "]\n"
                   "str r9, [sp, " STRIPS "]\n"
                   "str r10, [sp, " ROUNDED "]\n"
                   /* r1 units are left out of the first pass. */
                   "rsbs r1, r1, #0\n"
                   "and r1, r1, #7\n"
                   "add r2, r1, r1, lsl #1\n"
                   "sub r0, r0, r2, lsl #3\n"
                   "str r0, [sp, " FIRST_COLUMN "]\n"
                   "lsl r9, r2, #2\n"
                   "str r9, [sp, " LANES_BACK "]\n"
                   "movs r3, " UNIT_BYTES "\n"
                   "adr.w r4, 2f\n"
                   "mla r4, r1, r3, r4\n"
                   "orr r4, r4, #1\n"
                   "str r4, [sp, " ENTRY "]\n"
                   "1:\n"
                   "ldm r5!, {r0, r1}\n"
                   "ldr r2, [sp, " WORDS "]\n"
                   "ldr r6, [sp, " COPY "]\n"
                   "str r0, [sp, " START_P "]\n"
                   "str r1, [sp, " START_B "]\n"
                   "mov lr, r5\n"
                   "cmp r6, #0\n"
                   "itt eq\n"
                   "addeq r5, r5, r2, lsl #2\n"
                   "beq 6f\n"
                   "mov lr, r6\n"
                   "subs r2, r2, #8\n"
                   "4:\n"
                   "ldm r5!, {r0, r1, r3, r4, r8-r11}\n"
                   "subs r2, r2, #8\n"
                   "stm r6!, {r0, r1, r3, r4, r8-r11}\n"
                   "bge 4b\n"
                   "adds r2, r2, #8\n"
                   "beq 6f\n"
                   "3:\n"
                   "ldm r5!, {r0, r1}\n"
                   "subs r2, r2, #2\n"
                   "stm r6!, {r0, r1}\n"
                   "bne 3b\n"
                   "6:\n"
                   "ldr r6, [sp, " ROUNDED "]\n"
                   "ldm r5!, {r0, r1, r2}\n"
                   "str r0, [sp, " SCALE_0 "]\n"
                   "str r1, [sp, " SCALE_1 "]\n"
                   "cbz r6, 12f\n"
                   /* The two constants, then both shifts in one word. */
                   "ldm r5!, {r3, r4}\n"
                   "str r2, [sp, " SCALE_4 "]\n"
                   "str r3, [sp, " SCALE_5 "]\n"
                   "mov r2, r4\n"
                   "12:\n"
                   "asr r3, r2, #16\n"
                   "sxth r2, r2\n"
                   "str r2, [sp, " SCALE_2 "]\n"
                   "str r3, [sp, " SCALE_3 "]\n"
                   "str r5, [sp, " STREAM "]\n"
                   "ldr r0, [sp, " LANES_BACK "]\n"
                   "ldr r1, [sp, " FIRST_COLUMN "]\n"
                   "ldr r2, [sp, " FIRST_END "]\n"
                   "ldr r3, [sp, " OUTPUT "]\n"
                   "ldr r4, [sp, " STRIPS "]\n"
                   "sub lr, lr, r0\n"
                   "str lr, [sp, " PAIR_LANES "]\n"
                   "str r1, [sp, " COLUMN "]\n"
                   "str r2, [sp, " COLUMN_END "]\n"
                   "str r3, [sp, " STRIP_PIXEL "]\n"
                   "str r4, [sp, " STRIPS_LEFT "]\n"
                   "8:\n"
                   "ldr r0, [sp, " ROWS "]\n"
                   "ldr r1, [sp, " STRIP_PIXEL "]\n"
                   "str r0, [sp, " ROWS_LEFT "]\n"
                   "str r1, [sp, " PIXEL "]\n"
                   "7:\n"
                   "ldr r0, [sp, " START_P "]\n"
                   "ldr r1, [sp, " START_B "]\n"
                   "ldr r12, [sp, " COLUMN "]\n"
                   "ldr r11, [sp, " ENTRY "]\n"
                   "ldr lr, [sp, " PAIR_LANES "]\n"
                   "mov r2, r0\n"
                   "mov r4, r0\n"
                   "mov r6, r0\n"
                   "mov r3, r1\n"
                   "mov r5, r1\n"
                   "mov r7, r1\n" LOAD_AHEAD
                   "bx r11\n"
                   ".balign 4\n"
                   "2:\n" PASS
                   "ldr r9, [sp, " COLUMN_END "]\n"
                   "cmp r12, r9\n"
                   "bne.w 2b\n"
                   "sub r0, r0, r1\n"
                   "sub r2, r2, r3\n"
                   "sub r4, r4, r5\n"
                   "sub r6, r6, r7\n"
                   "ldr r11, [sp, " ROUNDED "]\n"
                   "ldr r8, [sp, " SCALE_0 "]\n"
                   "ldr r10, [sp, " SCALE_2 "]\n"
                   "cmp r11, #0\n"
                   "bne.w 9f\n"
                   "asr r0, r0, #8\n"
                   "asr r2, r2, #8\n"
                   "asr r4, r4, #8\n"
                   "asr r6, r6, #8\n"
                   "ldr r9, [sp, " SCALE_1 "]\n"
                   "ldr lr, [sp, " SCALE_3 "]\n"
                   "ldr r12, [sp, " PIXEL "]\n"
                   "ldr r11, [sp, " CHANNELS "]\n"
                   SCALE_SUMS FOR_ALL_SUMS(TO_BYTE)
                   "10:\n"
                   "add r8, r12, r11\n"
                   "add r9, r8, r11\n"
                   "add r10, r9, r11\n"
                   "strb r0, [r12]\n"
                   "strb r1, [r12, #1]\n"
                   "strb r2, [r8]\n"
                   "strb r3, [r8, #1]\n"
                   "strb r4, [r9]\n"
                   "strb r5, [r9, #1]\n"
                   "strb r6, [r10]\n"
                   "strb r7, [r10, #1]\n"
                   "ldr r0, [sp, " ROW_BYTES "]\n"
                   "ldr r1, [sp, " COLUMN "]\n"
                   "ldr r2, [sp, " COLUMN_END "]\n"
                   "ldr r3, [sp, " OUT_ROW_BYTES "]\n"
                   "ldr r4, [sp, " ROWS_LEFT "]\n"
                   "add r1, r1, r0\n"
                   "add r2, r2, r0\n"
                   "add r12, r12, r3\n"
                   "subs r4, r4, #1\n"
                   "str r1, [sp, " COLUMN "]\n"
                   "str r2, [sp, " COLUMN_END "]\n"
                   "str r12, [sp, " PIXEL "]\n"
                   "str r4, [sp, " ROWS_LEFT "]\n"
                   "bne.w 7b\n"
                   /* The next strip begins behind the two rows below this one's last. */
                   "ldr r3, [sp, " STRIP_PIXEL "]\n"
                   "ldr r4, [sp, " STRIPS_LEFT "]\n"
                   "add r1, r1, r0, lsl #1\n"
                   "add r2, r2, r0, lsl #1\n"
                   "add r3, r3, r11, lsl #2\n"
                   "subs r4, r4, #1\n"
                   "str r1, [sp, " COLUMN "]\n"
                   "str r2, [sp, " COLUMN_END "]\n"
                   "str r3, [sp, " STRIP_PIXEL "]\n"
                   "str r4, [sp, " STRIPS_LEFT "]\n"
                   "bne.w 8b\n"
                   "ldr r0, [sp, " OUTPUT "]\n"
                   "ldr r1, [sp, " OUTPUT_END "]\n"
                   "ldr r5, [sp, " STREAM "]\n"
                   "adds r0, r0, #2\n"
                   "str r0, [sp, " OUTPUT "]\n"
                   "cmp r0, r1\n"
                   "bne.w 1b\n"
                   "mov r0, r5\n"
                   "add sp, " FRAME "\n"
                   "pop {r4-r11, pc}\n"
                   "9:\n"
                   "ldr r9, [sp, " SCALE_4 "]\n"
                   "asr r0, r0, #7\n"
                   "asr r2, r2, #7\n"
                   "asr r4, r4, #7\n"
                   "asr r6, r6, #7\n"
                   ROUND_DOUBLED_SUM("r0") ROUND_DOUBLED_SUM("r2") ROUND_DOUBLED_SUM("r4") ROUND_DOUBLED_SUM("r6")
                   "ldr r8, [sp, " SCALE_1 "]\n"
                   "ldr r9, [sp, " SCALE_5 "]\n"
                   "ldr r10, [sp, " SCALE_3 "]\n"
                   ROUND_SUM("r1") ROUND_SUM("r3") ROUND_SUM("r5") ROUND_SUM("r7")
                   "ldr r12, [sp, " PIXEL "]\n"
                   "ldr r11, [sp, " CHANNELS "]\n"
                   "b.w 10b\n");
    /* clang-format on */
}

#endif
