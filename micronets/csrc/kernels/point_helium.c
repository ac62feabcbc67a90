/* SPDX-License-Identifier: Apache-2.0 */
/* 1x1 convolutions, fully connected layers and patches: four output channels share a load of sixteen inputs (layouts:
 * micronets_helium.h). The loops are written out in assembly because the compiler keeps neither vectors nor accumulators
 * in registers. */
#include "micronets_helium.h"

#if defined(__ARM_FEATURE_MVE)

#define UNUSED __attribute__((unused))

/* struct mn_helium_point */
#define DEPTH "#0"
#define CHANNELS "#4"
#define ZERO_POINT "#8"
#define LOW "#12"
#define HIGH "#16"
#define STREAM "#20"

/* Sixteen inputs in `x` times the weights of four channels at r1, added to r0, r2, r4 and r6. */
#define PRODUCTS(x)                                                                                                    \
    "vldrb.8 q4, [r1], #16\n\t"                                                                                        \
    "vmladava.s8 r0, " x ", q4\n\t"                                                                                    \
    "vldrb.8 q4, [r1], #16\n\t"                                                                                        \
    "vmladava.s8 r2, " x ", q4\n\t"                                                                                    \
    "vldrb.8 q4, [r1], #16\n\t"                                                                                        \
    "vmladava.s8 r4, " x ", q4\n\t"                                                                                    \
    "vldrb.8 q4, [r1], #16\n\t"                                                                                        \
    "vmladava.s8 r6, " x ", q4\n\t"

#define STARTS                                                                                                         \
    "ldrd r0, r2, [r1], #8\n\t"                                                                                        \
    "ldrd r4, r6, [r1], #8\n\t"

#define GATHER                                                                                                         \
    "vmov d10, r0, r2\n\t"                                                                                             \
    "vmov d11, r4, r6\n\t"

/* Accumulators to int8 in the lowest byte of each lane of q5. */
#define FAST                                                                                                           \
    GATHER                                                                                                             \
    "vldrw.32 q4, [r1], #16\n\t"                                                                                       \
    "vrmulh.s32 q5, q5, q4\n\t"                                                                                        \
    "vldrw.32 q4, [r1], #16\n\t"                                                                                       \
    "vadd.i32 q5, q5, q4\n\t"                                                                                          \
    "vqmovnb.s32 q5, q5\n\t"                                                                                           \
    "vqmovnb.s16 q5, q5\n\t"

/* Two roundings of the accumulators, into q5. */
#define ROUND_TWICE                                                                                                    \
    GATHER                                                                                                             \
    "vldrw.32 q4, [r1], #16\n\t"                                                                                       \
    "vqrdmulh.s32 q5, q5, q4\n\t"                                                                                      \
    "vshr.s32 q4, q5, #31\n\t"                                                                                         \
    "vadd.i32 q5, q5, q4\n\t"                                                                                          \
    "vldrw.32 q4, [r1], #16\n\t"                                                                                       \
    "vrshl.s32 q5, q5, q4\n\t"

/* The zero point is a vector or a scalar register. */
#define BOUND(zero_point, low, high)                                                                                   \
    "vadd.i32 q5, q5, " zero_point "\n\t"                                                                              \
    "vmax.s32 q5, q5, " low "\n\t"                                                                                     \
    "vmin.s32 q5, q5, " high "\n\t"

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
        UNUSED const struct mn_helium_point *p, UNUSED int32_t pixels, UNUSED const int8_t *input,                         \
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

SHORT(mn_helium_point_fast_1, "", "q0, [r3", PRODUCTS("q0"))
SHORT(mn_helium_point_fast_2, WHOLE_1, "q1, [r3, #16", PRODUCTS("q0") PRODUCTS("q1"))
SHORT(mn_helium_point_fast_3, WHOLE_2, "q2, [r3, #32", PRODUCTS("q0") PRODUCTS("q1") PRODUCTS("q2"))
SHORT(mn_helium_point_fast_4, WHOLE_3, "q3, [r3, #48", PRODUCTS("q0") PRODUCTS("q1") PRODUCTS("q2") PRODUCTS("q3"))

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

SHORT_GENERAL(mn_helium_point_general_1, "", "q0, [r3", PRODUCTS("q0"))
SHORT_GENERAL(mn_helium_point_general_2, WHOLE_1, "q1, [r3, #16", PRODUCTS("q0") PRODUCTS("q1"))
SHORT_GENERAL(mn_helium_point_general_3, WHOLE_2, "q2, [r3, #32", PRODUCTS("q0") PRODUCTS("q1") PRODUCTS("q2"))
SHORT_GENERAL(
    mn_helium_point_general_4, WHOLE_3, "q3, [r3, #48", PRODUCTS("q0") PRODUCTS("q1") PRODUCTS("q2") PRODUCTS("q3"))

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
        UNUSED const struct mn_helium_point *p, UNUSED int32_t pixels, UNUSED const int8_t *input,                         \
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

LONG(mn_helium_point_fast, "", FAST)
LONG(mn_helium_point_general, BOUNDS, ROUND_TWICE BOUND("q1", "q2", "q3"))

#else

#include "helium_round.h"

#include <string.h>

static void multiply(const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output, int is_fast)
{
    const int32_t depth = p->depth, channels = p->channels, blocks = (depth + 15) / 16;
    for (; pixels > 0; pixels--, input += depth, output += channels)
    {
        const int32_t *stream = p->stream;
        for (int32_t channel = 0; channel < channels; channel += 4, stream += 4 + 16 * blocks + 8)
        {
            const int32_t *round = stream + 4 + 16 * blocks;
            for (int32_t lane = 0; lane < 4 && channel + lane < channels; lane++)
            {
                const int8_t *w = (const int8_t *)(stream + 4) + 16 * lane;
                uint32_t acc = (uint32_t)stream[lane];
                for (int32_t i = 0; i < depth; i++)
                {
                    acc += (uint32_t)(input[i] * w[i / 16 * 64 + i % 16]);
                }
                if (is_fast)
                {
                    output[channel + lane] = mn_helium_fast((int32_t)acc, round[lane], round[4 + lane]);
                    continue;
                }
                const int32_t twice = mn_helium_twice_rounded((int32_t)acc, round[lane], round[4 + lane]);
                output[channel + lane] = (int8_t)mn_helium_clamp(twice + p->zero_point, p->low, p->high);
            }
        }
    }
}

/* A pixel is written after it has been read. */
#define SHORT(name, blocks, is_fast)                                                                                   \
    void name(const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output)                    \
    {                                                                                                                  \
        int8_t pixel[16 * blocks];                                                                                     \
        for (; pixels > 0; pixels--, input += p->depth, output += p->channels)                                         \
        {                                                                                                              \
            memcpy(pixel, input, (size_t)p->depth);                                                                    \
            multiply(p, 1, pixel, output, is_fast);                                                                    \
        }                                                                                                              \
    }

SHORT(mn_helium_point_fast_1, 1, 1)
SHORT(mn_helium_point_fast_2, 2, 1)
SHORT(mn_helium_point_fast_3, 3, 1)
SHORT(mn_helium_point_fast_4, 4, 1)
SHORT(mn_helium_point_general_1, 1, 0)
SHORT(mn_helium_point_general_2, 2, 0)
SHORT(mn_helium_point_general_3, 3, 0)
SHORT(mn_helium_point_general_4, 4, 0)

void mn_helium_point_fast(const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output)
{
    multiply(p, pixels, input, output, 1);
}

void mn_helium_point_general(const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output)
{
    multiply(p, pixels, input, output, 0);
}

#endif
