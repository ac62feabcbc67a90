/* SPDX-License-Identifier: Apache-2.0 */
/* The point block of Armv7E-M in assembly: all pairs of output channels of four pixels (layouts: point_block.h).
 *
 * r0-r7 hold the eight accumulators (p0 b0 p1 b1 ...), r8 lanes, r9 their low bytes, r10 and r11 two pixels' inputs, r12
 * walks the column and lr the stream; all else lives on the stack. Sixteen steps are unrolled; the first pass over them
 * begins as far in as leaves a multiple of sixteen. On a Cortex-M4 a load begins while the one before it ends, but for
 * certain only where that one leaves its base register as it is: pointers move once per pass, and the first pass has
 * them as far back as the steps that it leaves out.
 */
#include "micronets_config.h"
#include "micronets_dsp.h"
#include "point_dsp.h"

#if MN_DSP

/* The assembly takes its arguments from their registers. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

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
#define AHEAD_BYTES "#4"
#define LOAD_AHEAD                                                                                                     \
    "ldr.w r8, [lr], #4\n"                                                                                             \
    "ldr.w r10, [r12], #4\n"
#define STEP_BACK "sub lr, lr, #4\n"
#define KEEP_LEFT_OUT
#define GO_BACK
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
#define AHEAD_BYTES "#0"
#define LOAD_AHEAD
#define STEP_BACK
/* r1 steps are left out of the first pass. */
#define KEEP_LEFT_OUT                                                                                                  \
    "sub r0, r0, r1, lsl #4\n"                                                                                         \
    "lsl r4, r1, #2\n"                                                                                                 \
    "str r0, [sp, " COLUMN "]\n"                                                                                       \
    "str r4, [sp, " LANES_BACK "]\n"
#define GO_BACK                                                                                                        \
    "ldr r10, [sp, " LANES_BACK "]\n"                                                                                  \
    "sub lr, lr, r10\n"
#define ADVANCE                                                                                                        \
    "add r12, r12, #256\n"                                                                                             \
    "add lr, lr, #64\n"

#endif

#define FOUR_STEPS(i, j, k, l) STEP(i) STEP(j) STEP(k) STEP(l)
#define PASS FOUR_STEPS(0, 1, 2, 3) FOUR_STEPS(4, 5, 6, 7) FOUR_STEPS(8, 9, 10, 11) FOUR_STEPS(12, 13, 14, 15) ADVANCE

/* Stack, in bytes from sp. */
#define COLUMN "#0"
#define ENTRY "#4"
#define COLUMN_END "#8"
#define OUTPUT "#12"
#define OUTPUT_END "#16"
#define CHANNELS "#20"
#define STREAM "#24"
#define LANES_BACK "#28"
#define FRAME "#32"

/* Arguments: r0 column, r1 words, r2 output, r3 channels, on the stack the stream. */
#define BEGIN                                                                                                          \
    "push {r4-r11, lr}\n"                                                                                              \
    "ldr lr, [sp, #36]\n"                                                                                              \
    "sub sp, " FRAME "\n"                                                                                              \
    "str r0, [sp, " COLUMN "]\n"                                                                                       \
    "add r4, r0, r1, lsl #4\n"                                                                                         \
    "add r4, r4, " AHEAD_BYTES "\n"                                                                                    \
    "str r4, [sp, " COLUMN_END "]\n"                                                                                   \
    "str r2, [sp, " OUTPUT "]\n"                                                                                       \
    "bic r4, r3, #1\n"                                                                                                 \
    "add r4, r2, r4\n"                                                                                                 \
    "str r4, [sp, " OUTPUT_END "]\n"                                                                                   \
    "str r3, [sp, " CHANNELS "]\n"                                                                                     \
    "subs r1, r1, #1\n"                                                                                                \
    "and r1, r1, #15\n"                                                                                                \
    "rsb r1, r1, #15\n" KEEP_LEFT_OUT "movs r3, " STEP_BYTES "\n"                                                      \
    "adr.w r4, 2f\n"                                                                                                   \
    "mla r4, r1, r3, r4\n"                                                                                             \
    "orr r4, r4, #1\n"                                                                                                 \
    "str r4, [sp, " ENTRY "]\n"                                                                                        \
    "1:\n"                                                                                                             \
    "ldr r0, [lr], #4\n"                                                                                               \
    "ldr r1, [lr], #4\n"                                                                                               \
    "ldr r12, [sp, " COLUMN "]\n"                                                                                      \
    "ldr r11, [sp, " ENTRY "]\n" GO_BACK "mov r2, r0\n"                                                                \
    "mov r4, r0\n"                                                                                                     \
    "mov r6, r0\n"                                                                                                     \
    "mov r3, r1\n"                                                                                                     \
    "mov r5, r1\n"                                                                                                     \
    "mov r7, r1\n" LOAD_AHEAD "bx r11\n"                                                                               \
    ".balign 4\n"                                                                                                      \
    "2:\n" PASS "ldr r11, [sp, " COLUMN_END "]\n"                                                                      \
    "cmp r12, r11\n"                                                                                                   \
    "bne.w 2b\n" STEP_BACK "sub r0, r0, r1\n"                                                                          \
    "sub r2, r2, r3\n"                                                                                                 \
    "sub r4, r4, r5\n"                                                                                                 \
    "sub r6, r6, r7\n"                                                                                                 \
    "asr r0, r0, #8\n"                                                                                                 \
    "asr r2, r2, #8\n"                                                                                                 \
    "asr r4, r4, #8\n"                                                                                                 \
    "asr r6, r6, #8\n"

/* r12 holds the output, lr the channels. */
#define NEXT_PAIR                                                                                                      \
    "ldr r12, [sp, " OUTPUT "]\n"                                                                                      \
    "ldr r11, [sp, " OUTPUT_END "]\n"                                                                                  \
    "ldr lr, [sp, " STREAM "]\n"                                                                                       \
    "add r12, r12, #2\n"                                                                                               \
    "str r12, [sp, " OUTPUT "]\n"                                                                                      \
    "cmp r12, r11\n"                                                                                                   \
    "bne.w 1b\n"                                                                                                       \
    "mov r0, lr\n"                                                                                                     \
    "add sp, " FRAME "\n"                                                                                              \
    "pop {r4-r11, pc}\n"

__attribute__((naked)) const int32_t *mn_block_fast(
    const uint32_t *column, int32_t words, int8_t *output, int32_t channels, const int32_t *stream)
{
    /* clang-format off */
    __asm volatile(BEGIN "ldm lr!, {r8, r9, r10}\n"
                         "str lr, [sp, " STREAM "]\n"
                         "ldr r12, [sp, " OUTPUT "]\n"
                         "ldr r11, [sp, " CHANNELS "]\n"
                         "asr lr, r10, #16\n"
                         "sxth r10, r10\n"
                         "smmlar r0, r0, r8, r10\n"
                         "smmlar r2, r2, r8, r10\n"
                         "smmlar r4, r4, r8, r10\n"
                         "smmlar r6, r6, r8, r10\n"
                         "smmlar r1, r1, r9, lr\n"
                         "smmlar r3, r3, r9, lr\n"
                         "smmlar r5, r5, r9, lr\n"
                         "smmlar r7, r7, r9, lr\n"
                         "ssat r0, #8, r0\n"
                         "ssat r1, #8, r1\n"
                         "ssat r2, #8, r2\n"
                         "ssat r3, #8, r3\n"
                         "ssat r4, #8, r4\n"
                         "ssat r5, #8, r5\n"
                         "ssat r6, #8, r6\n"
                         "ssat r7, #8, r7\n"
                         "strb r0, [r12]\n"
                         "strb r1, [r12, #1]\n"
                         "add r12, r12, r11\n"
                         "strb r2, [r12]\n"
                         "strb r3, [r12, #1]\n"
                         "add r12, r12, r11\n"
                         "strb r4, [r12]\n"
                         "strb r5, [r12, #1]\n"
                         "strb r6, [r12, r11]\n"
                         "add r12, r12, r11\n"
                         "strb r7, [r12, #1]\n" NEXT_PAIR);
    /* clang-format on */
}

/* clamp((high32_rounded(2 acc * multiplier) + constant - (acc < 0)) >> shift) of an accumulator of channel a or b */
#define ROUND(acc)                                                                                                     \
    "add r11, r9, " acc ", asr #31\n"                                                                                  \
    "lsl " acc ", " acc ", #1\n"                                                                                       \
    "smmlar " acc ", " acc ", r8, r11\n"                                                                               \
    "asr " acc ", " acc ", r10\n"                                                                                      \
    "ssat " acc ", #8, " acc "\n"

__attribute__((naked)) const int32_t *mn_block_rounded(
    const uint32_t *column, int32_t words, int8_t *output, int32_t channels, const int32_t *stream)
{
    /* clang-format off */
    __asm volatile(BEGIN "ldr r8, [lr]\n"
                         "ldr r9, [lr, #8]\n"
                         "ldrsh r10, [lr, #16]\n"
                         "ldr r12, [sp, " OUTPUT "]\n" ROUND("r0") ROUND("r2") ROUND("r4") ROUND("r6")
                         "ldr r8, [lr, #4]\n"
                         "ldr r9, [lr, #12]\n"
                         "ldrsh r10, [lr, #18]\n"
                         "add lr, lr, #20\n"
                         "str lr, [sp, " STREAM "]\n"
                         "ldr lr, [sp, " CHANNELS "]\n" ROUND("r1") ROUND("r3") ROUND("r5") ROUND("r7")
                         "strb r0, [r12]\n"
                         "strb r1, [r12, #1]\n"
                         "add r12, r12, lr\n"
                         "strb r2, [r12]\n"
                         "strb r3, [r12, #1]\n"
                         "add r12, r12, lr\n"
                         "strb r4, [r12]\n"
                         "strb r5, [r12, #1]\n"
                         "strb r6, [r12, lr]\n"
                         "add r12, r12, lr\n"
                         "strb r7, [r12, #1]\n" NEXT_PAIR);
    /* clang-format on */
}

#endif
