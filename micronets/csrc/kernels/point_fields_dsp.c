/* SPDX-License-Identifier: Apache-2.0 */
/* The block of point_fields.h in the assembly of Armv7E-M: four output channels of columns of four pixels.
 *
 * r0-r3 hold the first pair's accumulators of four pixels and r4-r7 the second one's, r8 and r9 their lanes, r10 and r11 two
 * pixels' inputs, r12 walks the column and lr the lanes. Loads and the first pass are as in point_dsp.c.
 */
#include "micronets_config.h"
#include "micronets_dsp.h"
#include "point_fields.h"

#if MN_DSP

/* The assembly takes its arguments from their registers. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

#define MASK(first, second)                                                                                            \
    "and " second ", r3, " first ", ror #8\n"                                                                          \
    "and " first ", " first ", r3\n"
#define CENTRE(lanes) "ssub16 " lanes ", " lanes ", r12\n"

__attribute__((naked)) const int32_t *mn_unpack_fields(const int32_t *nibbles, uint32_t *lanes, int32_t words)
{
    /* clang-format off */
    __asm volatile("push {r4-r11}\n"
                   "movw r3, #0xF00F\n"
                   "movt r3, #0xF00F\n"
                   "mov r12, #0x00080008\n"
                   "subs r2, r2, #4\n"
                   "blt 2f\n"
                   "1:\n"
                   "ldm r0!, {r4, r6, r8, r10}\n"
                   MASK("r4", "r5") MASK("r6", "r7") MASK("r8", "r9") MASK("r10", "r11")
                   CENTRE("r4") CENTRE("r5") CENTRE("r6") CENTRE("r7")
                   CENTRE("r8") CENTRE("r9") CENTRE("r10") CENTRE("r11")
                   "subs r2, r2, #4\n"
                   "stm r1!, {r4-r11}\n"
                   "bge 1b\n"
                   "2:\n"
                   "adds r2, r2, #4\n"
                   "beq 3f\n"
                   "ldm r0!, {r4, r6}\n"
                   MASK("r4", "r5") MASK("r6", "r7")
                   CENTRE("r4") CENTRE("r5") CENTRE("r6") CENTRE("r7")
                   "stm r1!, {r4-r7}\n"
                   "3:\n"
                   "pop {r4-r11}\n"
                   "bx lr\n");
    /* clang-format on */
}

#define STEP_BYTES "#56"

#if MN_DUAL_ISSUE

/* A step loads the next one's lanes and first inputs, and so reads a word beyond its column and two beyond its lanes. */
#define STEP(i)                                                                                                        \
    "smlad r0, r8, r10, r0\n"                                                                                          \
    "ldr.w r11, [r12], #4\n"                                                                                           \
    "smlad r4, r9, r10, r4\n"                                                                                          \
    "ldr.w r10, [r12], #4\n"                                                                                           \
    "smlad r1, r8, r11, r1\n"                                                                                          \
    "smlad r5, r9, r11, r5\n"                                                                                          \
    "ldr.w r11, [r12], #4\n"                                                                                           \
    "smlad r2, r8, r10, r2\n"                                                                                          \
    "smlad r6, r9, r10, r6\n"                                                                                          \
    "ldr.w r10, [r12], #4\n"                                                                                           \
    "smlad r3, r8, r11, r3\n"                                                                                          \
    "ldr.w r8, [lr], #4\n"                                                                                             \
    "smlad r7, r9, r11, r7\n"                                                                                          \
    "ldr.w r9, [lr], #4\n"
#define AHEAD_BYTES "#4"
#define LOAD_AHEAD                                                                                                     \
    "ldr.w r8, [lr], #4\n"                                                                                             \
    "ldr.w r9, [lr], #4\n"                                                                                             \
    "ldr.w r10, [r12], #4\n"
#define LOAD_AGAIN                                                                                                     \
    "ldr r8, [lr, #-8]\n"                                                                                              \
    "ldr r9, [lr, #-4]\n"                                                                                              \
    "ldr r10, [r12, #-4]\n"
/* r9 steps are left out of the first pass; r8 is how far from the column's beginning it ends, r4 a chunk's bytes. */
#define MOVE_BACK                                                                                                      \
    "sub r8, r4, r9, lsl #4\n"                                                                                         \
    "add r8, r8, #4\n"
#define ADVANCE

#else

#define STEP(i)                                                                                                        \
    "ldr.w r8, [lr, #8 * " #i "]\n"                                                                                    \
    "ldr.w r9, [lr, #8 * " #i " + 4]\n"                                                                                \
    "ldr.w r10, [r12, #16 * " #i "]\n"                                                                                 \
    "ldr.w r11, [r12, #16 * " #i " + 4]\n"                                                                             \
    "smlad r0, r8, r10, r0\n"                                                                                          \
    "smlad r4, r9, r10, r4\n"                                                                                          \
    "smlad r1, r8, r11, r1\n"                                                                                          \
    "smlad r5, r9, r11, r5\n"                                                                                          \
    "ldr.w r10, [r12, #16 * " #i " + 8]\n"                                                                             \
    "ldr.w r11, [r12, #16 * " #i " + 12]\n"                                                                            \
    "smlad r2, r8, r10, r2\n"                                                                                          \
    "smlad r6, r9, r10, r6\n"                                                                                          \
    "smlad r3, r8, r11, r3\n"                                                                                          \
    "smlad r7, r9, r11, r7\n"
#define AHEAD_BYTES "#0"
#define LOAD_AHEAD
#define LOAD_AGAIN
/* r9 steps are left out of the first pass; r8 is how far from where r12 begins it ends, r4 a chunk's bytes. */
#define MOVE_BACK                                                                                                      \
    "mov r8, r4\n"                                                                                                     \
    "sub r1, r1, r9, lsl #4\n"                                                                                         \
    "sub r2, r2, r9, lsl #3\n"
#define ADVANCE                                                                                                        \
    "add r12, r12, #256\n"                                                                                             \
    "add lr, lr, #128\n"

#endif

#define FOUR_STEPS(i, j, k, l) STEP(i) STEP(j) STEP(k) STEP(l)
#define PASS FOUR_STEPS(0, 1, 2, 3) FOUR_STEPS(4, 5, 6, 7) FOUR_STEPS(8, 9, 10, 11) FOUR_STEPS(12, 13, 14, 15) ADVANCE

/* Stack, in bytes from sp. First the sums B of eight accumulators, then what holds for all columns, and for one. */
#define START_0 "#32"
#define START_1 "#36"
#define START_B0 "#40"
#define START_B1 "#44"
#define SCALES_0(i) "#48 + 4 * " #i
#define SCALES_1(i) "#64 + 4 * " #i
#define LANES "#80"
#define ENTRY "#84"
#define COLUMN_BYTES "#88"
#define CHUNK_BYTES "#92"
#define PIXEL_BYTES "#96"
#define MADE "#100"
#define COUNT "#104"
#define COLUMN "#108"
#define COLUMN_END "#112"
#define CHUNK_END "#116"
#define PIXEL "#120"
#define FIRST_CHUNK_BYTES "#124"
#define ROUNDED "#128"
#define FRAME "#136"

/* Puts an accumulator's low field on its sum; r11 is 2048. */
#define SPLIT(acc, sum)                                                                                                \
    "ubfx r8, " acc ", #0, #12\n"                                                                                      \
    "ldr r9, [sp, #" sum "]\n"                                                                                         \
    "bfi " acc ", r11, #0, #12\n"                                                                                      \
    "add r9, r9, r8\n"                                                                                                 \
    "str r9, [sp, #" sum "]\n"

#define TO_NIBBLES(acc)                                                                                                \
    "usat " acc ", #4, " acc "\n"                                                                                      \
    "usat r8, #4, r8\n"
#define TO_BYTES(acc)                                                                                                  \
    "ssat " acc ", #8, " acc "\n"                                                                                      \
    "ssat r8, #8, r8\n"

/* Both channels' outputs in two bytes of an accumulator. */
#define REQUANTISE(acc, sum, saturate)                                                                                 \
    "ldr lr, [sp, #" sum "]\n"                                                                                         \
    "ubfx r8, " acc ", #0, #12\n"                                                                                      \
    "asr " acc ", " acc ", #12\n"                                                                                      \
    "add r8, r8, lr\n"                                                                                                 \
    "smmlar " acc ", " acc ", r9, r11\n"                                                                               \
    "smmlar r8, r8, r10, r12\n" saturate(acc) "bfi " acc ", r8, #8, #8\n"

#define LOAD_SCALES(scales)                                                                                            \
    "ldr r9, [sp, " scales(0) "]\n"                                                                                    \
                              "ldr r10, [sp, " scales(1) "]\n"                                                         \
                                                         "ldr r11, [sp, " scales(2) "]\n"                              \
                                                                                    "ldr r12, [sp, " scales(3) "]\n"

#define REQUANTISE_ALL(saturate)                                                                                       \
    LOAD_SCALES(SCALES_0)                                                                                              \
    REQUANTISE("r0", "0", saturate)                                                                                    \
    REQUANTISE("r1", "4", saturate)                                                                                    \
    REQUANTISE("r2", "8", saturate)                                                                                    \
    REQUANTISE("r3", "12", saturate)                                                                                   \
    LOAD_SCALES(SCALES_1)                                                                                              \
    REQUANTISE("r4", "16", saturate)                                                                                   \
    REQUANTISE("r5", "20", saturate)                                                                                   \
    REQUANTISE("r6", "24", saturate)                                                                                   \
    REQUANTISE("r7", "28", saturate)

#define PIXELS                                                                                                         \
    "ldr r12, [sp, " PIXEL "]\n"                                                                                       \
    "ldr r11, [sp, " PIXEL_BYTES "]\n"                                                                                 \
    "add r8, r12, r11\n"                                                                                               \
    "add r9, r8, r11\n"                                                                                                \
    "add r10, r9, r11\n"

/* Both channels' sums of an accumulator, shifted to the left by r10 and r11; that of b goes to its place on the stack. */
#define SPLIT_SHIFTED(acc, sum)                                                                                        \
    "ubfx r8, " acc ", #0, #12\n"                                                                                      \
    "ldr r9, [sp, #" sum "]\n"                                                                                         \
    "asr " acc ", " acc ", #12\n"                                                                                      \
    "lsl " acc ", " acc ", r10\n"                                                                                      \
    "add r9, r9, r8\n"                                                                                                 \
    "lsl r9, r9, r11\n"                                                                                                \
    "str r9, [sp, #" sum "]\n"

/* By struct mn_fields_scale in r9, r10, r12 and lr. */
#define ROUND(acc)                                                                                                     \
    "and r8, lr, " acc ", asr #31\n"                                                                                   \
    "add r8, r8, r10\n"                                                                                                \
    "smmlar " acc ", " acc ", r9, r8\n"                                                                                \
    "asr " acc ", " acc ", r12\n"                                                                                      \
    "ssat " acc ", #8, " acc "\n"

#define ROUND_B(acc, sum) "ldr r11, [sp, #" sum "]\n" ROUND("r11") "bfi " acc ", r11, #8, #8\n"

/* The pair `pair` of accumulators a, b, c and d, whose channels' scales begin `scale` bytes behind the shifts. */
#define ROUND_PAIR(lefts, scale_a, scale_b, a, b, c, d, sum_a, sum_b, sum_c, sum_d)                                    \
    "ldr lr, [sp, " ROUNDED "]\n"                                                                                      \
    "ldrd r10, r11, [lr, #" lefts "]\n" SPLIT_SHIFTED(a, sum_a) SPLIT_SHIFTED(b, sum_b) SPLIT_SHIFTED(c, sum_c)        \
        SPLIT_SHIFTED(d, sum_d) "add lr, lr, #" scale_a "\n"                                                           \
                                "ldm lr, {r9, r10, r12, lr}\n" ROUND(a) ROUND(b) ROUND(c)                              \
                                    ROUND(d) "ldr lr, [sp, " ROUNDED "]\n"                                             \
                                             "add lr, lr, #" scale_b "\n"                                              \
                                             "ldm lr, {r9, r10, r12, lr}\n" ROUND_B(a, sum_a) ROUND_B(b, sum_b)        \
                                                 ROUND_B(c, sum_c) ROUND_B(d, sum_d)

#define ROUND_ALL                                                                                                      \
    ROUND_PAIR("0", "16", "32", "r0", "r1", "r2", "r3", "0", "4", "8", "12")                                           \
    ROUND_PAIR("8", "48", "64", "r4", "r5", "r6", "r7", "16", "20", "24", "28")

__attribute__((naked)) void mn_fields_columns(const struct mn_fields *call)
{
    /* clang-format off */
    __asm volatile("push {r4-r11, lr}\n"
                   "sub sp, " FRAME "\n"
                   "ldm r0!, {r1-r8}\n"
                   "str r6, [sp, " PIXEL "]\n"
                   "str r7, [sp, " PIXEL_BYTES "]\n"
                   "str r8, [sp, " MADE "]\n"
                   "add r8, r0, #48\n"
                   "str r8, [sp, " ROUNDED "]\n"
                   "str r5, [sp, " COUNT "]\n"
                   "lsl r10, r3, #4\n"
                   "str r10, [sp, " COLUMN_BYTES "]\n"
                   "add r11, r1, r10\n"
                   "add r11, r11, " AHEAD_BYTES "\n"
                   "str r11, [sp, " COLUMN_END "]\n"
                   "lsl r4, r4, #4\n"
                   "str r4, [sp, " CHUNK_BYTES "]\n"
                   "rsb r9, r3, #0\n"
                   "and r9, r9, #15\n"
                   MOVE_BACK
                   "str r8, [sp, " FIRST_CHUNK_BYTES "]\n"
                   "str r1, [sp, " COLUMN "]\n"
                   "str r2, [sp, " LANES "]\n"
                   "movs r3, " STEP_BYTES "\n"
                   "adr.w r4, 2f\n"
                   "mla r4, r9, r3, r4\n"
                   "orr r4, r4, #1\n"
                   "str r4, [sp, " ENTRY "]\n"
                   "ldm r0, {r0-r11}\n"
                   "add r12, sp, " START_0 "\n"
                   "stm r12, {r0-r11}\n"
                   "7:\n"
                   "ldr r10, [sp, " START_B0 "]\n"
                   "ldr r11, [sp, " START_B1 "]\n"
                   "ldr r12, [sp, " COLUMN "]\n"
                   "ldr r8, [sp, " FIRST_CHUNK_BYTES "]\n"
                   "str r10, [sp, #0]\n"
                   "str r10, [sp, #4]\n"
                   "str r10, [sp, #8]\n"
                   "str r10, [sp, #12]\n"
                   "str r11, [sp, #16]\n"
                   "str r11, [sp, #20]\n"
                   "str r11, [sp, #24]\n"
                   "str r11, [sp, #28]\n"
                   "add r8, r8, r12\n"
                   "str r8, [sp, " CHUNK_END "]\n"
                   "ldr r0, [sp, " START_0 "]\n"
                   "ldr r4, [sp, " START_1 "]\n"
                   "ldr lr, [sp, " LANES "]\n"
                   "ldr r11, [sp, " ENTRY "]\n"
                   "mov r1, r0\n"
                   "mov r2, r0\n"
                   "mov r3, r0\n"
                   "mov r5, r4\n"
                   "mov r6, r4\n"
                   "mov r7, r4\n"
                   LOAD_AHEAD
                   "bx r11\n"
                   ".balign 4\n"
                   "2:\n" PASS
                   "ldr r11, [sp, " CHUNK_END "]\n"
                   "cmp r12, r11\n"
                   "bne.w 2b\n"
                   "ldr r11, [sp, " COLUMN_END "]\n"
                   "cmp r12, r11\n"
                   "beq 4f\n"
                   "mov r11, #2048\n"
                   SPLIT("r0", "0") SPLIT("r1", "4") SPLIT("r2", "8") SPLIT("r3", "12")
                   SPLIT("r4", "16") SPLIT("r5", "20") SPLIT("r6", "24") SPLIT("r7", "28")
                   "ldr r8, [sp, " CHUNK_BYTES "]\n"
                   "ldr r9, [sp, " COLUMN_END "]\n"
                   "add r8, r12, r8\n"
                   "cmp r8, r9\n"
                   "it hi\n"
                   "movhi r8, r9\n"
                   "str r8, [sp, " CHUNK_END "]\n"
                   LOAD_AGAIN
                   "b.w 2b\n"
                   "4:\n"
#if MN_FIELDS_BYTES_FORMS
                   "ldr r11, [sp, " MADE "]\n"
                   "cmp r11, #1\n"
                   "blo.w 5f\n"
                   "bhi.w 8f\n"
#endif
                   REQUANTISE_ALL(TO_NIBBLES)
                   PIXELS
                   "orr r0, r0, r4, lsl #4\n"
                   "orr r1, r1, r5, lsl #4\n"
                   "orr r2, r2, r6, lsl #4\n"
                   "orr r3, r3, r7, lsl #4\n"
                   "strh r0, [r12]\n"
                   "strh r1, [r8]\n"
                   "strh r2, [r9]\n"
                   "strh r3, [r10]\n"
                   "6:\n"
                   "add r10, r10, r11\n"
                   "ldr r0, [sp, " COLUMN_BYTES "]\n"
                   "ldr r1, [sp, " COLUMN "]\n"
                   "ldr r2, [sp, " COLUMN_END "]\n"
                   "ldr r3, [sp, " COUNT "]\n"
                   "str r10, [sp, " PIXEL "]\n"
                   "add r1, r1, r0\n"
                   "add r2, r2, r0\n"
                   "str r1, [sp, " COLUMN "]\n"
                   "str r2, [sp, " COLUMN_END "]\n"
                   "subs r3, r3, #1\n"
                   "str r3, [sp, " COUNT "]\n"
                   "bne.w 7b\n"
                   "add sp, " FRAME "\n"
                   "pop {r4-r11, pc}\n"
#if MN_FIELDS_BYTES_FORMS
                   "5:\n"
                   REQUANTISE_ALL(TO_BYTES)
                   "9:\n"
                   PIXELS
                   "pkhbt r0, r0, r4, lsl #16\n"
                   "pkhbt r1, r1, r5, lsl #16\n"
                   "pkhbt r2, r2, r6, lsl #16\n"
                   "pkhbt r3, r3, r7, lsl #16\n"
                   "str r0, [r12]\n"
                   "str r1, [r8]\n"
                   "str r2, [r9]\n"
                   "str r3, [r10]\n"
                   "b.w 6b\n"
                   "8:\n"
                   ROUND_ALL
                   "b.w 9b\n"
#endif
                   );
    /* clang-format on */
}

#endif
