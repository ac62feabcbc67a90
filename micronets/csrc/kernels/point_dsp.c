/* SPDX-License-Identifier: Apache-2.0 */
/* The point block of Armv7E-M in assembly: pairs of output channels over columns of four pixels (layouts:
 * point_block.h). A pair's lanes are used for all columns before the next pair's.
 *
 * r0-r7 hold the eight accumulators (p0 b0 p1 b1 ...), r8 lanes, r9 their low bytes, r10 and r11 two pixels' inputs, r12
 * walks the column and lr the lanes; all else lives on the stack. Sixteen steps are unrolled, or 32; the first pass over
 * them begins as far in as leaves a multiple of that. On a Cortex-M4 a load begins while the one before it ends, but for
 * certain only where that one leaves its base register as it is: pointers move once per pass, and the first pass has
 * them as far back as the steps that it leaves out.
 */
#include "eight_sums.h"
#include "micronets_config.h"
#include "micronets_dsp.h"
#include "point_dsp.h"
#include "point_steps.h"

#if MN_DSP

/* The assembly takes its arguments from their registers. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

/* Stack, in bytes from sp: what holds for all pairs, for a pair, and for a column of it. */
#define FIRST_COLUMN "#0"
#define FIRST_END "#4"
#define LAST_END "#8"
#define COLUMN_BYTES "#12"
#define ENTRY "#16"
#define LANES_BACK "#20"
#define WORDS "#24"
#define COPY "#28"
#define OUTPUT "#32"
#define OUTPUT_END "#36"
#define PIXEL_BYTES "#40"
#define STREAM "#44"
#define LANES "#48"
#define COLUMN "#52"
#define COLUMN_END "#56"
#define PIXEL "#60"
#define START_P "#64"
#define START_B "#68"
#define SCALE_0 "#72"
#define SCALE_1 "#76"
#define SCALE_2 "#80"
#define SCALE_3 "#84"
#define SCALE_4 "#88"
#define SCALE_5 "#92"
#define FRAME "#96"

/* Argument: r0 the struct. Ends behind a pair's lanes, r5 there, too. */
#define BEGIN_PAIR                                                                                                     \
    "push {r4-r11, lr}\n"                                                                                              \
    "sub sp, " FRAME "\n"                                                                                              \
    "ldr r8, [r0, #32]\n"                                                                                              \
    "ldm r0, {r0-r7}\n"                                                                                                \
    "str r1, [sp, " WORDS "]\n"                                                                                        \
    "str r3, [sp, " OUTPUT "]\n"                                                                                       \
    "str r4, [sp, " PIXEL_BYTES "]\n"                                                                                  \
    "str r6, [sp, " COPY "]\n"                                                                                         \
    "add r4, r3, r7\n"                                                                                                 \
    "str r4, [sp, " OUTPUT_END "]\n"                                                                                   \
    "str r8, [sp, " COLUMN_BYTES "]\n"                                                                                 \
    "add r9, r0, r1, lsl #4\n" END_AHEAD "str r9, [sp, " FIRST_END "]\n"                                               \
    "mla r9, r2, r8, r9\n"                                                                                             \
    "str r9, [sp, " LAST_END "]\n"                                                                                     \
    "rsbs r1, r1, #0\n"                                                                                                \
    "and r1, r1, " LAST_STEP "\n" MOVE_BACK "str r0, [sp, " FIRST_COLUMN "]\n"                                         \
    "str r9, [sp, " LANES_BACK "]\n"                                                                                   \
    "movs r3, " STEP_BYTES "\n"                                                                                        \
    "adr.w r4, 2f + 1\n"                                                                                               \
    "mla r4, r1, r3, r4\n"                                                                                             \
    "str r4, [sp, " ENTRY "]\n"                                                                                        \
    "1:\n"                                                                                                             \
    "ldm r5!, {r0, r1}\n"                                                                                              \
    "ldr r2, [sp, " WORDS "]\n"                                                                                        \
    "ldr r6, [sp, " COPY "]\n"                                                                                         \
    "str r0, [sp, " START_P "]\n"                                                                                      \
    "str r1, [sp, " START_B "]\n"                                                                                      \
    "mov lr, r5\n"                                                                                                     \
    "cmp r6, #0\n"                                                                                                     \
    "itt eq\n"                                                                                                         \
    "addeq r5, r5, r2, lsl #2\n"                                                                                       \
    "beq 6f\n"                                                                                                         \
    "mov lr, r6\n"                                                                                                     \
    "subs r2, r2, #8\n"                                                                                                \
    "blt 5f\n"                                                                                                         \
    "4:\n"                                                                                                             \
    "ldm r5!, {r0, r1, r3, r4, r8-r11}\n"                                                                              \
    "subs r2, r2, #8\n"                                                                                                \
    "stm r6!, {r0, r1, r3, r4, r8-r11}\n"                                                                              \
    "bge 4b\n"                                                                                                         \
    "5:\n"                                                                                                             \
    "adds r2, r2, #8\n"                                                                                                \
    "beq 6f\n"                                                                                                         \
    "3:\n"                                                                                                             \
    "ldm r5!, {r0, r1}\n"                                                                                              \
    "subs r2, r2, #2\n"                                                                                                \
    "stm r6!, {r0, r1}\n"                                                                                              \
    "bne 3b\n"                                                                                                         \
    "6:\n"                                                                                                             \
    "ldr r0, [sp, " LANES_BACK "]\n"                                                                                   \
    "ldr r1, [sp, " FIRST_COLUMN "]\n"                                                                                 \
    "ldr r2, [sp, " FIRST_END "]\n"                                                                                    \
    "ldr r3, [sp, " OUTPUT "]\n"                                                                                       \
    "sub lr, lr, r0\n"                                                                                                 \
    "str lr, [sp, " LANES "]\n"                                                                                        \
    "str r1, [sp, " COLUMN "]\n"                                                                                       \
    "str r2, [sp, " COLUMN_END "]\n"                                                                                   \
    "str r3, [sp, " PIXEL "]\n"

/* Sums of four pixels for the pair: acc_a in even registers from r0 on, doubled where `bits` is 7 instead of 8, acc_b in
 * odd ones. */
#define SUM_COLUMN(bits)                                                                                               \
    "7:\n"                                                                                                             \
    "ldr r0, [sp, " START_P "]\n"                                                                                      \
    "ldr r1, [sp, " START_B "]\n"                                                                                      \
    "ldr r12, [sp, " COLUMN "]\n"                                                                                      \
    "ldr r11, [sp, " ENTRY "]\n"                                                                                       \
    "ldr lr, [sp, " LANES "]\n"                                                                                        \
    "mov r2, r0\n"                                                                                                     \
    "mov r4, r0\n"                                                                                                     \
    "mov r6, r0\n"                                                                                                     \
    "mov r3, r1\n"                                                                                                     \
    "mov r5, r1\n"                                                                                                     \
    "mov r7, r1\n" LOAD_AHEAD "bx r11\n"                                                                               \
    ".balign 4\n"                                                                                                      \
    "2:\n" PASS "ldr r11, [sp, " COLUMN_END "]\n"                                                                      \
    "cmp r12, r11\n"                                                                                                   \
    "bne.w 2b\n"                                                                                                       \
    "sub r0, r0, r1\n"                                                                                                 \
    "sub r2, r2, r3\n"                                                                                                 \
    "sub r4, r4, r5\n"                                                                                                 \
    "sub r6, r6, r7\n"                                                                                                 \
    "asr r0, r0, #" #bits "\n"                                                                                         \
    "asr r2, r2, #" #bits "\n"                                                                                         \
    "asr r4, r4, #" #bits "\n"                                                                                         \
    "asr r6, r6, #" #bits "\n"

/* Stores the four pixels' outputs from r0-r7 and goes on with the next column, then the next pair. r12 holds the first
 * pixel's place and r11 the bytes to the next one. */
#define STORE_AND_GO_ON                                                                                                \
    "add r8, r12, r11\n"                                                                                               \
    "add r9, r8, r11\n"                                                                                                \
    "add r10, r9, r11\n"                                                                                               \
    "strb r0, [r12]\n"                                                                                                 \
    "strb r1, [r12, #1]\n"                                                                                             \
    "strb r2, [r8]\n"                                                                                                  \
    "strb r3, [r8, #1]\n"                                                                                              \
    "strb r4, [r9]\n"                                                                                                  \
    "strb r5, [r9, #1]\n"                                                                                              \
    "strb r6, [r10]\n"                                                                                                 \
    "strb r7, [r10, #1]\n"                                                                                             \
    "add r10, r10, r11\n"                                                                                              \
    "ldr r0, [sp, " COLUMN_BYTES "]\n"                                                                                 \
    "ldr r1, [sp, " COLUMN "]\n"                                                                                       \
    "ldr r2, [sp, " COLUMN_END "]\n"                                                                                   \
    "ldr r3, [sp, " LAST_END "]\n"                                                                                     \
    "str r10, [sp, " PIXEL "]\n"                                                                                       \
    "add r1, r1, r0\n"                                                                                                 \
    "add r2, r2, r0\n"                                                                                                 \
    "str r1, [sp, " COLUMN "]\n"                                                                                       \
    "str r2, [sp, " COLUMN_END "]\n"                                                                                   \
    "cmp r2, r3\n"                                                                                                     \
    "bne.w 7b\n"                                                                                                       \
    "ldr r0, [sp, " OUTPUT "]\n"                                                                                       \
    "ldr r1, [sp, " OUTPUT_END "]\n"                                                                                   \
    "ldr r5, [sp, " STREAM "]\n"                                                                                       \
    "adds r0, r0, #2\n"                                                                                                \
    "str r0, [sp, " OUTPUT "]\n"                                                                                       \
    "cmp r0, r1\n"                                                                                                     \
    "bne.w 1b\n"                                                                                                       \
    "mov r0, r5\n"                                                                                                     \
    "add sp, " FRAME "\n"                                                                                              \
    "pop {r4-r11, pc}\n"

__attribute__((naked)) const int32_t *mn_blocks_fast(const struct mn_blocks *blocks)
{
    /* clang-format off */
    __asm volatile(BEGIN_PAIR
                   "ldm r5!, {r0, r1, r2}\n"
                   "str r5, [sp, " STREAM "]\n"
                   "asr r3, r2, #16\n"
                   "sxth r2, r2\n"
                   "str r0, [sp, " SCALE_0 "]\n"
                   "str r1, [sp, " SCALE_1 "]\n"
                   "str r2, [sp, " SCALE_2 "]\n"
                   "str r3, [sp, " SCALE_3 "]\n"
                   SUM_COLUMN(8)
                   "ldr r8, [sp, " SCALE_0 "]\n"
                   "ldr r9, [sp, " SCALE_1 "]\n"
                   "ldr r10, [sp, " SCALE_2 "]\n"
                   "ldr lr, [sp, " SCALE_3 "]\n"
                   "ldr r12, [sp, " PIXEL "]\n"
                   "ldr r11, [sp, " PIXEL_BYTES "]\n"
                   SCALE_SUMS FOR_ALL_SUMS(TO_BYTE)
                   STORE_AND_GO_ON);
    /* clang-format on */
}

__attribute__((naked)) const int32_t *mn_blocks_rounded(const struct mn_blocks *blocks)
{
    /* clang-format off */
    __asm volatile(BEGIN_PAIR
                   "ldm r5!, {r0-r4}\n"
                   "str r5, [sp, " STREAM "]\n"
                   "asr r5, r4, #16\n"
                   "sxth r4, r4\n"
                   "str r0, [sp, " SCALE_0 "]\n"
                   "str r1, [sp, " SCALE_1 "]\n"
                   "str r2, [sp, " SCALE_2 "]\n"
                   "str r3, [sp, " SCALE_3 "]\n"
                   "str r4, [sp, " SCALE_4 "]\n"
                   "str r5, [sp, " SCALE_5 "]\n"
                   SUM_COLUMN(7)
                   "ldr r8, [sp, " SCALE_0 "]\n"
                   "ldr r9, [sp, " SCALE_2 "]\n"
                   "ldr r10, [sp, " SCALE_4 "]\n"
                   ROUND_DOUBLED_SUM("r0") ROUND_DOUBLED_SUM("r2") ROUND_DOUBLED_SUM("r4") ROUND_DOUBLED_SUM("r6")
                   "ldr r8, [sp, " SCALE_1 "]\n"
                   "ldr r9, [sp, " SCALE_3 "]\n"
                   "ldr r10, [sp, " SCALE_5 "]\n"
                   ROUND_SUM("r1") ROUND_SUM("r3") ROUND_SUM("r5") ROUND_SUM("r7")
                   "ldr r12, [sp, " PIXEL "]\n"
                   "ldr r11, [sp, " PIXEL_BYTES "]\n"
                   STORE_AND_GO_ON);
    /* clang-format on */
}

#endif
