/* SPDX-License-Identifier: Apache-2.0 */
/* 1x1 convolutions and patches of 4-bit weights with Helium, two pixels at a time (layouts: helium_int4.h). */
#include "helium_int4.h"

#if defined(__ARM_FEATURE_MVE)

#define UNUSED __attribute__((unused))

/* struct mn_helium_point */
#define DEPTH "#0"
#define CHANNELS "#4"
#define ZERO_POINT "#8"
#define LOW "#12"
#define HIGH "#16"
#define STREAM "#20"

/* Two pixels at a time; a single one at the end is both of a pair.
 *
 * r0 r2 r4 r6: the first pixel's accumulators, r8 r10 r12 lr: the second's; r1: stream; r5 and r7: outputs. On the stack: */
#define KEPT_1 "#0" /* inputs of the second pixel that have no register */
#define KEPT_2 "#16"
#define KEPT_3 "#32"
#define PAIRS "#48"
#define NEXT_INPUT "#52"
#define NEXT_OUTPUT "#56"
#define OUTPUTS "#60"
#define WEIGHTS "#64"
#define INPUT_STEP "#68"   /* from pair to pair */
#define INPUT_ACROSS "#72" /* within one */
#define OUTPUT_STEP "#76"
#define OUTPUT_ACROSS "#80"
#define LAST "#84" /* inputs in the last block, or the loop's entry */
#define ZERO "#88"
#define LEAST "#92"
#define MOST "#96"
#define END "#100" /* of the first pixel's outputs */
#define ODD "#104" /* whether a single one is left */
#define FRAME "#112"

/* clang-format off */
#define PROLOGUE                                                                                                       \
    "push {r4-r11, lr}\n\t"                                                                                            \
    "vpush {d8-d15}\n\t"                                                                                               \
    "sub sp, " FRAME "\n\t"                                                                                            \
    "str r2, [sp, " NEXT_INPUT "]\n\t"                                                                                 \
    "str r3, [sp, " NEXT_OUTPUT "]\n\t"                                                                                \
    "ldrd r6, r4, [r0, " DEPTH "]\n\t"                                                                                 \
    "ldr r5, [r0, " STREAM "]\n\t"                                                                                     \
    "strd r4, r5, [sp, " OUTPUTS "]\n\t"                                                                               \
    "lsl r5, r6, #1\n\t"                                                                                               \
    "lsl r7, r4, #1\n\t"                                                                                               \
    "strd r5, r6, [sp, " INPUT_STEP "]\n\t"                                                                            \
    "strd r7, r4, [sp, " OUTPUT_STEP "]\n\t"                                                                           \
    "and r4, r1, #1\n\t"                                                                                               \
    "str r4, [sp, " ODD "]\n\t"                                                                                        \
    "lsrs r1, r1, #1\n\t"                                                                                              \
    "str r1, [sp, " PAIRS "]\n\t"

#define BOUNDS                                                                                                         \
    "ldrd r4, r5, [r0, " ZERO_POINT "]\n\t"                                                                            \
    "ldr r7, [r0, " HIGH "]\n\t"                                                                                       \
    "strd r4, r5, [sp, " ZERO "]\n\t"                                                                                  \
    "str r7, [sp, " MOST "]\n\t"

/* r3 and r4: the next two pixels; r9: outputs of one. */
#define NEXT_PAIR                                                                                                      \
    "ldr r3, [sp, " NEXT_INPUT "]\n\t"                                                                                 \
    "ldrd r6, r4, [sp, " INPUT_STEP "]\n\t"                                                                            \
    "ldr r5, [sp, " NEXT_OUTPUT "]\n\t"                                                                                \
    "ldrd r8, r7, [sp, " OUTPUT_STEP "]\n\t"                                                                           \
    "ldrd r9, r1, [sp, " OUTPUTS "]\n\t"                                                                               \
    "add r6, r3, r6\n\t"                                                                                               \
    "add r4, r3, r4\n\t"                                                                                               \
    "add r8, r5, r8\n\t"                                                                                               \
    "add r7, r5, r7\n\t"                                                                                               \
    "str r6, [sp, " NEXT_INPUT "]\n\t"                                                                                 \
    "str r8, [sp, " NEXT_OUTPUT "]\n\t"

/* Sixteen inputs of either pixel times the weights of two channels: sixteen times those of the first one in q6, and in q7
 * sixteen times those of the second one and the first one's. `add`: to what is there. */
#define OF_TWO(add, x, y, a, b, c, d)                                                                                  \
    "vldrb.8 q7, [r1], #16\n\t"                                                                                        \
    "vshl.i8 q6, q7, #4\n\t"                                                                                           \
    "vmladav" add ".s8 " a ", " x ", q6\n\t"                                                                           \
    "vmladav" add ".s8 " b ", " y ", q6\n\t"                                                                           \
    "vmladav" add ".s8 " c ", " x ", q7\n\t"                                                                           \
    "vmladav" add ".s8 " d ", " y ", q7\n\t"
#define BLOCK(add, x, y) OF_TWO(add, x, y, "r0", "r8", "r2", "r10") OF_TWO(add, x, y, "r4", "r12", "r6", "lr")

/* Sixteen times the sums, with the starts, of the first pixel in q7, of the second in q6. */
#define SUMS                                                                                                           \
    "sub r2, r2, r0, asr #4\n\t"                                                                                       \
    "sub r10, r10, r8, asr #4\n\t"                                                                                     \
    "sub r6, r6, r4, asr #4\n\t"                                                                                       \
    "sub lr, lr, r12, asr #4\n\t"                                                                                      \
    "vldrw.32 q5, [r1], #16\n\t"                                                                                       \
    "vmov d14, r0, r2\n\t"                                                                                             \
    "vmov d15, r4, r6\n\t"                                                                                             \
    "vmov d12, r8, r10\n\t"                                                                                            \
    "vmov d13, r12, lr\n\t"                                                                                            \
    "vadd.i32 q7, q7, q5\n\t"                                                                                          \
    "vadd.i32 q6, q6, q5\n\t"                                                                                          \
    "vldrw.32 q5, [r1], #16\n\t"

/* `offsets`: a load of them. */
#define ROUND_ONCE(offsets)                                                                                            \
    SUMS                                                                                                               \
    "vrmulh.s32 q7, q7, q5\n\t"                                                                                        \
    "vrmulh.s32 q6, q6, q5\n\t"                                                                                        \
    offsets "\n\t"                                                                                                     \
    "vadd.i32 q7, q7, q5\n\t"                                                                                          \
    "vadd.i32 q6, q6, q5\n\t"                                                                                          \
    "vqmovnb.s32 q7, q7\n\t"                                                                                           \
    "vqmovnb.s32 q6, q6\n\t"                                                                                           \
    "vqmovnb.s16 q7, q7\n\t"                                                                                           \
    "vqmovnb.s16 q6, q6\n\t"
#define FAST ROUND_ONCE("vldrb.s32 q5, [r1], #4")
#define WIDE ROUND_ONCE("vldrh.s32 q5, [r1], #8")
#define GENERAL                                                                                                        \
    SUMS                                                                                                               \
    "vshr.s32 q7, q7, #4\n\t"                                                                                          \
    "vshr.s32 q6, q6, #4\n\t"                                                                                          \
    "vqrdmulh.s32 q7, q7, q5\n\t"                                                                                      \
    "vqrdmulh.s32 q6, q6, q5\n\t"                                                                                      \
    "vshr.s32 q5, q7, #31\n\t"                                                                                         \
    "vadd.i32 q7, q7, q5\n\t"                                                                                          \
    "vshr.s32 q5, q6, #31\n\t"                                                                                         \
    "vadd.i32 q6, q6, q5\n\t"                                                                                          \
    "vldrb.s32 q5, [r1], #4\n\t"                                                                                       \
    "vrshl.s32 q7, q7, q5\n\t"                                                                                         \
    "vrshl.s32 q6, q6, q5\n\t"                                                                                         \
    "ldrd r0, r2, [sp, " ZERO "]\n\t"                                                                                  \
    "vadd.i32 q7, q7, r0\n\t"                                                                                          \
    "vadd.i32 q6, q6, r0\n\t"                                                                                          \
    "vdup.32 q5, r2\n\t"                                                                                               \
    "ldr r0, [sp, " MOST "]\n\t"                                                                                       \
    "vmax.s32 q7, q7, q5\n\t"                                                                                          \
    "vmax.s32 q6, q6, q5\n\t"                                                                                          \
    "vdup.32 q5, r0\n\t"                                                                                               \
    "vmin.s32 q7, q7, q5\n\t"                                                                                          \
    "vmin.s32 q6, q6, q5\n\t"

/* Four outputs of either pixel, or of channels in no whole groups of four as many as `left` says. */
#define WHOLE(left)                                                                                                    \
    "vstrb.32 q7, [r5], #4\n\t"                                                                                        \
    "vstrb.32 q6, [r7], #4\n\t"
#define REST(left)                                                                                                     \
    "vctp.32 " left "\n\t"                                                                                             \
    "vpstt\n\t"                                                                                                        \
    "vstrbt.32 q7, [r5], #4\n\t"                                                                                       \
    "vstrbt.32 q6, [r7], #4\n\t"

#define ENTER                                                                                                          \
    "cmp r1, #0\n\t"                                                                                                   \
    "beq.w 5f\n"

/* Pairs while there are any, then the single one. */
#define EPILOGUE                                                                                                       \
    "ldr r1, [sp, " PAIRS "]\n\t"                                                                                      \
    "subs r1, r1, #1\n\t"                                                                                              \
    "str r1, [sp, " PAIRS "]\n\t"                                                                                      \
    "bgt.w 1b\n"                                                                                                       \
    "5:\n\t"                                                                                                           \
    "ldr r1, [sp, " ODD "]\n\t"                                                                                        \
    "movs r0, #0\n\t"                                                                                                  \
    "str r0, [sp, " ODD "]\n\t"                                                                                        \
    "str r0, [sp, " INPUT_ACROSS "]\n\t"                                                                               \
    "str r0, [sp, " OUTPUT_ACROSS "]\n\t"                                                                              \
    "cmp r1, #0\n\t"                                                                                                   \
    "bne.w 1b\n\t"                                                                                                     \
    "add sp, sp, " FRAME "\n\t"                                                                                        \
    "vpop {d8-d15}\n\t"                                                                                                \
    "pop {r4-r11, pc}\n\t"

#define ARGUMENTS                                                                                                      \
    UNUSED const struct mn_helium_point *p, UNUSED int32_t pixels, UNUSED const int8_t *input, UNUSED int8_t *output

/* Up to four blocks of inputs stay in registers, but for some of the second pixel. */
#define SHORT(name, bounds, loads, products, form, store)                                                              \
    __attribute__((naked)) void mn_helium_point_int4_##name(ARGUMENTS)                                                 \
    {                                                                                                                  \
        __asm volatile(PROLOGUE                                                                                        \
                       "sub r7, r6, #1\n\t"                                                                            \
                       "and r7, r7, #15\n\t"                                                                           \
                       "add r7, r7, #1\n\t"                                                                            \
                       "str r7, [sp, " LAST "]\n\t" bounds                                                             \
                       ENTER                                                                                           \
                       "1:\n\t" NEXT_PAIR                                                                              \
                       "ldr r6, [sp, " LAST "]\n\t"                                                                    \
                       "vctp.8 r6\n\t" loads                                                                           \
                       "2:\n\t" products form store("r9")                                                              \
                       "subs r9, r9, #4\n\t"                                                                           \
                       "bgt.w 2b\n\t" EPILOGUE);                                                                       \
    }

#define LOADS_1                                                                                                        \
    "vpstt\n\t"                                                                                                        \
    "vldrbt.8 q0, [r3]\n\t"                                                                                            \
    "vldrbt.8 q4, [r4]\n"
#define PRODUCTS_1 BLOCK("", "q0", "q4")
#define LOADS_2                                                                                                        \
    "vldrb.8 q0, [r3]\n\t"                                                                                             \
    "vldrb.8 q4, [r4]\n\t"                                                                                             \
    "vpstt\n\t"                                                                                                        \
    "vldrbt.8 q1, [r3, #16]\n\t"                                                                                       \
    "vldrbt.8 q2, [r4, #16]\n"
#define PRODUCTS_2 BLOCK("", "q0", "q4") BLOCK("a", "q1", "q2")
#define LOADS_3                                                                                                        \
    "vldrb.8 q0, [r3]\n\t"                                                                                             \
    "vldrb.8 q1, [r3, #16]\n\t"                                                                                        \
    "vldrb.8 q4, [r4]\n\t"                                                                                             \
    "vldrb.8 q3, [r4, #16]\n\t"                                                                                        \
    "vpstt\n\t"                                                                                                        \
    "vldrbt.8 q2, [r3, #32]\n\t"                                                                                       \
    "vldrbt.8 q5, [r4, #32]\n\t"                                                                                       \
    "vstrb.8 q5, [sp, " KEPT_2 "]\n"
#define PRODUCTS_3                                                                                                     \
    BLOCK("", "q0", "q4") BLOCK("a", "q1", "q3")                                                                       \
    "vldrb.8 q5, [sp, " KEPT_2 "]\n\t" BLOCK("a", "q2", "q5")
#define LOADS_4                                                                                                        \
    "vldrb.8 q0, [r3]\n\t"                                                                                             \
    "vldrb.8 q1, [r3, #16]\n\t"                                                                                        \
    "vldrb.8 q2, [r3, #32]\n\t"                                                                                        \
    "vldrb.8 q4, [r4]\n\t"                                                                                             \
    "vldrb.8 q5, [r4, #16]\n\t"                                                                                        \
    "vldrb.8 q6, [r4, #32]\n\t"                                                                                        \
    "vpstt\n\t"                                                                                                        \
    "vldrbt.8 q3, [r3, #48]\n\t"                                                                                       \
    "vldrbt.8 q7, [r4, #48]\n\t"                                                                                       \
    "vstrb.8 q5, [sp, " KEPT_1 "]\n\t"                                                                                 \
    "vstrb.8 q6, [sp, " KEPT_2 "]\n\t"                                                                                 \
    "vstrb.8 q7, [sp, " KEPT_3 "]\n"
#define PRODUCTS_4                                                                                                     \
    BLOCK("", "q0", "q4")                                                                                              \
    "vldrb.8 q5, [sp, " KEPT_1 "]\n\t" BLOCK("a", "q1", "q5")                                                          \
    "vldrb.8 q5, [sp, " KEPT_2 "]\n\t" BLOCK("a", "q2", "q5")                                                          \
    "vldrb.8 q5, [sp, " KEPT_3 "]\n\t" BLOCK("a", "q3", "q5")

/* Of more blocks, read again for every group: up to fifteen bytes behind the second pixel are read, too. Four blocks are
 * unrolled behind the first one, and the first pass begins as far in as leaves whole passes. r3 and r11: inputs, r9: the end
 * of r3. */
#define NEXT_BLOCK(add)                                                                                                \
    "vldrb.8 q0, [r3], #16\n\t"                                                                                        \
    "vldrb.8 q1, [r11], #16\n\t" BLOCK(add, "q0", "q1")
#define LONG(name, bounds, form, store)                                                                                \
    __attribute__((naked)) void mn_helium_point_int4_##name(ARGUMENTS)                                                 \
    {                                                                                                                  \
        __asm volatile(PROLOGUE bounds                                                                                 \
                       "add r7, r6, #15\n\t"                                                                           \
                       "lsr r7, r7, #4\n\t"                                                                            \
                       "rsb r8, r7, #1\n\t"                                                                            \
                       "and r8, r8, #3\n\t"                                                                            \
                       "movs r10, #56\n\t"                                                                             \
                       "adr.w r9, 3f\n\t"                                                                              \
                       "mla r9, r8, r10, r9\n\t"                                                                       \
                       "orr r9, r9, #1\n\t"                                                                            \
                       "str r9, [sp, " LAST "]\n\t"                                                                    \
                       ENTER                                                                                           \
                       "1:\n\t" NEXT_PAIR                                                                              \
                       "add r9, r5, r9\n\t"                                                                            \
                       "str r9, [sp, " END "]\n\t"                                                                     \
                       "strd r3, r4, [sp, " KEPT_2 "]\n\t"                                                             \
                       "ldr r9, [sp, " INPUT_STEP "]\n\t"                                                              \
                       "lsr r9, r9, #1\n\t"                                                                            \
                       "add r9, r9, #15\n\t"                                                                           \
                       "bic r9, r9, #15\n\t"                                                                           \
                       "add r9, r3, r9\n"                                                                              \
                       "2:\n\t"                                                                                        \
                       "ldrd r3, r11, [sp, " KEPT_2 "]\n\t" NEXT_BLOCK("")                                             \
                       "ldr pc, [sp, " LAST "]\n\t"                                                                    \
                       ".balign 4\n"                                                                                   \
                       "3:\n\t" NEXT_BLOCK("a") NEXT_BLOCK("a") NEXT_BLOCK("a") NEXT_BLOCK("a")                        \
                       "cmp r3, r9\n\t"                                                                                \
                       "bne.w 3b\n\t" form                                                                             \
                       "ldr r0, [sp, " END "]\n\t"                                                                     \
                       "sub r2, r0, r5\n\t" store("r2")                                                                \
                       "cmp r5, r0\n\t"                                                                                \
                       "blo.w 2b\n\t" EPILOGUE);                                                                       \
    }

/* clang-format on */

SHORT(fast_1, "", LOADS_1, PRODUCTS_1, FAST, WHOLE)
SHORT(fast_2, "", LOADS_2, PRODUCTS_2, FAST, WHOLE)
SHORT(fast_3, "", LOADS_3, PRODUCTS_3, FAST, WHOLE)
SHORT(fast_4, "", LOADS_4, PRODUCTS_4, FAST, WHOLE)
LONG(fast, "", FAST, WHOLE)
SHORT(wide_1, "", LOADS_1, PRODUCTS_1, WIDE, WHOLE)
SHORT(wide_2, "", LOADS_2, PRODUCTS_2, WIDE, WHOLE)
SHORT(wide_3, "", LOADS_3, PRODUCTS_3, WIDE, WHOLE)
SHORT(wide_4, "", LOADS_4, PRODUCTS_4, WIDE, WHOLE)
LONG(wide, "", WIDE, WHOLE)
SHORT(general_1, BOUNDS, LOADS_1, PRODUCTS_1, GENERAL, WHOLE)
SHORT(general_2, BOUNDS, LOADS_2, PRODUCTS_2, GENERAL, WHOLE)
SHORT(general_3, BOUNDS, LOADS_3, PRODUCTS_3, GENERAL, WHOLE)
SHORT(general_4, BOUNDS, LOADS_4, PRODUCTS_4, GENERAL, WHOLE)
LONG(general, BOUNDS, GENERAL, WHOLE)
SHORT(fast_rest_1, "", LOADS_1, PRODUCTS_1, FAST, REST)
SHORT(fast_rest_2, "", LOADS_2, PRODUCTS_2, FAST, REST)
SHORT(fast_rest_3, "", LOADS_3, PRODUCTS_3, FAST, REST)
SHORT(fast_rest_4, "", LOADS_4, PRODUCTS_4, FAST, REST)
LONG(fast_rest, "", FAST, REST)
SHORT(wide_rest_1, "", LOADS_1, PRODUCTS_1, WIDE, REST)
SHORT(wide_rest_2, "", LOADS_2, PRODUCTS_2, WIDE, REST)
SHORT(wide_rest_3, "", LOADS_3, PRODUCTS_3, WIDE, REST)
SHORT(wide_rest_4, "", LOADS_4, PRODUCTS_4, WIDE, REST)
LONG(wide_rest, "", WIDE, REST)
SHORT(general_rest_1, BOUNDS, LOADS_1, PRODUCTS_1, GENERAL, REST)
SHORT(general_rest_2, BOUNDS, LOADS_2, PRODUCTS_2, GENERAL, REST)
SHORT(general_rest_3, BOUNDS, LOADS_3, PRODUCTS_3, GENERAL, REST)
SHORT(general_rest_4, BOUNDS, LOADS_4, PRODUCTS_4, GENERAL, REST)
LONG(general_rest, BOUNDS, GENERAL, REST)

#else

#include "helium_round.h"

#include <string.h>

enum
{
    QUAD = 4,
    BLOCK = 16,
    CONSTANTS = 32
};

static int32_t weight_of(const int8_t *group, int32_t lane, int32_t i)
{
    const int32_t both = group[i / BLOCK * 2 * BLOCK + lane / 2 * BLOCK + i % BLOCK];
    const int32_t first = ((both & 0xF) ^ 8) - 8;
    return lane % 2 ? (both - first) / 16 : first;
}

enum form
{
    FAST,
    WIDE,
    GENERAL
};

static void multiply(const struct mn_helium_point *p, const int8_t *input, int8_t *output, enum form form)
{
    const int32_t depth = p->depth, channels = p->channels, weights = (depth + BLOCK - 1) / BLOCK * 2 * BLOCK;
    const int8_t *group = (const int8_t *)p->stream;
    const int32_t group_bytes = weights + CONSTANTS + (form == WIDE ? 2 * QUAD : QUAD);
    for (int32_t channel = 0; channel < channels; channel += QUAD, group += group_bytes)
    {
        const int32_t *constants = (const int32_t *)(const void *)(group + weights);
        const int8_t *bytes = group + weights + CONSTANTS;
        const int16_t *halves = (const int16_t *)(const void *)bytes;
        for (int32_t lane = 0; lane < QUAD && channel + lane < channels; lane++)
        {
            uint32_t acc = (uint32_t)constants[lane];
            for (int32_t i = 0; i < depth; i++)
            {
                acc += (uint32_t)(16 * input[i] * weight_of(group, lane, i));
            }
            const int32_t factor = constants[QUAD + lane];
            if (form != GENERAL)
            {
                const int32_t offset = form == FAST ? bytes[lane] : halves[lane];
                output[channel + lane] = mn_helium_fast((int32_t)acc, factor, offset);
                continue;
            }
            const int32_t twice = mn_helium_twice_rounded((int32_t)acc >> 4, factor, bytes[lane]);
            output[channel + lane] = (int8_t)mn_helium_clamp(twice + p->zero_point, p->low, p->high);
        }
    }
}

/* Up to four blocks: a pixel is written after it has been read. */
static void multiply_short(
    const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output, enum form form)
{
    int8_t pixel[4 * BLOCK];
    for (; pixels > 0; pixels--, input += p->depth, output += p->channels)
    {
        memcpy(pixel, input, (size_t)p->depth);
        multiply(p, pixel, output, form);
    }
}

static void multiply_long(
    const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output, enum form form)
{
    for (; pixels > 0; pixels--, input += p->depth, output += p->channels)
    {
        multiply(p, input, output, form);
    }
}

#define POINT(name, length, form)                                                                                      \
    void mn_helium_point_int4_##name(                                                                                  \
        const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output)                          \
    {                                                                                                                  \
        multiply_##length(p, pixels, input, output, form);                                                             \
    }

POINT(fast_1, short, FAST)
POINT(fast_2, short, FAST)
POINT(fast_3, short, FAST)
POINT(fast_4, short, FAST)
POINT(fast, long, FAST)
POINT(fast_rest_1, short, FAST)
POINT(fast_rest_2, short, FAST)
POINT(fast_rest_3, short, FAST)
POINT(fast_rest_4, short, FAST)
POINT(fast_rest, long, FAST)
POINT(wide_1, short, WIDE)
POINT(wide_2, short, WIDE)
POINT(wide_3, short, WIDE)
POINT(wide_4, short, WIDE)
POINT(wide, long, WIDE)
POINT(wide_rest_1, short, WIDE)
POINT(wide_rest_2, short, WIDE)
POINT(wide_rest_3, short, WIDE)
POINT(wide_rest_4, short, WIDE)
POINT(wide_rest, long, WIDE)
POINT(general_1, short, GENERAL)
POINT(general_2, short, GENERAL)
POINT(general_3, short, GENERAL)
POINT(general_4, short, GENERAL)
POINT(general, long, GENERAL)
POINT(general_rest_1, short, GENERAL)
POINT(general_rest_2, short, GENERAL)
POINT(general_rest_3, short, GENERAL)
POINT(general_rest_4, short, GENERAL)
POINT(general_rest, long, GENERAL)

#endif
