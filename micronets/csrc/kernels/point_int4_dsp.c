/* SPDX-License-Identifier: Apache-2.0 */
/* 4-bit weights to lanes in the assembly of Armv7E-M (layouts: point_int4.h): two instructions a word.
 *
 * r0 walks the nibbles, r1 the lanes, r2 counts; r3 masks nibbles, and r12 holds the 8 that is added to each weight.
 */
#include "point_int4_dsp.h"

#if MN_DSP

/* The assembly takes its arguments from their registers. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

#define MASK(first, second)                                                                                            \
    "and " second ", r3, " first ", lsr #4\n"                                                                          \
    "and " first ", " first ", r3\n"
#define CENTRE(lanes) "ssub16 " lanes ", " lanes ", r12\n"

__attribute__((naked)) const int32_t *mn_unpack_lanes(const int32_t *nibbles, int32_t *lanes, int32_t words)
{
    /* clang-format off */
    __asm volatile("push {r4-r11}\n"
                   "mov r3, #0x0F0F0F0F\n"
                   "mov r12, #0x08080808\n"
                   "subs r2, r2, #8\n"
                   "blt 2f\n"
                   "1:\n"
                   "ldm r0!, {r4, r6, r8, r10}\n"
                   MASK("r4", "r5") MASK("r6", "r7") MASK("r8", "r9") MASK("r10", "r11")
                   CENTRE("r4") CENTRE("r5") CENTRE("r6") CENTRE("r7")
                   CENTRE("r8") CENTRE("r9") CENTRE("r10") CENTRE("r11")
                   "subs r2, r2, #8\n"
                   "stm r1!, {r4-r11}\n"
                   "bge 1b\n"
                   "2:\n"
                   "adds r2, r2, #8\n"
                   "beq 4f\n"
                   "3:\n"
                   "ldr r4, [r0], #4\n"
                   MASK("r4", "r5") CENTRE("r4") CENTRE("r5")
                   "subs r2, r2, #2\n"
                   "stm r1!, {r4, r5}\n"
                   "bne 3b\n"
                   "4:\n"
                   "pop {r4-r11}\n"
                   "bx lr\n");
    /* clang-format on */
}

#endif
