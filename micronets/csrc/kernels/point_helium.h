/* SPDX-License-Identifier: Apache-2.0 */
/* What the assembly of 1x1 convolutions on Helium shares (layouts: micronets_helium.h). The loops are written out because
 * the compiler keeps neither vectors nor accumulators in registers. */
#ifndef MICRONETS_POINT_HELIUM_H
#define MICRONETS_POINT_HELIUM_H

#include "micronets_helium.h"

#if defined(__ARM_FEATURE_MVE)

/* Pixel by pixel, any number of channels (point_helium_pixels.c). */
void mn_helium_pixels_fast(const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);
void mn_helium_pixels_fast_1(const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);
void mn_helium_pixels_fast_2(const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);
void mn_helium_pixels_fast_3(const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);
void mn_helium_pixels_fast_4(const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);
void mn_helium_pixels_general(const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);
void mn_helium_pixels_general_1(const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);
void mn_helium_pixels_general_2(const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);
void mn_helium_pixels_general_3(const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);
void mn_helium_pixels_general_4(const struct mn_helium_point *p, int32_t pixels, const int8_t *input, int8_t *output);
/* Two pixels at a time, more than 0 `pairs`; channels in whole groups of four (point_helium_pairs.c). */
void mn_helium_pairs_fast(const struct mn_helium_point *p, int32_t pairs, const int8_t *input, int8_t *output);
void mn_helium_pairs_fast_1(const struct mn_helium_point *p, int32_t pairs, const int8_t *input, int8_t *output);
void mn_helium_pairs_fast_2(const struct mn_helium_point *p, int32_t pairs, const int8_t *input, int8_t *output);
void mn_helium_pairs_fast_3(const struct mn_helium_point *p, int32_t pairs, const int8_t *input, int8_t *output);
void mn_helium_pairs_fast_4(const struct mn_helium_point *p, int32_t pairs, const int8_t *input, int8_t *output);
void mn_helium_pairs_general(const struct mn_helium_point *p, int32_t pairs, const int8_t *input, int8_t *output);
void mn_helium_pairs_general_1(const struct mn_helium_point *p, int32_t pairs, const int8_t *input, int8_t *output);
void mn_helium_pairs_general_2(const struct mn_helium_point *p, int32_t pairs, const int8_t *input, int8_t *output);
void mn_helium_pairs_general_3(const struct mn_helium_point *p, int32_t pairs, const int8_t *input, int8_t *output);
void mn_helium_pairs_general_4(const struct mn_helium_point *p, int32_t pairs, const int8_t *input, int8_t *output);
/* One pixel; depth in whole blocks of sixteen, channels in whole groups of four. */
void mn_helium_whole_fast(const struct mn_helium_point *p, const int8_t *input, int8_t *output);
void mn_helium_whole_general(const struct mn_helium_point *p, const int8_t *input, int8_t *output);

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

#endif

#endif
