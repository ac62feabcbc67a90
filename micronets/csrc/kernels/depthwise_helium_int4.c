/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise 3x3 convolution of 4-bit weights, multiplier 1: sixteen channels across the lanes, sums of products in 16 bits
 * (layouts: helium_int4.h). */
#define MN_LANES 16
#include "depthwise_helium.h"
#include "helium_int4.h"

enum
{
    STREAM_BYTES = 208,
    LAST_TAP = 64,
    STARTS = 80,
    FACTORS = 112,
    OFFSETS = 176
};

#if defined(__ARM_FEATURE_MVE)

/* clang-format off */
/* Weights of two taps, in q4 and q3. */
#define WEIGHTS                                                                                                        \
    "vldrb.8 q3, [r7], #16\n\t"                                                                                        \
    "vshl.i8 q4, q3, #4\n\t"                                                                                           \
    "vshr.s8 q3, q3, #4\n\t"                                                                                           \
    "vshr.s8 q4, q4, #4\n\t"
/* Added to the sums of even channels in q0, of odd ones in q1. */
#define TAP(pointer, weights)                                                                                          \
    "vldrb.8 q2, [" pointer "], #16\n\t"                                                                               \
    "vmullb.s8 q5, q2, " weights "\n\t"                                                                                \
    "vmullt.s8 q6, q2, " weights "\n\t"                                                                                \
    "vadd.i16 q0, q0, q5\n\t"                                                                                          \
    "vadd.i16 q1, q1, q6\n\t"
#define ROUND(sums)                                                                                                    \
    "vldrw.32 q5, [r7], #16\n\t"                                                                                       \
    "vrmulh.s32 " sums ", " sums ", q5\n\t"
#define OFFSET(sums)                                                                                                   \
    "vldrh.s32 q5, [r7], #8\n\t"                                                                                       \
    "vadd.i32 " sums ", " sums ", q5\n\t"

/* r0 to r6, r8, r9: taps; r7: stream; r10: output; r11: `run`. The last channels have a predicate of the loop's. */
static __attribute__((noinline)) void outputs(struct run *run)
{
    register struct run *r __asm("r11") = run;
    __asm volatile("ldm r11, {r0-r6, r8, r9, r10}\n"
                   "1:\n\t"
                   "ldr r7, [r11, %[stream]]\n\t"
                   "ldr r12, [r11, %[channels]]\n\t"
                   "wlstp.8 lr, r12, 3f\n"
                   "2:\n\t" WEIGHTS
                   "vldrb.8 q2, [r0], #16\n\t"
                   "vmullb.s8 q0, q2, q4\n\t"
                   "vmullt.s8 q1, q2, q4\n\t" TAP("r1", "q3") WEIGHTS TAP("r2", "q4") TAP("r3", "q3")
                   WEIGHTS TAP("r4", "q4") TAP("r5", "q3") WEIGHTS TAP("r6", "q4") TAP("r8", "q3")
                   "vldrb.8 q3, [r7], #16\n\t" TAP("r9", "q3")
                   "vldrh.16 q5, [r7], #16\n\t"
                   "vldrh.16 q6, [r7], #16\n\t"
                   "vadd.i16 q0, q0, q5\n\t"
                   "vadd.i16 q1, q1, q6\n\t"
                   "vshllb.s16 q2, q0, #4\n\t"
                   "vshllt.s16 q0, q0, #4\n\t"
                   "vshllb.s16 q3, q1, #4\n\t"
                   "vshllt.s16 q1, q1, #4\n\t" ROUND("q2") ROUND("q0") ROUND("q3") ROUND("q1")
                   OFFSET("q2") OFFSET("q0") OFFSET("q3") OFFSET("q1")
                   "vqmovnb.s32 q2, q2\n\t"
                   "vqmovnt.s32 q2, q0\n\t"
                   "vqmovnb.s32 q3, q3\n\t"
                   "vqmovnt.s32 q3, q1\n\t"
                   "vqmovnb.s16 q2, q2\n\t"
                   "vqmovnt.s16 q2, q3\n\t"
                   "vstrb.8 q2, [r10], #16\n\t"
                   "letp lr, 2b\n"
                   "3:\n\t"
                   "ldr r7, [r11, %[pixels]]\n\t"
                   "subs r7, r7, #1\n\t"
                   "beq 5f\n\t"
                   "str r7, [r11, %[pixels]]\n\t"
                   "ldr r7, [r11, %[output_advance]]\n\t"
                   "add r10, r10, r7\n\t"
                   "ldr r7, [r11, %[input_advance]]\n\t"
                   "cmp r7, #0\n\t"
                   "beq 1b\n\t"
                   "add r0, r0, r7\n\t"
                   "add r1, r1, r7\n\t"
                   "add r2, r2, r7\n\t"
                   "add r3, r3, r7\n\t"
                   "add r4, r4, r7\n\t"
                   "add r5, r5, r7\n\t"
                   "add r6, r6, r7\n\t"
                   "add r8, r8, r7\n\t"
                   "add r9, r9, r7\n\t"
                   "b 1b\n"
                   "5:\n\t"
                   :
                   : "r"(r), [stream] "i"(offsetof(struct run, stream)),
                     [channels] "i"(offsetof(struct run, channels)), [pixels] "i"(offsetof(struct run, pixels)),
                     [input_advance] "i"(offsetof(struct run, input_advance)),
                     [output_advance] "i"(offsetof(struct run, output_advance))
                   : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r12", "lr", "q0", "q1", "q2",
                     "q3", "q4", "q5", "q6", "cc", "memory");
}
/* clang-format on */

#else

#include "helium_round.h"

static int32_t weight_of(const int8_t *stream, int32_t tap, int32_t lane)
{
    if (tap == TAPS - 1)
    {
        return stream[LAST_TAP + lane];
    }
    const int32_t both = stream[tap / 2 * MN_LANES + lane], high = both >> 4;
    return tap % 2 ? high : (((both & 0xF) ^ 8) - 8);
}

static void outputs(struct run *run)
{
    const int32_t channels = run->channels, walked = (channels + MN_LANES - 1) / MN_LANES * MN_LANES;
    for (int32_t i = 0; i < run->pixels; i++)
    {
        const int32_t from = i * (walked + run->input_advance);
        int8_t *const to = run->output + i * (walked + run->output_advance);
        for (int32_t channel = 0; channel < channels; channel++)
        {
            const int32_t lane = channel % MN_LANES, half = lane % 2 * (MN_LANES / 2) + lane / 2;
            const int32_t place = lane % 4 / 2 * 4 + lane % 2 * 8 + lane / 4;
            const int8_t *stream = (const int8_t *)run->stream + channel / MN_LANES * STREAM_BYTES;
            int32_t acc = ((const int16_t *)(const void *)(stream + STARTS))[half];
            for (int32_t tap = 0; tap < TAPS; tap++)
            {
                acc += run->taps[tap][from + channel] * weight_of(stream, tap, lane);
            }
            to[channel] = mn_helium_fast(
                16 * (int16_t)acc, ((const int32_t *)(const void *)(stream + FACTORS))[place],
                ((const int16_t *)(const void *)(stream + OFFSETS))[place]);
        }
    }
}

#endif

void mn_helium_depthwise_int4(
    const struct mn_helium_depthwise *p, int32_t row, int32_t rows, const int8_t *input, int8_t *output,
    int8_t *scratch)
{
    sweep_band(p, outputs, row, rows, input, output, scratch);
}

void mn_helium_depthwise_in_place_int4(
    const struct mn_helium_depthwise *p, const int8_t *input, int8_t *output, int8_t *scratch)
{
    sweep_in_place(p, outputs, input, output, scratch);
}
