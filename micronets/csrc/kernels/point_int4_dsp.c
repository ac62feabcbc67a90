/* SPDX-License-Identifier: Apache-2.0 */
/* The quad block of Armv7E-M in assembly: four output channels with 4-bit weights of up to four pixels, two at a time
 * (layouts: point_int4.h).
 *
 * r0-r3 hold the sums of one pixel, r4-r7 those of the other, r8 lanes, r9 their low bytes, r10 and r11 two pixels'
 * inputs, r12 walks the column and lr the stream; all else lives on the stack. Sixteen steps are unrolled; the first pass
 * over them begins as far in as leaves a multiple of sixteen.
 */
#include "point_int4_dsp.h"

#if MN_DSP

/* The assembly takes its arguments from their registers. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

#define STEP_BYTES "#60"
#define STEP(i)                                                                                                        \
    "ldr.w r8, [lr, #4 * " #i "]\n"                                                                                    \
    "ldr.w r10, [r12, #16 * " #i "]\n"                                                                                 \
    "ldr.w r11, [r12, #16 * " #i " + 4]\n"                                                                             \
    "sxtb16 r9, r8\n"                                                                                                  \
    "smlad r3, r8, r10, r3\n"                                                                                          \
    "smlad r7, r8, r11, r7\n"                                                                                          \
    "lsl.w r8, r8, #4\n"                                                                                               \
    "smlad r1, r9, r10, r1\n"                                                                                          \
    "bic.w r8, r8, #0x000F000F\n"                                                                                      \
    "smlad r5, r9, r11, r5\n"                                                                                          \
    "sxtb16 r9, r8\n"                                                                                                  \
    "smlad r2, r8, r10, r2\n"                                                                                          \
    "smlad r6, r8, r11, r6\n"                                                                                          \
    "smlad r0, r9, r10, r0\n"                                                                                          \
    "smlad r4, r9, r11, r4\n"
#define FOUR_STEPS(i, j, k, l) STEP(i) STEP(j) STEP(k) STEP(l)
#define PASS FOUR_STEPS(0, 1, 2, 3) FOUR_STEPS(4, 5, 6, 7) FOUR_STEPS(8, 9, 10, 11) FOUR_STEPS(12, 13, 14, 15)

/* Stack, in bytes from sp; the four starts lie below. */
#define STREAM "#16"
#define COLUMN "#20"
#define COLUMN_END "#24"
#define ENTRY "#28"
#define ACCUMULATORS "#32"
#define PIXELS "#36"
#define FRAME "#40"
#define ARGUMENT "[sp, #36]"

/* Sums s1 to s4 to accumulators: s1 and s3 are scaled by 16. */
#define SEPARATE(s1, s2, s3, s4)                                                                                       \
    "asr " s1 ", " s1 ", #4\n"                                                                                         \
    "sub " s4 ", " s4 ", " s3 ", asr #4\n"                                                                             \
    "sub " s3 ", " s3 ", " s2 ", lsl #4\n"                                                                             \
    "sub " s2 ", " s2 ", " s1 "\n"                                                                                     \
    "asr " s4 ", " s4 ", #12\n"                                                                                        \
    "asr " s3 ", " s3 ", #12\n"                                                                                        \
    "asr " s2 ", " s2 ", #4\n"

__attribute__((naked)) void mn_quad_block(
    const int32_t *stream, const uint32_t *column, int32_t words, int32_t *accumulators, int32_t pixels)
{
    /* clang-format off */
    __asm volatile("push {r4-r11, lr}\n"
                   "ldr r4, " ARGUMENT "\n"
                   "sub sp, " FRAME "\n"
                   "str r4, [sp, " PIXELS "]\n"
                   "str r3, [sp, " ACCUMULATORS "]\n"
                   "ldm r0!, {r4-r7}\n"
                   "add r3, r1, r2, lsl #4\n"
                   "str r3, [sp, " COLUMN_END "]\n"
                   "subs r2, r2, #1\n"
                   "and r2, r2, #15\n"
                   "rsb r2, r2, #15\n"
                   "sub r0, r0, r2, lsl #2\n"
                   "str r0, [sp, " STREAM "]\n"
                   "sub r1, r1, r2, lsl #4\n"
                   "str r1, [sp, " COLUMN "]\n"
                   "movs r3, " STEP_BYTES "\n"
                   "adr.w r0, 2f\n"
                   "mla r2, r2, r3, r0\n"
                   "orr r2, r2, #1\n"
                   "str r2, [sp, " ENTRY "]\n"
                   "asr r0, r4, #12\n"
                   "asr r1, r5, #12\n"
                   "asr r2, r6, #12\n"
                   "asr r3, r7, #12\n"
                   "add r1, r0, r1, lsl #4\n"
                   "add r2, r1, r2, lsl #8\n"
                   "add r3, r2, r3, lsl #12\n"
                   "lsl r2, r2, #4\n"
                   "lsl r0, r0, #4\n"
                   "stm sp, {r0-r3}\n"
                   "b 3f\n"
                   "1:\n"
                   "ldm sp, {r0-r3}\n"
                   "3:\n"
                   "ldr lr, [sp, " STREAM "]\n"
                   "ldr r12, [sp, " COLUMN "]\n"
                   "ldr r11, [sp, " ENTRY "]\n"
                   "mov r4, r0\n"
                   "mov r5, r1\n"
                   "mov r6, r2\n"
                   "mov r7, r3\n"
                   "bx r11\n"
                   ".balign 4\n"
                   "2:\n" PASS
                   "add r12, r12, #256\n"
                   "add lr, lr, #64\n"
                   "ldr r11, [sp, " COLUMN_END "]\n"
                   "cmp r12, r11\n"
                   "bne.w 2b\n" SEPARATE("r0", "r1", "r2", "r3") SEPARATE("r4", "r5", "r6", "r7")
                   "add r11, r11, #8\n"
                   "ldr r12, [sp, " ACCUMULATORS "]\n"
                   "ldr r8, [sp, " COLUMN "]\n"
                   "ldr r9, [sp, " PIXELS "]\n"
                   "stm r12!, {r0-r7}\n"
                   "add r8, r8, #8\n"
                   "str r12, [sp, " ACCUMULATORS "]\n"
                   "str r8, [sp, " COLUMN "]\n"
                   "str r11, [sp, " COLUMN_END "]\n"
                   "subs r9, r9, #2\n"
                   "str r9, [sp, " PIXELS "]\n"
                   "bgt.w 1b\n"
                   "add sp, " FRAME "\n"
                   "pop {r4-r11, pc}\n");
    /* clang-format on */
}

#endif
