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
#define LOAD_SHIFTS(channel)                                                                                           \
    "ldr lr, [sp, " LEFTS " + " channel "]\n"                                                                          \
    "ldr r12, [sp, " SIGNS " + " channel "]\n"
/* 256 times an accumulator of channel a, or one of channel b, shifted to the left. */
#define SHIFT_A(acc) "asr " acc ", " acc ", lr\n"
#define SHIFT_B(acc) "lsl " acc ", " acc ", lr\n"
#define LEFT_OF_A "rsb lr, lr, #8\n"
#define ROUND(acc)                                                                                                     \
    "and r11, r12, " acc ", asr #31\n"                                                                                 \
    "add r11, r11, r9\n"                                                                                               \
    "smmlar " acc ", " acc ", r8, r11\n"                                                                               \
    "asr " acc ", " acc ", r10\n"

#else

/* All shifts are to the right: constants 2^(shift - 1) + zero point * 2^shift. */
#define READ_SHIFTS                                                                                                    \
    "mvn r6, r3\n"                                                                                                     \
    "mvn r7, r4\n"                                                                                                     \
    "lsl r6, r2, r6\n"                                                                                                 \
    "lsl r7, r2, r7\n"                                                                                                 \
    "rsb r3, r3, #0\n"                                                                                                 \
    "rsb r4, r4, #0\n"                                                                                                 \
    "strd r6, r7, [sp, " CONSTANTS "]\n"                                                                               \
    "strd r3, r4, [sp, " SMALL "]\n"
#define LOAD_SHIFTS(channel)
#define SHIFT_A(acc) "asr " acc ", " acc ", #7\n"
#define SHIFT_B(acc) "lsl " acc ", " acc ", #1\n"
#define LEFT_OF_A
#define ROUND(acc)                                                                                                     \
    "add r11, r9, " acc ", asr #31\n"                                                                                  \
    "smmlar " acc ", " acc ", r8, r11\n"                                                                               \
    "asr " acc ", " acc ", r10\n"

#endif

#define LOAD_SCALE(channel)                                                                                            \
    "ldr r8, [sp, " FACTORS " + " channel "]\n"                                                                        \
    "ldr r9, [sp, " CONSTANTS " + " channel "]\n"                                                                      \
    "ldr r10, [sp, " SMALL " + " channel "]\n" LOAD_SHIFTS(channel)

#endif
