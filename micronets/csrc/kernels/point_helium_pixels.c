/* SPDX-License-Identifier: Apache-2.0 */
/* 1x1 convolutions with Helium, pixel by pixel: four output channels share a load of sixteen inputs. */
#include "point_helium.h"

#if defined(__ARM_FEATURE_MVE)

/* r1: pixels, r2: input, r3: output -> r3: input, r5: output, r7: pixels, r8: stream, r9: depth, r10: groups, r11: inputs in
 * the last block, r12: channels of the last, incomplete group. */
/* clang-format off */
#define PROLOGUE                                                                                                       \
    "cmp r1, #1\n\t"                                                                                                   \
    "it lt\n\t"                                                                                                        \
    "bxlt lr\n\t"                                                                                                      \
    "push {r4-r11, lr}\n\t"                                                                                            \
    "vpush {d8-d11}\n\t"                                                                                               \
    "ldr r9, [r0, " DEPTH "]\n\t"                                                                                      \
    "ldr r12, [r0, " CHANNELS "]\n\t"                                                                                  \
    "ldr r8, [r0, " STREAM "]\n\t"                                                                                     \
    "mov r5, r3\n\t"                                                                                                   \
    "mov r3, r2\n\t"                                                                                                   \
    "mov r7, r1\n\t"                                                                                                   \
    "lsr r10, r12, #2\n\t"                                                                                             \
    "and r12, r12, #3\n\t"                                                                                             \
    "sub r11, r9, #1\n\t"                                                                                              \
    "and r11, r11, #15\n\t"                                                                                            \
    "add r11, r11, #1\n\t"
/* clang-format on */

#define EPILOGUE                                                                                                       \
    "subs r7, r7, #1\n\t"                                                                                              \
    "bne 1b\n\t"                                                                                                       \
    "vpop {d8-d11}\n\t"                                                                                                \
    "pop {r4-r11, pc}\n\t"

/* All groups of a pixel: `group` leaves four outputs in q5. */
#define GROUPS(group)                                                                                                  \
    "wls lr, r10, 3f\n"                                                                                                \
    "2:\n\t" group "vstrb.32 q5, [r5], #4\n\t"                                                                         \
    "le lr, 2b\n"                                                                                                      \
    "3:\n\t"                                                                                                           \
    "cmp r12, #0\n\t"                                                                                                  \
    "beq 4f\n\t" group "vctp.32 r12\n\t"                                                                               \
    "vpst\n\t"                                                                                                         \
    "vstrbt.32 q5, [r5]\n\t"                                                                                           \
    "add r5, r5, r12\n"                                                                                                \
    "4:\n\t"

/* A function for depths of so many blocks: a pixel's inputs stay in q0 to q3. */
/* clang-format off */
#define SHORT(name, whole_blocks, last, products)                                                                      \
    __attribute__((naked)) void name(                                                                                  \
        UNUSED const struct mn_helium_point *p, UNUSED int32_t pixels, UNUSED const int8_t *input,                     \
        UNUSED int8_t *output)                                                                                         \
    {                                                                                                                  \
        __asm volatile(PROLOGUE "1:\n\t"                                                                               \
                                "mov r1, r8\n\t"                                                                       \
                                "vctp.8 r11\n\t" whole_blocks "vpst\n\t"                                               \
                                "vldrbt.8 " last "]\n\t"                                                               \
                                "add r3, r3, r9\n\t" GROUPS(STARTS products FAST) EPILOGUE);                           \
    }
/* clang-format on */

#define WHOLE_1 "vldrb.8 q0, [r3]\n\t"
#define WHOLE_2 WHOLE_1 "vldrb.8 q1, [r3, #16]\n\t"
#define WHOLE_3 WHOLE_2 "vldrb.8 q2, [r3, #32]\n\t"

SHORT(mn_helium_pixels_fast_1, "", "q0, [r3", PRODUCTS("q0"))
SHORT(mn_helium_pixels_fast_2, WHOLE_1, "q1, [r3, #16", PRODUCTS("q0") PRODUCTS("q1"))
SHORT(mn_helium_pixels_fast_3, WHOLE_2, "q2, [r3, #32", PRODUCTS("q0") PRODUCTS("q1") PRODUCTS("q2"))
SHORT(mn_helium_pixels_fast_4, WHOLE_3, "q3, [r3, #48", PRODUCTS("q0") PRODUCTS("q1") PRODUCTS("q2") PRODUCTS("q3"))

/* The same with two roundings: low and high in q6 and q7, the zero point in r9, the depth on the stack. */
/* clang-format off */
#define SHORT_GENERAL(name, whole_blocks, last, products)                                                              \
    __attribute__((naked)) void name(                                                                                  \
        UNUSED const struct mn_helium_point *p, UNUSED int32_t pixels, UNUSED const int8_t *input,                     \
        UNUSED int8_t *output)                                                                                         \
    {                                                                                                                  \
        __asm volatile(PROLOGUE "vpush {d12-d15}\n\t"                                                                  \
                                "push {r9}\n\t"                                                                        \
                                "ldr r1, [r0, " LOW "]\n\t"                                                            \
                                "vdup.32 q6, r1\n\t"                                                                   \
                                "ldr r1, [r0, " HIGH "]\n\t"                                                           \
                                "vdup.32 q7, r1\n\t"                                                                   \
                                "ldr r9, [r0, " ZERO_POINT "]\n"                                                       \
                                "1:\n\t"                                                                               \
                                "ldr r1, [sp]\n\t"                                                                     \
                                "vctp.8 r11\n\t" whole_blocks "vpst\n\t"                                               \
                                "vldrbt.8 " last "]\n\t"                                                               \
                                "add r3, r3, r1\n\t"                                                                   \
                                "mov r1, r8\n\t" GROUPS(STARTS products ROUND_TWICE BOUND("r9", "q6", "q7"))           \
                                "subs r7, r7, #1\n\t"                                                                  \
                                "bne 1b\n\t"                                                                           \
                                "add sp, sp, #4\n\t"                                                                   \
                                "vpop {d12-d15}\n\t"                                                                   \
                                "vpop {d8-d11}\n\t"                                                                    \
                                "pop {r4-r11, pc}\n\t");                                                               \
    }
/* clang-format on */

SHORT_GENERAL(mn_helium_pixels_general_1, "", "q0, [r3", PRODUCTS("q0"))
SHORT_GENERAL(mn_helium_pixels_general_2, WHOLE_1, "q1, [r3, #16", PRODUCTS("q0") PRODUCTS("q1"))
SHORT_GENERAL(mn_helium_pixels_general_3, WHOLE_2, "q2, [r3, #32", PRODUCTS("q0") PRODUCTS("q1") PRODUCTS("q2"))
SHORT_GENERAL(
    mn_helium_pixels_general_4, WHOLE_3, "q3, [r3, #48", PRODUCTS("q0") PRODUCTS("q1") PRODUCTS("q2") PRODUCTS("q3"))

/* One group of a pixel of any depth: r3: input, r7: its next block, r10: whole blocks before the last. */
/* clang-format off */
#define LONG_GROUP(form)                                                                                               \
    STARTS                                                                                                             \
    "mov r7, r3\n\t"                                                                                                   \
    "wls lr, r10, 6f\n"                                                                                                \
    "5:\n\t"                                                                                                           \
    "vldrb.8 q0, [r7], #16\n\t" PRODUCTS("q0")                                                                         \
    "le lr, 5b\n"                                                                                                      \
    "6:\n\t"                                                                                                           \
    "vpst\n\t"                                                                                                         \
    "vldrbt.8 q0, [r7]\n\t" PRODUCTS("q0") form

/* A function for any depth; pixels left, stream and groups lie on the stack. */
#define LONG(name, set_up, form)                                                                                       \
    __attribute__((naked)) void name(                                                                                  \
        UNUSED const struct mn_helium_point *p, UNUSED int32_t pixels, UNUSED const int8_t *input,                     \
        UNUSED int8_t *output)                                                                                         \
    {                                                                                                                  \
        __asm volatile(PROLOGUE set_up                                                                                 \
                       "push {r7, r8, r10, r11}\n\t"                                                                   \
                       "sub r10, r9, #1\n\t"                                                                           \
                       "lsr r10, r10, #4\n"                                                                            \
                       "1:\n\t"                                                                                        \
                       "ldrd r1, r8, [sp, #4]\n\t"                                                                     \
                       "vctp.8 r11\n\t"                                                                                \
                       "cmp r8, #0\n\t"                                                                                \
                       "beq 3f\n"                                                                                      \
                       "2:\n\t" LONG_GROUP(form)                                                                       \
                       "vstrb.32 q5, [r5], #4\n\t"                                                                     \
                       "subs r8, r8, #1\n\t"                                                                           \
                       "bne 2b\n"                                                                                      \
                       "3:\n\t"                                                                                        \
                       "cmp r12, #0\n\t"                                                                               \
                       "beq 4f\n\t" LONG_GROUP(form)                                                                   \
                       "vctp.32 r12\n\t"                                                                               \
                       "vpst\n\t"                                                                                      \
                       "vstrbt.32 q5, [r5]\n\t"                                                                        \
                       "add r5, r5, r12\n"                                                                             \
                       "4:\n\t"                                                                                        \
                       "add r3, r3, r9\n\t"                                                                            \
                       "ldr r7, [sp]\n\t"                                                                              \
                       "subs r7, r7, #1\n\t"                                                                           \
                       "str r7, [sp]\n\t"                                                                              \
                       "bne 1b\n\t"                                                                                    \
                       "add sp, sp, #16\n\t"                                                                           \
                       "vpop {d8-d11}\n\t"                                                                             \
                       "pop {r4-r11, pc}\n\t");                                                                        \
    }

#define BOUNDS                                                                                                         \
    "ldr r1, [r0, " ZERO_POINT "]\n\t"                                                                                 \
    "vdup.32 q1, r1\n\t"                                                                                               \
    "ldr r1, [r0, " LOW "]\n\t"                                                                                        \
    "vdup.32 q2, r1\n\t"                                                                                               \
    "ldr r1, [r0, " HIGH "]\n\t"                                                                                       \
    "vdup.32 q3, r1\n\t"
/* clang-format on */

LONG(mn_helium_pixels_fast, "", FAST)
LONG(mn_helium_pixels_general, BOUNDS, ROUND_TWICE BOUND("q1", "q2", "q3"))

/* One pixel whose inputs are whole blocks, all channels in whole groups: eight blocks are unrolled. r7: the next
 * block of inputs, r5: output, r8: its end, r10: passes; on the stack: inputs, entry. */
/* clang-format off */
#define TWO_BLOCKS "vldrb.8 q0, [r7], #16\n\t" PRODUCTS("q0") "vldrb.8 q0, [r7], #16\n\t" PRODUCTS("q0")
#define WHOLE(name, bounds, form)                                                                                      \
    __attribute__((naked)) void name(                                                                           \
        UNUSED const struct mn_helium_point *p, UNUSED const int8_t *input, UNUSED int8_t *output)                     \
    {                                                                                                                  \
        __asm volatile("push {r4-r10, lr}\n\t"                                                                         \
                       "vpush {d8-d11}\n\t"                                                                           \
                       "mov r3, r1\n\t"                                                                               \
                       "mov r5, r2\n\t" bounds                                                                        \
                       "ldr r1, [r0, " STREAM "]\n\t"                                                                 \
                       "ldr r4, [r0, " DEPTH "]\n\t"                                                                  \
                       "ldr r8, [r0, " CHANNELS "]\n\t"                                                               \
                       "add r8, r5, r8\n\t"                                                                           \
                       "lsr r4, r4, #4\n\t"                                                                           \
                       "add r10, r4, #7\n\t"                                                                          \
                       "lsr r10, r10, #3\n\t"                                                                         \
                       "rsb r6, r4, #0\n\t"                                                                           \
                       "and r6, r6, #7\n\t"                                                                           \
                       "movs r7, #36\n\t"                                                                             \
                       "adr.w r9, 3f\n\t"                                                                             \
                       "mla r9, r6, r7, r9\n\t"                                                                       \
                       "orr r9, r9, #1\n\t"  \
                       "push {r3, r9}\n"                                                                             \
                       "2:\n\t" STARTS                                                                                \
                       "mov lr, r10\n\t"  \
                       "ldm sp, {r7, pc}\n\t"                                                                                    \
                       ".balign 4\n"                                                                                  \
                       "3:\n\t" TWO_BLOCKS TWO_BLOCKS TWO_BLOCKS TWO_BLOCKS                                           \
                       "le lr, 3b\n\t" form                                                                           \
                       "vstrb.32 q5, [r5], #4\n\t"                                                                    \
                       "cmp r5, r8\n\t"                                                                               \
                       "bne.w 2b\n\t"                                                                                 \
                       "add sp, sp, #8\n\t"  \
                       "vpop {d8-d11}\n\t"                                                                            \
                       "pop {r4-r10, pc}\n\t");                                                                       \
    }
/* clang-format on */

WHOLE(mn_helium_whole_fast, "", FAST)
WHOLE(mn_helium_whole_general, BOUNDS, ROUND_TWICE BOUND("q1", "q2", "q3"))

#endif
