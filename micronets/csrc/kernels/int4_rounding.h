/* SPDX-License-Identifier: Apache-2.0 */
/* The stack of int4_blocks_dsp.c, and TFLM's requantisation on it in the assembly of Armv7E-M. */
#ifndef MICRONETS_INT4_ROUNDING_H
#define MICRONETS_INT4_ROUNDING_H

#include "micronets_config.h"

/* Stack, in bytes from sp: what holds for all pairs, for a pair, and for a column of it. */
#define FIRST_COLUMN "#0"
#define FIRST_END "#4"
#define LAST_END "#8"
#define COLUMN_BYTES "#12"
#define ENTRY "#16"
#define WORDS "#20"
#define COPY "#24"
#define LANES "#28"
#define STRIDE "#32"
#define REST "#36"
#define MADE "#40"
#define ROUNDING "#44"
#define OUTPUT "#48"
#define CHANNELS_LEFT "#52"
#define STREAM "#56"
/* Of both channels. */
#define STARTS "#60"
#define FACTORS "#68"
#define SMALL "#76"
#define CONSTANTS "#84"
#define LEFTS "#92"
#define SIGNS "#100"
#define COLUMN "#108"
#define COLUMN_END "#112"
#define PIXEL "#116"
#define PIXEL_BYTES "#120"
/* Outputs of the last pixels, fewer than four, and where they go. */
#define LAST_PIXELS "#124"
#define LAST_OUTPUT "#132"
#define FRAME "#136"

#if MN_INT4_GENERAL_FORM

/* Of a channel, from its shift in r3, which is to the left where it is positive: a constant (r6), a shift to the right (r7),
 * one to the left (r8) and what is added below zero (r9), from r2, which is 2 zero points + 1. */
#define READ_SHIFT(constant, right, left, sign)                                                                        \
    "mvn r6, r3\n"                                                                                                     \
    "lsl r6, r2, r6\n"                                                                                                 \
    "rsb r7, r3, #0\n"                                                                                                 \
    "mov r8, #1\n"                                                                                                     \
    "mov r9, #-1\n"                                                                                                    \
    "cmp r3, #0\n"                                                                                                     \
    "itttt ge\n"                                                                                                       \
    "asrge r6, r2, #1\n"                                                                                               \
    "movge r7, #0\n"                                                                                                   \
    "addge r8, r3, #1\n"                                                                                               \
    "movge r9, #0\n"                                                                                                   \
    "str r6, [sp, " constant "]\n"                                                                                     \
    "str r7, [sp, " right "]\n"                                                                                        \
    "str r8, [sp, " left "]\n"                                                                                         \
    "str r9, [sp, " sign "]\n"
#define READ_SHIFTS                                                                                                    \
    READ_SHIFT(CONSTANTS, SMALL, LEFTS, SIGNS)                                                                         \
    "mov r3, r4\n" READ_SHIFT(CONSTANTS " + 4", SMALL " + 4", LEFTS " + 4", SIGNS " + 4")
#define ROUND(acc)                                                                                                     \
    "and r11, r12, " acc ", asr #31\n"                                                                                 \
    "add r11, r11, r9\n"                                                                                               \
    "smmlar " acc ", " acc ", r8, r11\n"                                                                               \
    "asr " acc ", " acc ", r10\n"
#define SHIFT(to, acc) to " " acc ", " acc ", lr\n"
/* From 256 times accumulators of channel a, and those of channel b. */
#define ROUND_ALL                                                                                                      \
    "ldr lr, [sp, " LEFTS "]\n"                                                                                        \
    "ldr r9, [sp, " CONSTANTS "]\n"                                                                                    \
    "ldr r12, [sp, " SIGNS "]\n"                                                                                       \
    "rsb lr, lr, #8\n" SHIFT("asr", "r0") SHIFT("asr", "r2") SHIFT("asr", "r4") SHIFT("asr", "r6") ROUND("r0")         \
        ROUND("r2") ROUND("r4") ROUND("r6") "ldr lr, [sp, " LEFTS " + 4]\n"                                            \
                                            "ldr r8, [sp, " FACTORS " + 4]\n"                                          \
                                            "ldr r9, [sp, " CONSTANTS " + 4]\n"                                        \
                                            "ldr r10, [sp, " SMALL " + 4]\n"                                           \
                                            "ldr r12, [sp, " SIGNS " + 4]\n" SHIFT("lsl", "r1") SHIFT("lsl", "r3")     \
                                                SHIFT("lsl", "r5") SHIFT("lsl", "r7") ROUND("r1") ROUND("r3")          \
                                                    ROUND("r5") ROUND("r7")

#else

/* All shifts are to the right: constants 2^(shift - 1) + zero point * 2^shift. */
#define READ_SHIFTS                                                                                                    \
    "mvns r6, r3\n"                                                                                                    \
    "mvns r7, r4\n"                                                                                                    \
    "lsl r6, r2, r6\n"                                                                                                 \
    "lsl r7, r2, r7\n"                                                                                                 \
    "rsbs r3, r3, #0\n"                                                                                                \
    "rsbs r4, r4, #0\n"                                                                                                \
    "strd r6, r7, [sp, " CONSTANTS "]\n"                                                                               \
    "strd r3, r4, [sp, " SMALL "]\n"
#define ROUND(acc, factor, right)                                                                                      \
    "add r11, r12, " acc ", asr #31\n"                                                                                 \
    "smmlar " acc ", " acc ", " factor ", r11\n"                                                                       \
    "asr " acc ", " acc ", " right "\n"
#define ROUND_A(acc) ROUND(acc, "r8", "r10")
#define ROUND_B(acc) "lsls " acc ", " acc ", #1\n" ROUND(acc, "r9", "lr")
/* From 256 times accumulators of channel a, and those of channel b. */
#define ROUND_ALL                                                                                                      \
    "ldr r12, [sp, " CONSTANTS "]\n"                                                                                   \
    "asrs r0, r0, #7\n"                                                                                                \
    "asrs r2, r2, #7\n"                                                                                                \
    "asrs r4, r4, #7\n"                                                                                                \
    "asrs r6, r6, #7\n" ROUND_A("r0") ROUND_A("r2") ROUND_A("r4")                                                      \
        ROUND_A("r6") "ldr r12, [sp, " CONSTANTS " + 4]\n" ROUND_B("r1") ROUND_B("r3") ROUND_B("r5") ROUND_B("r7")

#endif

#endif
