/* SPDX-License-Identifier: Apache-2.0 */
/* Pairs of output channels with 4-bit weights over columns of four pixels, in the assembly of Armv7E-M (layouts:
 * point_int4.h). A pair's weights are unpacked to RAM, into lanes, and used there for all columns before the next pair's;
 * registers of the steps are those of point_steps.h.
 */
#include "eight_sums.h"
#include "int4_blocks.h"
#include "int4_rounding.h"
#include "micronets_config.h"
#include "micronets_dsp.h"
#include "point_steps.h"

#if MN_DSP

/* The assembly takes its arguments from their registers. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

/* `first` holds nibbles of two words of lanes; r12 masks nibbles, and lr holds the 8 that is added to each weight. */
#define UNPACK(first, second)                                                                                          \
    "and " second ", r12, " first ", lsr #4\n"                                                                         \
    "and " first ", " first ", r12\n"                                                                                  \
    "ssub16 " second ", " second ", lr\n"                                                                              \
    "ssub16 " first ", " first ", lr\n"

/* Places of four pixels in r12 and r8 to r10, the next one's on the stack. */
#define PLACES                                                                                                         \
    "ldr r11, [sp, " PIXEL_BYTES "]\n"                                                                                 \
    "add r8, r12, r11\n"                                                                                               \
    "add r9, r8, r11\n"                                                                                                \
    "add r10, r9, r11\n"                                                                                               \
    "add r11, r10, r11\n"                                                                                              \
    "str r11, [sp, " PIXEL "]\n"

#if MN_DUAL_ISSUE
#define END_BACK "subs r7, r7, #4\n"
#else
#define END_BACK
#endif

/* The pair's sums of a single pixel, whose column is at r7, by lanes at r6; `words` is even. */
#define SUM_PIXEL                                                                                                      \
    "ldr r2, [sp, " WORDS "]\n"                                                                                        \
    "21:\n"                                                                                                            \
    "ldr r3, [r6]\n"                                                                                                   \
    "ldr r4, [r6, #4]\n"                                                                                               \
    "ldr r5, [r7]\n"                                                                                                   \
    "ldr r8, [r7, #16]\n"                                                                                              \
    "adds r6, r6, #8\n"                                                                                                \
    "adds r7, r7, #32\n"                                                                                               \
    "smlad r0, r3, r5, r0\n"                                                                                           \
    "sxtb16 r3, r3\n"                                                                                                  \
    "smlad r0, r4, r8, r0\n"                                                                                           \
    "sxtb16 r4, r4\n"                                                                                                  \
    "smlad r1, r3, r5, r1\n"                                                                                           \
    "subs r2, r2, #2\n"                                                                                                \
    "smlad r1, r4, r8, r1\n"                                                                                           \
    "bne 21b\n"

#define MN_INT4_OTHER_FORMS (MN_INT4_SHIFTED_FORM || MN_INT4_ROUNDED_FORMS)

/* In two bytes of code where flags are not needed behind it. */
#if MN_INT4_MAKES_NIBBLES
#define A_OF(acc) "asr " acc ", " acc ", #8\n"
#else
#define A_OF(acc) "asrs " acc ", " acc ", #8\n"
#endif

#define TO_NIBBLE(acc) "usat " acc ", #4, " acc "\n"

__attribute__((naked)) const int32_t *mn_int4_blocks(const struct mn_int4_blocks *call)
{
    /* clang-format off */
    __asm volatile("push {r4-r11, lr}\n"
                   "sub sp, " FRAME "\n"
                   "ldm r0!, {r1-r8}\n"
                   "str r2, [sp, " WORDS "]\n"
                   "str r4, [sp, " OUTPUT "]\n"
                   "str r5, [sp, " STRIDE "]\n"
                   "str r5, [sp, " PIXEL_BYTES "]\n"
                   "ldm r0!, {r4, r5}\n"
                   "str r4, [sp, " MADE "]\n"
                   "str r5, [sp, " ROUNDING "]\n"
                   "and r4, r3, #3\n"
                   "str r4, [sp, " REST "]\n"
                   "str r7, [sp, " COPY "]\n"
                   "str r8, [sp, " CHANNELS_LEFT "]\n"
                   "mov r5, r6\n"
                   "mov r0, r1\n"
                   "lsls r4, r2, #4\n"
                   "str r4, [sp, " COLUMN_BYTES "]\n"
                   "add r9, r0, r4\n"
                   END_AHEAD
                   "str r9, [sp, " FIRST_END "]\n"
                   "lsrs r3, r3, #2\n"
                   "mla r4, r3, r4, r9\n"
                   "str r4, [sp, " LAST_END "]\n"
                   "rsbs r1, r2, #0\n"
                   "and r1, r1, " LAST_STEP "\n"
                   MOVE_BACK
                   "str r0, [sp, " FIRST_COLUMN "]\n"
                   "sub r9, r7, r9\n"
                   "str r9, [sp, " LANES "]\n"
                   "movs r3, " STEP_BYTES "\n"
                   "adr.w r4, 2f + 1\n"
                   "mla r4, r1, r3, r4\n"
                   "str r4, [sp, " ENTRY "]\n"
                   "1:\n"
                   "ldm r5!, {r0, r1}\n"
                   "asrs r2, r0, #12\n"
                   "asrs r3, r1, #12\n"
                   "add r2, r3, r2, lsl #8\n"
                   "sbfx r0, r0, #0, #12\n"
                   "sbfx r1, r1, #0, #12\n"
                   "strd r2, r3, [sp, " STARTS "]\n"
                   "strd r0, r1, [sp, " SMALL "]\n"
                   "ldr r2, [sp, " WORDS "]\n"
                   "ldr r6, [sp, " COPY "]\n"
                   "mov r12, #0x0F0F0F0F\n"
                   "mov lr, #0x08080808\n"
                   "subs r2, r2, #8\n"
                   "blt 5f\n"
                   "4:\n"
                   "ldm r5!, {r0, r3, r7, r9}\n"
                   UNPACK("r0", "r1") UNPACK("r3", "r4") UNPACK("r7", "r8") UNPACK("r9", "r10")
                   "subs r2, r2, #8\n"
                   "stm r6!, {r0, r1, r3, r4, r7-r10}\n"
                   "bge 4b\n"
                   "5:\n"
                   "adds r2, r2, #8\n"
                   "beq 6f\n"
                   "3:\n"
                   "ldm r5!, {r0}\n"
                   UNPACK("r0", "r1")
                   "subs r2, r2, #2\n"
                   "stm r6!, {r0, r1}\n"
                   "bne 3b\n"
                   "6:\n"
                   "ldm r5!, {r0, r1}\n"
                   "ldr r2, [sp, " MADE "]\n"
                   "str r5, [sp, " STREAM "]\n"
                   "strd r0, r1, [sp, " FACTORS "]\n"
#if MN_INT4_ROUNDED_FORMS
                   "cmp r2, #2\n"
                   "bne 10f\n"
                   "ldr r2, [sp, " ROUNDING "]\n"
                   "ldrd r3, r4, [sp, " SMALL "]\n"
                   READ_SHIFTS
                   "10:\n"
#endif
                   "ldr r1, [sp, " FIRST_COLUMN "]\n"
                   "ldr r2, [sp, " FIRST_END "]\n"
                   "ldr r3, [sp, " OUTPUT "]\n"
                   "ldr r4, [sp, " LAST_END "]\n"
                   "mov r12, r1\n"
                   "str r1, [sp, " COLUMN "]\n"
                   "str r2, [sp, " COLUMN_END "]\n"
                   "str r3, [sp, " PIXEL "]\n"
                   "cmp r2, r4\n"
                   "beq.w 15f\n"
                   "7:\n"
                   "ldr r0, [sp, " STARTS "]\n"
                   "ldr r1, [sp, " STARTS " + 4]\n"
                   "ldr r11, [sp, " ENTRY "]\n"
                   "ldr lr, [sp, " LANES "]\n"
                   "mov r2, r0\n"
                   "mov r4, r0\n"
                   "mov r6, r0\n"
                   "mov r3, r1\n"
                   "mov r5, r1\n"
                   "mov r7, r1\n"
                   LOAD_AHEAD
                   "bx r11\n"
                   ".balign 4\n"
                   "2:\n" PASS
                   "ldr r11, [sp, " COLUMN_END "]\n"
                   "cmp r12, r11\n"
                   "bne.w 2b\n"
                   "22:\n"
                   "ldr r8, [sp, " FACTORS "]\n"
                   "ldr r9, [sp, " FACTORS " + 4]\n"
                   "ldr r10, [sp, " SMALL "]\n"
                   "ldr lr, [sp, " SMALL " + 4]\n"
                   "ldr r12, [sp, " PIXEL "]\n"
                   "ldr r11, [sp, " MADE "]\n"
                   "subs r0, r0, r1\n"
                   "subs r2, r2, r3\n"
                   "subs r4, r4, r5\n"
                   "subs r6, r6, r7\n"
#if MN_INT4_OTHER_FORMS
                   "cmp r11, #1\n"
                   "bhi.w 8f\n"
#elif MN_INT4_MAKES_NIBBLES
                   "cmp r11, #1\n"
#endif
                   A_OF("r0")
                   A_OF("r2")
                   A_OF("r4")
                   A_OF("r6")
                   "26:\n"
                   SCALE_SUMS
#if MN_INT4_MAKES_NIBBLES
                   "beq.w 9f\n"
#endif
                   "11:\n"
                   FOR_ALL_SUMS(TO_BYTE)
                   PLACES
                   "strb r6, [r10]\n"
                   "strb r7, [r10, #1]\n"
                   "strb r4, [r9]\n"
                   "strb r5, [r9, #1]\n"
                   "strb r2, [r8]\n"
                   "strb r3, [r8, #1]\n"
                   "strb r0, [r12]\n"
                   "strb r1, [r12, #1]\n"
                   "12:\n"
                   "ldr r0, [sp, " COLUMN_BYTES "]\n"
                   "ldr r1, [sp, " COLUMN "]\n"
                   "ldr r2, [sp, " COLUMN_END "]\n"
                   "ldr r3, [sp, " LAST_END "]\n"
                   "add r12, r1, r0\n"
                   "add r2, r2, r0\n"
                   "str r12, [sp, " COLUMN "]\n"
                   "str r2, [sp, " COLUMN_END "]\n"
                   "cmp r2, r3\n"
                   "blo.w 7b\n"
                   "bhi 23f\n"
                   "15:\n"
                   "ldr r4, [sp, " REST "]\n"
                   "subs r3, r4, #1\n"
                   "blo 20f\n"
                   "beq 27f\n"
                   "ldr r0, [sp, " PIXEL "]\n"
                   "ldr r1, [sp, " STRIDE "]\n"
                   "add r2, sp, " LAST_PIXELS "\n"
                   "movs r3, #2\n"
                   "str r0, [sp, " LAST_OUTPUT "]\n"
                   "str r2, [sp, " PIXEL "]\n"
                   "str r3, [sp, " PIXEL_BYTES "]\n"
                   /* Nibbles of the pair before are among them. */
#if MN_INT4_MAKES_NIBBLES
                   "ldr r5, [sp, " MADE "]\n"
                   "cmp r5, #1\n"
                   "bne 18f\n"
                   "mov r5, r4\n"
                   "14:\n"
                   "ldrh r3, [r0]\n"
                   "add r0, r0, r1\n"
                   "strh r3, [r2], #2\n"
                   "subs r5, r5, #1\n"
                   "bne 14b\n"
                   "18:\n"
#endif
                   "ldr r12, [sp, " COLUMN "]\n"
                   "b.w 7b\n"
                   /* Four pixels at one place, of which the first one is stored last. */
                   "27:\n"
                   "ldr r7, [sp, " COLUMN_END "]\n"
                   "ldr r5, [sp, " COLUMN_BYTES "]\n"
                   "ldr r6, [sp, " COPY "]\n"
                   "ldr r0, [sp, " STARTS "]\n"
                   "ldr r1, [sp, " STARTS " + 4]\n"
                   "subs r7, r7, r5\n"
                   END_BACK
                   "str r3, [sp, " PIXEL_BYTES "]\n"
                   SUM_PIXEL
                   "b.w 22b\n"
                   "23:\n"
                   "ldr r4, [sp, " REST "]\n"
                   "ldr r0, [sp, " LAST_OUTPUT "]\n"
                   "ldr r1, [sp, " STRIDE "]\n"
                   "add r2, sp, " LAST_PIXELS "\n"
                   "str r1, [sp, " PIXEL_BYTES "]\n"
                   "cmp r4, #1\n"
                   "beq 20f\n"
                   "24:\n"
                   "ldrh r3, [r2], #2\n"
                   "subs r4, r4, #1\n"
                   "strh r3, [r0]\n"
                   "add r0, r0, r1\n"
                   "bne 24b\n"
                   "20:\n"
                   "ldr r0, [sp, " CHANNELS_LEFT "]\n"
                   "ldr r1, [sp, " OUTPUT "]\n"
                   "ldr r2, [sp, " MADE "]\n"
                   "ldr r5, [sp, " STREAM "]\n"
                   "subs r0, r0, #2\n"
                   "str r0, [sp, " CHANNELS_LEFT "]\n"
                   "beq 17f\n"
#if MN_INT4_MAKES_NIBBLES
                   /* Nibbles of two pairs take the same bytes. */
                   "cmp r2, #1\n"
                   "bne 16f\n"
                   "tst r0, #2\n"
                   "bne.w 1b\n"
                   "16:\n"
#endif
                   "adds r1, r1, #2\n"
                   "str r1, [sp, " OUTPUT "]\n"
                   "b.w 1b\n"
                   "17:\n"
                   "mov r0, r5\n"
                   "add sp, " FRAME "\n"
                   "pop {r4-r11, pc}\n"
                   "8:\n"
#if MN_INT4_SHIFTED_FORM && MN_INT4_ROUNDED_FORMS
                   "cmp r11, #3\n"
                   "beq 25f\n"
#endif
#if MN_INT4_ROUNDED_FORMS
                   ROUND_ALL
                   "ldr r12, [sp, " PIXEL "]\n"
                   "b.w 11b\n"
#endif
#if MN_INT4_SHIFTED_FORM
                   "25:\n"
                   "ldr r11, [sp, " ROUNDING "]\n"
                   "lsl r1, r1, r11\n"
                   "lsl r3, r3, r11\n"
                   "lsl r5, r5, r11\n"
                   "lsl r7, r7, r11\n"
                   "rsb r11, r11, #8\n"
                   "asr r0, r0, r11\n"
                   "asr r2, r2, r11\n"
                   "asr r4, r4, r11\n"
                   "asr r6, r6, r11\n"
                   "cmp r11, #0\n"
                   "b.w 26b\n"
#endif
#if MN_INT4_MAKES_NIBBLES
                   "9:\n"
                   FOR_ALL_SUMS(TO_NIBBLE)
                   "orr r0, r0, r1, lsl #8\n"
                   "orr r2, r2, r3, lsl #8\n"
                   "orr r4, r4, r5, lsl #8\n"
                   "orr r6, r6, r7, lsl #8\n"
                   PLACES
                   "ldr r11, [sp, " CHANNELS_LEFT "]\n"
                   "tst r11, #2\n"
                   "beq 19f\n"
                   "ldrh r1, [r12]\n"
                   "ldrh r3, [r8]\n"
                   "ldrh r5, [r9]\n"
                   "ldrh r7, [r10]\n"
                   "orr r0, r1, r0, lsl #4\n"
                   "orr r2, r3, r2, lsl #4\n"
                   "orr r4, r5, r4, lsl #4\n"
                   "orr r6, r7, r6, lsl #4\n"
                   "19:\n"
                   "strh r6, [r10]\n"
                   "strh r4, [r9]\n"
                   "strh r2, [r8]\n"
                   "strh r0, [r12]\n"
                   "b.w 12b\n"
#endif
                   );
    /* clang-format on */
}

#endif
