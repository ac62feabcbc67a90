/* SPDX-License-Identifier: Apache-2.0 */
/* The inner loops of transposed_sums.c, for Armv7E-M in assembly: the weights of a part and of four input channels stay in
 * registers for a whole row of inputs.
 *
 * r12 walks the inputs and lr the sums, two of which belong to every input; r10 and r11 are an input's lanes. Sums that
 * the next input reaches, too, stay in their registers. Eight inputs are unrolled; the first pass over them begins
 * as far in as leaves a multiple of eight, its pointers as far back.
 */
#include "micronets_config.h"
#include "micronets_dsp.h"
#include "transposed_sums.h"

#if MN_DSP

/* The assembly takes its arguments from their registers. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

/* Stack, in bytes from sp; SUMS is where sums[0] would lie if the first pass were whole. */
#define WEIGHTS "#0"
#define FIRST_SUMS "#4"
#define SUMS "#8"
#define ENTRY "#12"
#define ROW_END "#16"
#define ROW_BYTES "#20"
#define SKIPPED "#24"
#define FRAME "#28"
/* Behind the frame and nine registers. */
#define GROUPS "#64"

/* Keeps what it finds in r0 to r3: inputs, sums, weights and columns. */
#define ENTER(input_bytes)                                                                                             \
    "push {r4-r11, lr}\n"                                                                                              \
    "sub sp, " FRAME "\n"                                                                                              \
    "mov r12, r0\n"                                                                                                    \
    "rsbs r4, r3, #0\n"                                                                                                \
    "and r4, r4, #7\n"                                                                                                 \
    "lsl r5, r4, #3\n"                                                                                                 \
    "sub r12, r12, r5\n"                                                                                               \
    "sub r6, r1, r5\n"                                                                                                 \
    "add r7, r0, r3, lsl #3\n"                                                                                         \
    "lsl r8, r3, #3\n"                                                                                                 \
    "movs r9, " input_bytes "\n"                                                                                       \
    "adr.w r10, 2f\n"                                                                                                  \
    "mla r10, r4, r9, r10\n"                                                                                           \
    "orr r10, r10, #1\n"                                                                                               \
    "str r2, [sp, " WEIGHTS "]\n"                                                                                      \
    "str r1, [sp, " FIRST_SUMS "]\n"                                                                                   \
    "str r6, [sp, " SUMS "]\n"                                                                                         \
    "str r10, [sp, " ENTRY "]\n"                                                                                       \
    "str r7, [sp, " ROW_END "]\n"                                                                                      \
    "str r8, [sp, " ROW_BYTES "]\n"                                                                                    \
    "str r5, [sp, " SKIPPED "]\n"

#define BEGIN_ROW                                                                                                      \
    "ldr r10, [sp, " ENTRY "]\n"                                                                                       \
    "ldr lr, [sp, " SUMS "]\n"                                                                                         \
    "ldr r11, [sp, " FIRST_SUMS "]\n"

#define NEXT_EIGHT                                                                                                     \
    "add r12, r12, #64\n"                                                                                              \
    "add lr, lr, #64\n"                                                                                                \
    "ldr r11, [sp, " ROW_END "]\n"                                                                                     \
    "cmp r12, r11\n"                                                                                                   \
    "bne.w 2b\n"

/* The next group's inputs follow. */
#define NEXT_GROUP                                                                                                     \
    "ldr r8, [sp, " ROW_BYTES "]\n"                                                                                    \
    "ldr r9, [sp, " SKIPPED "]\n"                                                                                      \
    "ldr r10, [sp, " GROUPS "]\n"                                                                                      \
    "add r11, r11, r8\n"                                                                                               \
    "sub r12, r12, r9\n"                                                                                               \
    "subs r10, r10, #1\n"                                                                                              \
    "str r11, [sp, " ROW_END "]\n"                                                                                     \
    "str r10, [sp, " GROUPS "]\n"                                                                                      \
    "bne.w 1b\n"                                                                                                       \
    "add sp, " FRAME "\n"                                                                                              \
    "pop {r4-r11, pc}\n"

#define LANES(odd, even) "sxtb16 " #odd ", " #even ", ror #8\n sxtb16 " #even ", " #even "\n"
#define SUM(sum, even, odd)                                                                                            \
    "smlad " #sum ", " #even ", r10, " #sum "\n"                                                                       \
    "smlad " #sum ", " #odd ", r11, " #sum "\n"
#define INPUT(i)                                                                                                       \
    "ldr.w r10, [r12, #8 * " #i "]\n"                                                                                  \
    "ldr.w r11, [r12, #8 * " #i " + 4]\n"

/* Weights r0 to r5; `sum` has been begun by the input before, r7 is this one's own and `next` stays. */
#define INPUT_BYTES_3 "#48"
/* clang-format off */
#define INPUT_3(i, sum, next)                                                                                          \
    INPUT(i)                                                                                                           \
    "ldr.w r7, [lr, #8 * " #i " + 4]\n"                                                                                \
    "ldr.w " #next ", [lr, #8 * " #i " + 8]\n" SUM(sum, r0, r1) SUM(r7, r2, r3) SUM(next, r4, r5)                      \
    "str.w " #sum ", [lr, #8 * " #i "]\n"                                                                              \
    "str.w r7, [lr, #8 * " #i " + 4]\n"
/* clang-format on */

__attribute__((naked)) void mn_sums_of_row_3(
    const uint32_t *inputs, int32_t *sums, const int8_t *weights, int32_t columns, int32_t groups)
{
    /* clang-format off */
    __asm volatile(ENTER(INPUT_BYTES_3)
                   "1:\n"
                   "ldr lr, [sp, " WEIGHTS "]\n"
                   "ldm lr!, {r0, r2, r4}\n"
                   "str lr, [sp, " WEIGHTS "]\n"
                   LANES(r1, r0) LANES(r3, r2) LANES(r5, r4)
                   BEGIN_ROW
                   /* Whichever the first input takes. */
                   "ldr r6, [r11]\n"
                   "mov r8, r6\n"
                   "bx r10\n"
                   ".balign 4\n"
                   "2:\n" INPUT_3(0, r6, r8) INPUT_3(1, r8, r6) INPUT_3(2, r6, r8) INPUT_3(3, r8, r6)
                   INPUT_3(4, r6, r8) INPUT_3(5, r8, r6) INPUT_3(6, r6, r8) INPUT_3(7, r8, r6)
                   NEXT_EIGHT
                   "str r6, [lr]\n"
                   NEXT_GROUP);
    /* clang-format on */
}

/* Weights r0 to r7; r8 and r9 have been begun by the input before and are begun for the next. */
#define INPUT_BYTES_4 "#56"
#define INPUT_4(i)                                                                                                     \
    INPUT(i)                                                                                                           \
    SUM(r8, r0, r1)                                                                                                    \
    SUM(r9, r2, r3)                                                                                                    \
    "str.w r8, [lr, #8 * " #i "]\n"                                                                                    \
    "str.w r9, [lr, #8 * " #i " + 4]\n"                                                                                \
    "ldr.w r8, [lr, #8 * " #i " + 8]\n"                                                                                \
    "ldr.w r9, [lr, #8 * " #i " + 12]\n" SUM(r8, r4, r5) SUM(r9, r6, r7)

__attribute__((naked)) void mn_sums_of_row_4(
    const uint32_t *inputs, int32_t *sums, const int8_t *weights, int32_t columns, int32_t groups)
{
    /* clang-format off */
    __asm volatile(ENTER(INPUT_BYTES_4)
                   "1:\n"
                   "ldr lr, [sp, " WEIGHTS "]\n"
                   "ldm lr!, {r0, r2, r4, r6}\n"
                   "str lr, [sp, " WEIGHTS "]\n"
                   LANES(r1, r0) LANES(r3, r2) LANES(r5, r4) LANES(r7, r6)
                   BEGIN_ROW
                   "ldrd r8, r9, [r11]\n"
                   "bx r10\n"
                   ".balign 4\n"
                   "2:\n" INPUT_4(0) INPUT_4(1) INPUT_4(2) INPUT_4(3) INPUT_4(4) INPUT_4(5) INPUT_4(6) INPUT_4(7)
                   NEXT_EIGHT
                   "strd r8, r9, [lr]\n"
                   NEXT_GROUP);
    /* clang-format on */
}

#else

MN_INLINE void sums_of_row(
    const int32_t taps, const uint32_t *inputs, int32_t *sums, const int8_t *weights, int32_t columns, int32_t groups)
{
    for (; groups > 0; groups--, weights += 4 * taps)
    {
        int32_t *sum = sums;
        for (int32_t x = 0; x < columns; x++, inputs += 2, sum += 2)
        {
            for (int32_t tap = 0; tap < taps; tap++)
            {
                const uint32_t bytes = mn_load_word(weights + 4 * tap);
                const int32_t even = mn_dual_mac(mn_even_bytes(bytes), inputs[0], sum[tap]);
                sum[tap] = mn_dual_mac(mn_odd_bytes(bytes), inputs[1], even);
            }
        }
    }
}

void mn_sums_of_row_3(const uint32_t *inputs, int32_t *sums, const int8_t *weights, int32_t columns, int32_t groups)
{
    sums_of_row(3, inputs, sums, weights, columns, groups);
}

void mn_sums_of_row_4(const uint32_t *inputs, int32_t *sums, const int8_t *weights, int32_t columns, int32_t groups)
{
    sums_of_row(4, inputs, sums, weights, columns, groups);
}

#endif
