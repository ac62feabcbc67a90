/* SPDX-License-Identifier: Apache-2.0 */
/* 1x1 convolutions with Helium, two pixels at a time. */
#include "point_helium.h"

#if defined(__ARM_FEATURE_MVE)

/* Two pixels at a time, `pairs` times: a load of weights serves both; channels come in whole groups.
 *
 * r0 r2 r4 r6: the first pixel's accumulators, r8 r10 r12 lr: the second's, r1: stream, r5 and r7: outputs. On the stack: */
#define KEPT_2 "#0" /* inputs of the second pixel that have no register */
#define KEPT_3 "#16"
#define PAIRS "#32"
#define NEXT_INPUT "#36"
#define NEXT_OUTPUT "#40"
#define OUTPUTS "#44"
#define WEIGHTS "#48"
#define INPUTS "#52"
#define LAST "#56" /* inputs in the last block, or the loop's entry */
#define ZERO "#60"
#define LEAST "#64"
#define MOST "#80"
#define PAIR_FRAME "#96"

/* clang-format off */
#define PAIR_PROLOGUE                                                                                                  \
    "push {r4-r11, lr}\n\t"                                                                                            \
    "vpush {d8-d15}\n\t"                                                                                              \
    "sub sp, " PAIR_FRAME "\n\t"                                                                                      \
    "ldr r4, [r0, " CHANNELS "]\n\t"                                                                                  \
    "ldr r5, [r0, " STREAM "]\n\t"                                                                                    \
    "ldr r6, [r0, " DEPTH "]\n\t"                                                                                     \
    "str r1, [sp, " PAIRS "]\n\t"                                                                                     \
    "str r2, [sp, " NEXT_INPUT "]\n\t"                                                                                \
    "str r3, [sp, " NEXT_OUTPUT "]\n\t"                                                                               \
    "str r4, [sp, " OUTPUTS "]\n\t"                                                                                   \
    "str r5, [sp, " WEIGHTS "]\n\t"                                                                                   \
    "str r6, [sp, " INPUTS "]\n\t"

#define PAIR_BOUNDS                                                                                                    \
    "ldr r7, [r0, " ZERO_POINT "]\n\t"                                                                                \
    "str r7, [sp, " ZERO "]\n\t"                                                                                      \
    "ldr r7, [r0, " LOW "]\n\t"                                                                                       \
    "vdup.32 q0, r7\n\t"                                                                                              \
    "vstrw.32 q0, [sp, " LEAST "]\n\t"                                                                                \
    "ldr r7, [r0, " HIGH "]\n\t"                                                                                      \
    "vdup.32 q0, r7\n\t"                                                                                              \
    "vstrw.32 q0, [sp, " MOST "]\n\t"

/* r3 and r4: the next two pixels; r5 and r7: their outputs. */
#define NEXT_PAIR                                                                                                      \
    "ldr r3, [sp, " NEXT_INPUT "]\n\t"                                                                                \
    "ldr r6, [sp, " INPUTS "]\n\t"                                                                                    \
    "ldr r5, [sp, " NEXT_OUTPUT "]\n\t"                                                                               \
    "ldr r8, [sp, " OUTPUTS "]\n\t"                                                                                   \
    "ldr r1, [sp, " WEIGHTS "]\n\t"                                                                                   \
    "add r4, r3, r6\n\t"                                                                                              \
    "add r6, r4, r6\n\t"                                                                                              \
    "add r7, r5, r8\n\t"                                                                                              \
    "add r8, r7, r8\n\t"                                                                                              \
    "str r6, [sp, " NEXT_INPUT "]\n\t"                                                                                \
    "str r8, [sp, " NEXT_OUTPUT "]\n\t"

#define PAIR_STARTS                                                                                                    \
    "ldrd r8, r10, [r1]\n\t"                                                                                          \
    "ldrd r12, lr, [r1, #8]\n\t" STARTS

/* Sixteen inputs of either pixel times the weights of four channels. */
#define PAIR_PRODUCTS(x, y)                                                                                            \
    "vldrb.8 q7, [r1], #16\n\t"                                                                                       \
    "vmladava.s8 r0, " x ", q7\n\t"                                                                                   \
    "vmladava.s8 r8, " y ", q7\n\t"                                                                                   \
    "vldrb.8 q7, [r1], #16\n\t"                                                                                       \
    "vmladava.s8 r2, " x ", q7\n\t"                                                                                   \
    "vmladava.s8 r10, " y ", q7\n\t"                                                                                  \
    "vldrb.8 q7, [r1], #16\n\t"                                                                                       \
    "vmladava.s8 r4, " x ", q7\n\t"                                                                                   \
    "vmladava.s8 r12, " y ", q7\n\t"                                                                                  \
    "vldrb.8 q7, [r1], #16\n\t"                                                                                       \
    "vmladava.s8 r6, " x ", q7\n\t"                                                                                   \
    "vmladava.s8 lr, " y ", q7\n\t"

/* `first`, `second`: where the constants lie, and whether the stream moves on. */
#define FAST_OF(a, b, c, d, first, second, out)                                                                        \
    "vmov d14, " a ", " b "\n\t"                                                                                      \
    "vmov d15, " c ", " d "\n\t"                                                                                      \
    "vldrw.32 q6, [r1" first "\n\t"                                                                                   \
    "vrmulh.s32 q7, q7, q6\n\t"                                                                                       \
    "vldrw.32 q6, [r1" second "\n\t"                                                                                  \
    "vadd.i32 q7, q7, q6\n\t"                                                                                         \
    "vqmovnb.s32 q7, q7\n\t"                                                                                          \
    "vqmovnb.s16 q7, q7\n\t"                                                                                          \
    "vstrb.32 q7, [" out "], #4\n\t"
#define GENERAL_OF(a, b, c, d, first, second, out)                                                                     \
    "vmov d14, " a ", " b "\n\t"                                                                                      \
    "vmov d15, " c ", " d "\n\t"                                                                                      \
    "vldrw.32 q6, [r1" first "\n\t"                                                                                   \
    "ldr r0, [sp, " ZERO "]\n\t"                                                                                      \
    "vqrdmulh.s32 q7, q7, q6\n\t"                                                                                     \
    "vshr.s32 q6, q7, #31\n\t"                                                                                        \
    "vadd.i32 q7, q7, q6\n\t"                                                                                         \
    "vldrw.32 q6, [r1" second "\n\t"                                                                                  \
    "vrshl.s32 q7, q7, q6\n\t"                                                                                        \
    "vadd.i32 q7, q7, r0\n\t"                                                                                         \
    "vldrw.32 q6, [sp, " LEAST "]\n\t"                                                                                \
    "vmax.s32 q7, q7, q6\n\t"                                                                                         \
    "vldrw.32 q6, [sp, " MOST "]\n\t"                                                                                 \
    "vmin.s32 q7, q7, q6\n\t"                                                                                         \
    "vstrb.32 q7, [" out "], #4\n\t"
#define BOTH(form) form("r0", "r2", "r4", "r6", "]", ", #16]", "r5") form("r8", "r10", "r12", "lr", "], #16", "], #16", "r7")

#define PAIR_EPILOGUE                                                                                                  \
    "ldr r1, [sp, " PAIRS "]\n\t"                                                                                     \
    "subs r1, r1, #1\n\t"                                                                                             \
    "str r1, [sp, " PAIRS "]\n\t"                                                                                     \
    "bne.w 1b\n\t"                                                                                                    \
    "add sp, sp, " PAIR_FRAME "\n\t"                                                                                  \
    "vpop {d8-d15}\n\t"                                                                                               \
    "pop {r4-r11, pc}\n\t"

#define PAIR_ARGUMENTS                                                                                                 \
    UNUSED const struct mn_helium_point *p, UNUSED int32_t pairs, UNUSED const int8_t *input, UNUSED int8_t *output

/* Inputs stay in registers, but for two blocks of the second pixel that share one. */
#define SHORT_PAIRS(name, bounds, loads, products, form)                                                               \
    __attribute__((naked)) void name(PAIR_ARGUMENTS)                                                            \
    {                                                                                                                  \
        __asm volatile(PAIR_PROLOGUE                                                                                   \
                       "sub r7, r6, #1\n\t"                                                                           \
                       "and r7, r7, #15\n\t"                                                                          \
                       "add r7, r7, #1\n\t"                                                                           \
                       "str r7, [sp, " LAST "]\n\t" bounds                                                            \
                       "1:\n\t" NEXT_PAIR                                                                             \
                       "ldr r6, [sp, " LAST "]\n\t"                                                                   \
                       "vctp.8 r6\n\t" loads                                                                          \
                       "ldr r9, [sp, " OUTPUTS "]\n\t"                                                                \
                       "lsr r9, r9, #2\n"                                                                             \
                       "2:\n\t" PAIR_STARTS products BOTH(form)                                                       \
                       "subs r9, r9, #1\n\t"                                                                          \
                       "bne.w 2b\n\t" PAIR_EPILOGUE);                                                                 \
    }

#define LOADS_1                                                                                                        \
    "vpstt\n\t"                                                                                                       \
    "vldrbt.8 q0, [r3]\n\t"                                                                                           \
    "vldrbt.8 q3, [r4]\n\t"
#define PRODUCTS_1 PAIR_PRODUCTS("q0", "q3")
#define LOADS_2                                                                                                        \
    "vldrb.8 q0, [r3]\n\t"                                                                                            \
    "vldrb.8 q3, [r4]\n\t"                                                                                            \
    "vpstt\n\t"                                                                                                       \
    "vldrbt.8 q1, [r3, #16]\n\t"                                                                                      \
    "vldrbt.8 q4, [r4, #16]\n\t"
#define PRODUCTS_2 PRODUCTS_1 PAIR_PRODUCTS("q1", "q4")
#define LOADS_3                                                                                                        \
    "vldrb.8 q0, [r3]\n\t"                                                                                            \
    "vldrb.8 q1, [r3, #16]\n\t"                                                                                       \
    "vldrb.8 q3, [r4]\n\t"                                                                                            \
    "vldrb.8 q4, [r4, #16]\n\t"                                                                                       \
    "vpstt\n\t"                                                                                                       \
    "vldrbt.8 q2, [r3, #32]\n\t"                                                                                      \
    "vldrbt.8 q5, [r4, #32]\n\t"
#define PRODUCTS_3 PRODUCTS_2 PAIR_PRODUCTS("q2", "q5")
#define LOADS_4                                                                                                        \
    "vldrb.8 q0, [r3]\n\t"                                                                                            \
    "vldrb.8 q1, [r3, #16]\n\t"                                                                                       \
    "vldrb.8 q2, [r3, #32]\n\t"                                                                                       \
    "vldrb.8 q4, [r4]\n\t"                                                                                            \
    "vldrb.8 q5, [r4, #16]\n\t"                                                                                       \
    "vldrb.8 q6, [r4, #32]\n\t"                                                                                       \
    "vpstt\n\t"                                                                                                       \
    "vldrbt.8 q3, [r3, #48]\n\t"                                                                                      \
    "vldrbt.8 q7, [r4, #48]\n\t"                                                                                      \
    "vstrb.8 q6, [sp, " KEPT_2 "]\n\t"                                                                                \
    "vstrb.8 q7, [sp, " KEPT_3 "]\n\t"
#define PRODUCTS_4                                                                                                     \
    PAIR_PRODUCTS("q0", "q4") PAIR_PRODUCTS("q1", "q5")                                                                \
    "vldrb.8 q6, [sp, " KEPT_2 "]\n\t" PAIR_PRODUCTS("q2", "q6")                                                      \
    "vldrb.8 q6, [sp, " KEPT_3 "]\n\t" PAIR_PRODUCTS("q3", "q6")

SHORT_PAIRS(mn_helium_pairs_fast_1, "", LOADS_1, PRODUCTS_1, FAST_OF)
SHORT_PAIRS(mn_helium_pairs_fast_2, "", LOADS_2, PRODUCTS_2, FAST_OF)
SHORT_PAIRS(mn_helium_pairs_fast_3, "", LOADS_3, PRODUCTS_3, FAST_OF)
SHORT_PAIRS(mn_helium_pairs_fast_4, "", LOADS_4, PRODUCTS_4, FAST_OF)
SHORT_PAIRS(mn_helium_pairs_general_1, PAIR_BOUNDS, LOADS_1, PRODUCTS_1, GENERAL_OF)
SHORT_PAIRS(mn_helium_pairs_general_2, PAIR_BOUNDS, LOADS_2, PRODUCTS_2, GENERAL_OF)
SHORT_PAIRS(mn_helium_pairs_general_3, PAIR_BOUNDS, LOADS_3, PRODUCTS_3, GENERAL_OF)
SHORT_PAIRS(mn_helium_pairs_general_4, PAIR_BOUNDS, LOADS_4, PRODUCTS_4, GENERAL_OF)

/* Of more blocks, read again for every group: up to fifteen bytes behind the second pixel are read, too. Four blocks are
 * unrolled, and the first pass begins as far in as leaves whole passes. r3 and r11: inputs, r9: the end of r3. */
#define PAIR_BLOCK                                                                                                     \
    "vldrb.8 q0, [r3], #16\n\t"                                                                                       \
    "vldrb.8 q1, [r11], #16\n\t" PAIR_PRODUCTS("q0", "q1")
#define LONG_PAIRS(name, bounds, form)                                                                                 \
    __attribute__((naked)) void name(PAIR_ARGUMENTS)                                                            \
    {                                                                                                                  \
        __asm volatile(PAIR_PROLOGUE bounds                                                                            \
                       "add r7, r6, #15\n\t"                                                                          \
                       "lsr r7, r7, #4\n\t"                                                                           \
                       "rsb r8, r7, #0\n\t"                                                                           \
                       "and r8, r8, #3\n\t"                                                                           \
                       "movs r10, #56\n\t"                                                                            \
                       "adr.w r9, 3f\n\t"                                                                             \
                       "mla r9, r8, r10, r9\n\t"                                                                      \
                       "orr r9, r9, #1\n\t"                                                                           \
                       "str r9, [sp, " LAST "]\n"                                                                     \
                       "1:\n\t" NEXT_PAIR                                                                             \
                       "strd r3, r4, [sp, " KEPT_2 "]\n\t"                                                            \
                       "str r7, [sp, " KEPT_3 "]\n\t"                                                                 \
                       "ldr r9, [sp, " INPUTS "]\n\t"                                                                 \
                       "add r9, r9, #15\n\t"                                                                          \
                       "bic r9, r9, #15\n\t"                                                                          \
                       "add r9, r3, r9\n"                                                                             \
                       "2:\n\t" PAIR_STARTS                                                                           \
                       "ldrd r3, r11, [sp, " KEPT_2 "]\n\t"                                                           \
                       "ldr pc, [sp, " LAST "]\n\t"                                                                   \
                       ".balign 4\n"                                                                                  \
                       "3:\n\t" PAIR_BLOCK PAIR_BLOCK PAIR_BLOCK PAIR_BLOCK                                           \
                       "cmp r3, r9\n\t"                                                                               \
                       "bne.w 3b\n\t" BOTH(form)                                                                      \
                       "ldr r0, [sp, " KEPT_3 "]\n\t"                                                                 \
                       "cmp r5, r0\n\t"                                                                               \
                       "bne.w 2b\n\t" PAIR_EPILOGUE);                                                                 \
    }
/* clang-format on */

LONG_PAIRS(mn_helium_pairs_fast, "", FAST_OF)
LONG_PAIRS(mn_helium_pairs_general, PAIR_BOUNDS, GENERAL_OF)

#endif
