/* SPDX-License-Identifier: Apache-2.0 */
/* From the eight sums of a block of four pixels to bytes, in assembly: channel a's sums in even registers from r0 on,
 * channel b's in odd ones. */
#ifndef MICRONETS_EIGHT_SUMS_H
#define MICRONETS_EIGHT_SUMS_H

#define FOR_ALL_SUMS(operation)                                                                                        \
    operation("r0") operation("r1") operation("r2") operation("r3") operation("r4") operation("r5") operation("r6")    \
        operation("r7")
#define TO_BYTE(acc) "ssat " acc ", #8, " acc "\n"

/* offset + high32_rounded(acc * factor): factors in r8 and r9, offsets in r10 and lr. */
#define SCALE_SUMS                                                                                                     \
    "smmlar r0, r0, r8, r10\n"                                                                                         \
    "smmlar r2, r2, r8, r10\n"                                                                                         \
    "smmlar r4, r4, r8, r10\n"                                                                                         \
    "smmlar r6, r6, r8, r10\n"                                                                                         \
    "smmlar r1, r1, r9, lr\n"                                                                                          \
    "smmlar r3, r3, r9, lr\n"                                                                                          \
    "smmlar r5, r5, r9, lr\n"                                                                                          \
    "smmlar r7, r7, r9, lr\n"

/* clamp((high32_rounded(2 acc * multiplier) + constant - (acc < 0)) >> shift) of a sum of channel a, doubled already, or
 * b: multiplier in r8, constant in r9, shift in r10. */
#define ROUND_DOUBLED_SUM(acc)                                                                                         \
    "add r11, r9, " acc ", asr #31\n"                                                                                  \
    "smmlar " acc ", " acc ", r8, r11\n"                                                                               \
    "asr " acc ", " acc ", r10\n" TO_BYTE(acc)
#define ROUND_SUM(acc) "lsl " acc ", " acc ", #1\n" ROUND_DOUBLED_SUM(acc)

#endif
