/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise 3x3 convolution, multiplier 1: eight channels across the lanes (layouts: micronets_helium.h). Nine pointers
 * walk over the inputs of one output after another. */
#define MN_LANES OCTET
#include "depthwise_helium.h"

enum
{
    WEIGHT_WORDS = TAPS * OCTET / 2,
    STREAM_WORDS = 3 * OCTET + WEIGHT_WORDS
};

#if defined(__ARM_FEATURE_MVE)

#define PLAIN(instruction, operands) instruction "." operands "\n\t"
#define PREDICATED(instruction, operands) "vpst\n\t" instruction "t." operands "\n\t"

/* Loads that widen take their address from r0 to r7: seven taps are there, two and the output pass through r7. */
#define PRODUCTS                                                                                                       \
    "vldrh.16 q3, [r9], #16\n\t"                                                                                       \
    "vmullb.s16 q4, q2, q3\n\t"                                                                                        \
    "vmullt.s16 q5, q2, q3\n\t"                                                                                        \
    "vadd.i32 q0, q0, q4\n\t"                                                                                          \
    "vadd.i32 q1, q1, q5\n\t"
#define TAP(MEMORY, pointer) MEMORY("vldrb", "s16 q2, [" pointer "], #8") PRODUCTS
/* clang-format off */
#define FAR_TAP(MEMORY, pointer)                                                                                       \
    "mov r7, " pointer "\n\t" MEMORY("vldrb", "s16 q2, [r7]") "add " pointer ", " pointer ", #8\n\t" PRODUCTS

/* Accumulators of eight channels: q0 the even ones, q1 the odd ones; then the constants of both. */
#define OCTET_OF(MEMORY)                                                                                               \
    "vldrw.32 q0, [r9], #16\n\t"                                                                                       \
    "vldrw.32 q1, [r9], #16\n\t" TAP(MEMORY, "r0") TAP(MEMORY, "r1") TAP(MEMORY, "r2") TAP(MEMORY, "r3")               \
        TAP(MEMORY, "r4") TAP(MEMORY, "r5") TAP(MEMORY, "r6") FAR_TAP(MEMORY, "r8") FAR_TAP(MEMORY, "r10")             \
    "vldrw.32 q2, [r9], #16\n\t"                                                                                       \
    "vldrw.32 q3, [r9], #16\n\t"                                                                                       \
    "vldrw.32 q4, [r9], #16\n\t"                                                                                       \
    "vldrw.32 q5, [r9], #16\n\t"
/* clang-format on */

/* To int8 in the lower byte of each of eight lanes of q0. */
#define FAST                                                                                                           \
    "vrmulh.s32 q0, q0, q2\n\t"                                                                                        \
    "vrmulh.s32 q1, q1, q3\n\t"                                                                                        \
    "vadd.i32 q0, q0, q4\n\t"                                                                                          \
    "vadd.i32 q1, q1, q5\n\t"                                                                                          \
    "vqmovnb.s32 q0, q0\n\t"                                                                                           \
    "vqmovnt.s32 q0, q1\n\t"                                                                                           \
    "vqmovnb.s16 q0, q0\n\t"

/* Low and high in q6 and q7. Saturating to int16 keeps beyond int8's bounds what lies beyond them. */
#define GENERAL                                                                                                        \
    "vqrdmulh.s32 q0, q0, q2\n\t"                                                                                      \
    "vqrdmulh.s32 q1, q1, q3\n\t"                                                                                      \
    "vshr.s32 q2, q0, #31\n\t"                                                                                         \
    "vshr.s32 q3, q1, #31\n\t"                                                                                         \
    "ldr r7, [r11, %[zero_point]]\n\t"                                                                                 \
    "vadd.i32 q0, q0, q2\n\t"                                                                                          \
    "vadd.i32 q1, q1, q3\n\t"                                                                                          \
    "vrshl.s32 q0, q0, q4\n\t"                                                                                         \
    "vrshl.s32 q1, q1, q5\n\t"                                                                                         \
    "vqmovnb.s32 q0, q0\n\t"                                                                                           \
    "vqmovnt.s32 q0, q1\n\t"                                                                                           \
    "vqadd.s16 q0, q0, r7\n\t"                                                                                         \
    "vmax.s16 q0, q0, q6\n\t"                                                                                          \
    "vmin.s16 q0, q0, q7\n\t"

/* clang-format off */
#define CHANNELS(MEMORY, form)                                                                                         \
    OCTET_OF(MEMORY) form "mov r7, r12\n\t" MEMORY("vstrb", "16 q0, [r7]") "add r12, r12, #8\n\t"

/* r0 to r6, r8, r10: taps; r9: stream; r12: output; r11: `run`. */
#define OUTPUTS(name, form)                                                                                            \
    static __attribute__((noinline)) void name(struct run *run)                                                        \
    {                                                                                                                  \
        register struct run *r __asm("r11") = run;                                                                     \
        __asm volatile("ldr r0, [r11, %[low]]\n\t"                                                                     \
                       "ldr r1, [r11, %[high]]\n\t"                                                                    \
                       "vdup.16 q6, r0\n\t"                                                                            \
                       "vdup.16 q7, r1\n\t"                                                                            \
                       "ldr r0, [r11, %[tail]]\n\t"                                                                    \
                       "vmsr p0, r0\n\t"                                                                               \
                       "ldm r11, {r0-r6, r8, r10, r12}\n"                                                              \
                       "1:\n\t"                                                                                        \
                       "ldr r9, [r11, %[stream]]\n\t"                                                                  \
                       "ldr r7, [r11, %[octets]]\n\t"                                                                  \
                       "wls lr, r7, 3f\n"                                                                              \
                       "2:\n\t" CHANNELS(PLAIN, form)                                                                  \
                       "le lr, 2b\n"                                                                                   \
                       "3:\n\t"                                                                                        \
                       "ldr r7, [r11, %[tail]]\n\t"                                                                    \
                       "cmp r7, #0\n\t"                                                                                \
                       "beq 4f\n\t" CHANNELS(PREDICATED, form)                                                         \
                       "4:\n\t"                                                                                        \
                       "ldr r7, [r11, %[pixels]]\n\t"                                                                  \
                       "subs r7, r7, #1\n\t"                                                                           \
                       "beq 5f\n\t"                                                                                    \
                       "str r7, [r11, %[pixels]]\n\t"                                                                  \
                       "ldr r7, [r11, %[output_advance]]\n\t"                                                          \
                       "add r12, r12, r7\n\t"                                                                          \
                       "ldr r7, [r11, %[input_advance]]\n\t"                                                           \
                       "cmp r7, #0\n\t"                                                                                \
                       "beq 1b\n\t"                                                                                    \
                       "add r0, r0, r7\n\t"                                                                            \
                       "add r1, r1, r7\n\t"                                                                            \
                       "add r2, r2, r7\n\t"                                                                            \
                       "add r3, r3, r7\n\t"                                                                            \
                       "add r4, r4, r7\n\t"                                                                            \
                       "add r5, r5, r7\n\t"                                                                            \
                       "add r6, r6, r7\n\t"                                                                            \
                       "add r8, r8, r7\n\t"                                                                            \
                       "add r10, r10, r7\n\t"                                                                          \
                       "b 1b\n"                                                                                        \
                       "5:\n\t"                                                                                        \
                       :                                                                                               \
                       : "r"(r), [stream] "i"(offsetof(struct run, stream)),                                           \
                         [pixels] "i"(offsetof(struct run, pixels)), [octets] "i"(offsetof(struct run, octets)),       \
                         [tail] "i"(offsetof(struct run, tail)),                                                       \
                         [input_advance] "i"(offsetof(struct run, input_advance)),                                     \
                         [output_advance] "i"(offsetof(struct run, output_advance)),                                   \
                         [zero_point] "i"(offsetof(struct run, zero_point)), [low] "i"(offsetof(struct run, low)),     \
                         [high] "i"(offsetof(struct run, high))                                                        \
                       : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r12", "lr", "q0", "q1",   \
                         "q2", "q3", "q4", "q5", "q6", "q7", "cc", "memory");                                          \
    }
/* clang-format on */

OUTPUTS(outputs_fast, FAST)
OUTPUTS(outputs_general, GENERAL)

#else

#include "helium_round.h"

static __attribute__((always_inline)) inline void outputs(const struct run *run, int is_fast)
{
    const int32_t walked = (run->octets + (run->tail != 0)) * OCTET;
    for (int32_t i = 0; i < run->pixels; i++)
    {
        const int32_t from = i * (walked + run->input_advance);
        int8_t *const to = run->output + i * (walked + run->output_advance);
        for (int32_t channel = 0; channel < run->channels; channel++)
        {
            const int32_t lane = channel % OCTET, place = lane / 2 + lane % 2 * (OCTET / 2);
            const int32_t *stream = run->stream + channel / OCTET * STREAM_WORDS;
            const int16_t *weights = (const int16_t *)(const void *)(stream + OCTET);
            const int32_t *round = stream + OCTET + WEIGHT_WORDS + place;
            uint32_t acc = (uint32_t)stream[place];
            for (int32_t tap = 0; tap < TAPS; tap++)
            {
                acc += (uint32_t)(run->taps[tap][from + channel] * weights[tap * OCTET + lane]);
            }
            if (is_fast)
            {
                to[channel] = mn_helium_fast((int32_t)acc, round[0], round[OCTET]);
                continue;
            }
            const int32_t twice = mn_helium_twice_rounded((int32_t)acc, round[0], round[OCTET]);
            to[channel] = (int8_t)mn_helium_clamp(twice + run->zero_point, run->low, run->high);
        }
    }
}

static void outputs_fast(struct run *run)
{
    outputs(run, 1);
}

static void outputs_general(struct run *run)
{
    outputs(run, 0);
}

#endif

void mn_helium_depthwise_fast(
    const struct mn_helium_depthwise *p, int32_t row, int32_t rows, const int8_t *input, int8_t *output,
    int8_t *scratch)
{
    sweep_band(p, outputs_fast, row, rows, input, output, scratch);
}

void mn_helium_depthwise_general(
    const struct mn_helium_depthwise *p, int32_t row, int32_t rows, const int8_t *input, int8_t *output,
    int8_t *scratch)
{
    sweep_band(p, outputs_general, row, rows, input, output, scratch);
}

void mn_helium_depthwise_in_place_fast(
    const struct mn_helium_depthwise *p, const int8_t *input, int8_t *output, int8_t *scratch)
{
    sweep_in_place(p, outputs_fast, input, output, scratch);
}

void mn_helium_depthwise_in_place_general(
    const struct mn_helium_depthwise *p, const int8_t *input, int8_t *output, int8_t *scratch)
{
    sweep_in_place(p, outputs_general, input, output, scratch);
}
