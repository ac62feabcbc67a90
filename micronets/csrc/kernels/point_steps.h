/* SPDX-License-Identifier: Apache-2.0 */
/* Unrolled steps of the point blocks in the assembly of Armv7E-M: a word of lanes of two output channels times those of four
 * pixels. r0-r7 hold the eight accumulators (p0 b0 p1 b1 ...), r8 lanes, r9 their low bytes, r10 and r11 two pixels' inputs,
 * r12 walks the column and lr the lanes.
 */
#ifndef MICRONETS_POINT_STEPS_H
#define MICRONETS_POINT_STEPS_H

#include "micronets_config.h"

#define STEP_BYTES "#56"

#if MN_DUAL_ISSUE

/* For cores that issue a load beside a multiply: every load stands behind a multiply that does not wait for it, and is
 * used a multiply or two later. A step loads the next one's lanes and first inputs, and so reads a word beyond its column. */
#define STEP(i)                                                                                                        \
    "smlad r0, r8, r10, r0\n"                                                                                          \
    "ldr.w r11, [r12], #4\n"                                                                                           \
    "sxtb16 r9, r8\n"                                                                                                  \
    "smlad r1, r9, r10, r1\n"                                                                                          \
    "ldr.w r10, [r12], #4\n"                                                                                           \
    "smlad r2, r8, r11, r2\n"                                                                                          \
    "smlad r3, r9, r11, r3\n"                                                                                          \
    "ldr.w r11, [r12], #4\n"                                                                                           \
    "smlad r4, r8, r10, r4\n"                                                                                          \
    "smlad r5, r9, r10, r5\n"                                                                                          \
    "ldr.w r10, [r12], #4\n"                                                                                           \
    "smlad r6, r8, r11, r6\n"                                                                                          \
    "ldr.w r8, [lr], #4\n"                                                                                             \
    "smlad r7, r9, r11, r7\n"
#define END_AHEAD "add r9, r9, #4\n"
#define LOAD_AHEAD                                                                                                     \
    "ldr.w r8, [lr], #4\n"                                                                                             \
    "ldr.w r10, [r12], #4\n"
/* r1 steps are left out of the first pass. */
#define MOVE_BACK "movs r9, #0\n"
#define ADVANCE

#else

#define STEP(i)                                                                                                        \
    "ldr.w r8, [lr, #4 * " #i "]\n"                                                                                    \
    "ldr.w r10, [r12, #16 * " #i "]\n"                                                                                 \
    "ldr.w r11, [r12, #16 * " #i " + 4]\n"                                                                             \
    "sxtb16 r9, r8\n"                                                                                                  \
    "smlad r0, r8, r10, r0\n"                                                                                          \
    "smlad r1, r9, r10, r1\n"                                                                                          \
    "smlad r2, r8, r11, r2\n"                                                                                          \
    "smlad r3, r9, r11, r3\n"                                                                                          \
    "ldr.w r10, [r12, #16 * " #i " + 8]\n"                                                                             \
    "ldr.w r11, [r12, #16 * " #i " + 12]\n"                                                                            \
    "smlad r4, r8, r10, r4\n"                                                                                          \
    "smlad r5, r9, r10, r5\n"                                                                                          \
    "smlad r6, r8, r11, r6\n"                                                                                          \
    "smlad r7, r9, r11, r7\n"
#define END_AHEAD
#define LOAD_AHEAD
/* r1 steps are left out of the first pass. */
#define MOVE_BACK                                                                                                      \
    "sub r0, r0, r1, lsl #4\n"                                                                                         \
    "lsl r9, r1, #2\n"
#if MN_POINT_STEPS == 32
#define ADVANCE                                                                                                        \
    "add r12, r12, #512\n"                                                                                             \
    "add lr, lr, #128\n"
#else
#define ADVANCE                                                                                                        \
    "add r12, r12, #256\n"                                                                                             \
    "add lr, lr, #64\n"
#endif

#endif

#define FOUR_STEPS(i, j, k, l) STEP(i) STEP(j) STEP(k) STEP(l)
#define SIXTEEN_STEPS FOUR_STEPS(0, 1, 2, 3) FOUR_STEPS(4, 5, 6, 7) FOUR_STEPS(8, 9, 10, 11) FOUR_STEPS(12, 13, 14, 15)
#if MN_POINT_STEPS == 32
#define LAST_STEP "#31"
#define PASS                                                                                                           \
    SIXTEEN_STEPS FOUR_STEPS(16, 17, 18, 19) FOUR_STEPS(20, 21, 22, 23) FOUR_STEPS(24, 25, 26, 27)                     \
        FOUR_STEPS(28, 29, 30, 31) ADVANCE
#else
#define LAST_STEP "#15"
#define PASS SIXTEEN_STEPS ADVANCE
#endif

#endif
