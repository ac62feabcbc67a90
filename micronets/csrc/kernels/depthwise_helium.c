/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise 3x3 convolution, multiplier 1: eight channels across the lanes (layouts: micronets_helium.h). Nine pointers
 * walk over the inputs of one output after another. */
#include "helium_move.h"
#include "micronets_helium.h"

#include <stddef.h>

enum
{
    OCTET = 8,
    SIDE = 3,
    TAPS = 9,
    WEIGHT_WORDS = TAPS * OCTET / 2,
    STREAM_WORDS = 3 * OCTET + WEIGHT_WORDS
};

/* Outputs beside one another, whose inputs lie equally far apart. */
struct run
{
    const int8_t *taps[TAPS];
    int8_t *output;
    const int32_t *stream;
    int32_t pixels;
    int32_t octets;                        /* whole ones */
    int32_t tail;                          /* predicate of the channels left over, two bits each; 0 for none */
    int32_t input_advance, output_advance; /* from behind the last octet of a pixel to the next pixel */
    int32_t zero_point, low, high;
    int32_t channels;
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

typedef void outputs_kernel(struct run *run);

/* One row of outputs from three rows of inputs, null where they lie outside. */
static void output_row(
    const struct mn_helium_depthwise *p, outputs_kernel *kernel, const int8_t *const *rows, int8_t *output,
    const int8_t *padding)
{
    const struct mn_window *w = &p->window;
    const int32_t channels = p->in.channels, across = w->column_dilation * channels;
    const int32_t reach = (SIDE - 1) * w->column_dilation;
    const int32_t rows_inside = rows[0] && rows[1] && rows[2];
    const int32_t walked = (channels + OCTET - 1) / OCTET * OCTET;
    struct run run;
    run.stream = p->stream;
    run.octets = channels / OCTET;
    run.tail = (1 << 2 * (channels % OCTET)) - 1;
    run.input_advance = w->column_stride * channels - walked;
    run.output_advance = channels - walked;
    run.zero_point = p->zero_point;
    run.low = p->low;
    run.high = p->high;
    run.channels = channels;
    for (int32_t column = 0, pixels = 1; column < p->out_columns; column += pixels, output += pixels * channels)
    {
        const int32_t left = column * w->column_stride - w->pad_left;
        const int8_t **tap = run.taps;
        pixels = 1;
        if (rows_inside && left >= 0 && left + reach < p->in.columns)
        {
            for (int32_t i = 0; i < SIDE; i++, tap += SIDE)
            {
                tap[0] = rows[i] + left * channels;
                tap[1] = tap[0] + across;
                tap[2] = tap[1] + across;
            }
            const int32_t fitting = (p->in.columns - 1 - reach - left) / w->column_stride + 1;
            pixels = fitting < p->out_columns - column ? fitting : p->out_columns - column;
        }
        else
        {
            for (int32_t i = 0; i < SIDE; i++)
            {
                for (int32_t j = 0, x = left; j < SIDE; j++, x += w->column_dilation)
                {
                    *tap++ = rows[i] && x >= 0 && x < p->in.columns ? rows[i] + x * channels : padding;
                }
            }
        }
        run.output = output;
        run.pixels = pixels;
        kernel(&run);
    }
}

static void sweep_band(
    const struct mn_helium_depthwise *p, outputs_kernel *kernel, int32_t row, int32_t rows, const int8_t *input,
    int8_t *output, int8_t *scratch)
{
    const struct mn_window *w = &p->window;
    const int32_t row_bytes = p->in.columns * p->in.channels;
    const int32_t first = row * w->row_stride - w->pad_top;
    const int32_t begin = first < 0 ? 0 : first;
    mn_helium_fill(scratch, p->input_zero_point, p->in.channels);
    for (const int32_t end = row + rows; row < end; row++, output += p->out_columns * p->in.channels)
    {
        const int8_t *taken[SIDE];
        for (int32_t i = 0, r = row * w->row_stride - w->pad_top; i < SIDE; i++, r += w->row_dilation)
        {
            taken[i] = r >= 0 && r < p->in.rows ? input + (r - begin) * row_bytes : 0;
        }
        output_row(p, kernel, taken, output, scratch);
    }
}

/* Row y of the output replaces row y of the input, which the next row still reads: two rows are kept. */
static void sweep_in_place(
    const struct mn_helium_depthwise *p, outputs_kernel *kernel, const int8_t *input, int8_t *output, int8_t *scratch)
{
    const int32_t row_bytes = p->in.columns * p->in.channels;
    int8_t *own = scratch + p->in.channels, *last = own + row_bytes;
    const int8_t *rows[SIDE] = {0, 0, 0};
    mn_helium_fill(scratch, p->input_zero_point, p->in.channels);
    for (int32_t y = 0; y < p->out_rows; y++, input += row_bytes, output += row_bytes)
    {
        mn_helium_copy_rows(own, 0, input, 0, row_bytes, 1);
        rows[1] = own;
        rows[2] = y + 1 < p->in.rows ? input + row_bytes : 0;
        output_row(p, kernel, rows, output, scratch);
        rows[0] = own;
        own = last;
        last = (int8_t *)(uintptr_t)rows[0];
    }
}

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
