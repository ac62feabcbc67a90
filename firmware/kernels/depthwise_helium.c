/* Depthwise 3x3 convolution, multiplier 1: eight channels across the lanes (layouts: micronets_helium.h). */
#include "micronets_helium.h"

#include <string.h>

enum
{
    TAPS = 9,
    OCTET_WORDS = 8 + 4 * TAPS + 16
};

/* One pixel: `taps` point to the first channel of its nine inputs. */
typedef void pixel_kernel(const struct mn_helium_depthwise *p, const int8_t *const *taps, int8_t *output);

#if defined(__ARM_FEATURE_MVE)

#define UNUSED __attribute__((unused))

/* struct mn_helium_depthwise */
#define CHANNELS "#8"
#define ZERO_POINT "#56"
#define LOW "#60"
#define HIGH "#64"
#define STREAM "#68"

#define TAP(load)                                                                                                      \
    load "vldrh.16 q3, [r9], #16\n\t"                                                                                  \
    "vmullb.s16 q4, q2, q3\n\t"                                                                                        \
    "vadd.i32 q0, q0, q4\n\t"                                                                                          \
    "vmullt.s16 q4, q2, q3\n\t"                                                                                        \
    "vadd.i32 q1, q1, q4\n\t"

/* Widening loads take r0 to r7 only. */
#define WHOLE(pointer) "vldrb.s16 q2, [" pointer "], #8\n\t"
#define WHOLE_HIGH(pointer)                                                                                            \
    "mov r7, " pointer "\n\t"                                                                                          \
    "vldrb.s16 q2, [r7]\n\t"                                                                                           \
    "add " pointer ", " pointer ", #8\n\t"
#define PART(pointer)                                                                                                  \
    "vpst\n\t"                                                                                                         \
    "vldrbt.s16 q2, [" pointer "]\n\t"
#define PART_HIGH(pointer) "mov r7, " pointer "\n\t" PART("r7")

/* Accumulators of eight channels: q0 the even ones, q1 the odd ones. */
#define OCTET(load, load_high)                                                                                         \
    "vldrw.32 q0, [r9], #16\n\t"                                                                                       \
    "vldrw.32 q1, [r9], #16\n\t" TAP(load("r0")) TAP(load("r1")) TAP(load("r2")) TAP(load("r3")) TAP(load("r4"))       \
        TAP(load("r5")) TAP(load("r6")) TAP(load_high("r8")) TAP(load_high("r10"))

/* To int8 in the lower byte of each of eight lanes of q0. */
#define FAST                                                                                                           \
    "vldrw.32 q2, [r9], #16\n\t"                                                                                       \
    "vldrw.32 q3, [r9], #16\n\t"                                                                                       \
    "vrmulh.s32 q0, q0, q2\n\t"                                                                                        \
    "vrmulh.s32 q1, q1, q3\n\t"                                                                                        \
    "vldrw.32 q2, [r9], #16\n\t"                                                                                       \
    "vldrw.32 q3, [r9], #16\n\t"                                                                                       \
    "vadd.i32 q0, q0, q2\n\t"                                                                                          \
    "vadd.i32 q1, q1, q3\n\t"                                                                                          \
    "vqmovnb.s32 q0, q0\n\t"                                                                                           \
    "vqmovnt.s32 q0, q1\n\t"                                                                                           \
    "vqmovnb.s16 q0, q0\n\t"

/* Zero point, low and high in q5, q6, q7. Saturating to int16 keeps beyond int8's bounds what lies beyond them. */
#define GENERAL                                                                                                        \
    "vldrw.32 q2, [r9], #16\n\t"                                                                                       \
    "vldrw.32 q3, [r9], #16\n\t"                                                                                       \
    "vqrdmulh.s32 q0, q0, q2\n\t"                                                                                      \
    "vqrdmulh.s32 q1, q1, q3\n\t"                                                                                      \
    "vshr.s32 q2, q0, #31\n\t"                                                                                         \
    "vshr.s32 q3, q1, #31\n\t"                                                                                         \
    "vadd.i32 q0, q0, q2\n\t"                                                                                          \
    "vadd.i32 q1, q1, q3\n\t"                                                                                          \
    "vldrw.32 q2, [r9], #16\n\t"                                                                                       \
    "vldrw.32 q3, [r9], #16\n\t"                                                                                       \
    "vrshl.s32 q0, q0, q2\n\t"                                                                                         \
    "vrshl.s32 q1, q1, q3\n\t"                                                                                         \
    "vqmovnb.s32 q0, q0\n\t"                                                                                           \
    "vqmovnt.s32 q0, q1\n\t"                                                                                           \
    "vqadd.s16 q0, q0, q5\n\t"                                                                                         \
    "vmax.s16 q0, q0, q6\n\t"                                                                                          \
    "vmin.s16 q0, q0, q7\n\t"

#define BOUNDS                                                                                                         \
    "ldr r3, [r0, " ZERO_POINT "]\n\t"                                                                                 \
    "vdup.16 q5, r3\n\t"                                                                                               \
    "ldr r3, [r0, " LOW "]\n\t"                                                                                        \
    "vdup.16 q6, r3\n\t"                                                                                               \
    "ldr r3, [r0, " HIGH "]\n\t"                                                                                       \
    "vdup.16 q7, r3\n\t"

/* Nine pointers in r0 to r6, r8 and r10, stream in r9, output in r12; r11: channels of the last, incomplete octet. */
#define PIXEL(name, set_up, form, saved)                                                                               \
    static __attribute__((naked, noinline)) void name(                                                                 \
        UNUSED const struct mn_helium_depthwise *p, UNUSED const int8_t *const *taps, UNUSED int8_t *output)           \
    {                                                                                                                  \
        __asm volatile("push {r4-r11, lr}\n\t"                                                                         \
                       "vpush {" saved "}\n\t" set_up                                                                  \
                       "ldr r7, [r0, " CHANNELS "]\n\t"                                                                \
                       "ldr r9, [r0, " STREAM "]\n\t"                                                                  \
                       "mov r12, r2\n\t"                                                                               \
                       "and r11, r7, #7\n\t"                                                                           \
                       "lsr r7, r7, #3\n\t"                                                                            \
                       "ldrd r8, r10, [r1, #28]\n\t"                                                                   \
                       "ldm r1, {r0-r6}\n\t"                                                                           \
                       "wls lr, r7, 2f\n"                                                                              \
                       "1:\n\t" OCTET(WHOLE, WHOLE_HIGH) form                                                          \
                       "mov r7, r12\n\t"                                                                               \
                       "vstrb.16 q0, [r7]\n\t"                                                                         \
                       "add r12, r12, #8\n\t"                                                                          \
                       "le lr, 1b\n"                                                                                   \
                       "2:\n\t"                                                                                        \
                       "cmp r11, #0\n\t"                                                                               \
                       "beq 3f\n\t"                                                                                    \
                       "vctp.16 r11\n\t" OCTET(PART, PART_HIGH) form                                                   \
                       "mov r7, r12\n\t"                                                                               \
                       "vpst\n\t"                                                                                      \
                       "vstrbt.16 q0, [r7]\n"                                                                          \
                       "3:\n\t"                                                                                        \
                       "vpop {" saved "}\n\t"                                                                          \
                       "pop {r4-r11, pc}\n\t");                                                                        \
    }

PIXEL(pixel_fast, "", FAST, "d8-d9")
PIXEL(pixel_general, BOUNDS, GENERAL, "d8-d15")

#else

#include "helium_round.h"

static int32_t place(int32_t lane)
{
    return lane / 2 + lane % 2 * 4;
}

static uint32_t accumulate(const int32_t *stream, const int8_t *const *taps, int32_t channel)
{
    const int32_t lane = channel % 8;
    uint32_t acc = (uint32_t)stream[place(lane)];
    for (int32_t tap = 0; tap < TAPS; tap++)
    {
        acc += (uint32_t)(taps[tap][channel] * ((const int16_t *)(stream + 8))[8 * tap + lane]);
    }
    return acc;
}

static void pixel_fast(const struct mn_helium_depthwise *p, const int8_t *const *taps, int8_t *output)
{
    for (int32_t channel = 0; channel < p->in.channels; channel++)
    {
        const int32_t *stream = p->stream + channel / 8 * OCTET_WORDS;
        const int32_t *round = stream + 8 + 4 * TAPS + place(channel % 8);
        output[channel] = mn_helium_fast((int32_t)accumulate(stream, taps, channel), round[0], round[8]);
    }
}

static void pixel_general(const struct mn_helium_depthwise *p, const int8_t *const *taps, int8_t *output)
{
    for (int32_t channel = 0; channel < p->in.channels; channel++)
    {
        const int32_t *stream = p->stream + channel / 8 * OCTET_WORDS;
        const int32_t *round = stream + 8 + 4 * TAPS + place(channel % 8);
        const int32_t acc = (int32_t)accumulate(stream, taps, channel);
        const int32_t twice = mn_helium_twice_rounded(acc, round[0], round[8]);
        output[channel] = (int8_t)mn_helium_clamp(twice + p->zero_point, p->low, p->high);
    }
}

#endif

static inline __attribute__((always_inline)) void sweep(
    const struct mn_helium_depthwise *p, pixel_kernel *pixel, int32_t row, int32_t rows, const int8_t *input,
    int8_t *output, int8_t *padding)
{
    const struct mn_window *window = &p->window;
    const int32_t channels = p->in.channels, row_bytes = p->in.columns * channels;
    const int32_t down = window->row_dilation * row_bytes, across = window->column_dilation * channels;
    const int32_t first_top = row * window->row_stride - window->pad_top;
    const int32_t first_row = first_top < 0 ? 0 : first_top;
    memset(padding, p->input_zero_point, (size_t)channels);
    for (const int32_t end_row = row + rows; row < end_row; row++)
    {
        const int32_t top = row * window->row_stride - window->pad_top;
        const int rows_inside = top >= 0 && top + 2 * window->row_dilation < p->in.rows;
        for (int32_t column = 0; column < p->out_columns; column++, output += channels)
        {
            const int8_t *taps[TAPS];
            const int32_t left = column * window->column_stride - window->pad_left;
            if (rows_inside && left >= 0 && left + 2 * window->column_dilation < p->in.columns)
            {
                const int8_t *first = input + (top - first_row) * row_bytes + left * channels;
                for (int32_t i = 0; i < TAPS; i += 3, first += down)
                {
                    taps[i] = first;
                    taps[i + 1] = first + across;
                    taps[i + 2] = first + 2 * across;
                }
            }
            else
            {
                const int8_t **tap = taps;
                for (int32_t i = 0, r = top; i < 3; i++, r += window->row_dilation)
                {
                    for (int32_t j = 0, s = left; j < 3; j++, s += window->column_dilation)
                    {
                        const int inside = r >= 0 && r < p->in.rows && s >= 0 && s < p->in.columns;
                        *tap++ = inside ? input + (r - first_row) * row_bytes + s * channels : padding;
                    }
                }
            }
            pixel(p, taps, output);
        }
    }
}

void mn_helium_depthwise_fast(const struct mn_helium_depthwise *p, int32_t row, int32_t rows, const int8_t *input,
    int8_t *output, int8_t *padding)
{
    sweep(p, pixel_fast, row, rows, input, output, padding);
}

void mn_helium_depthwise_general(const struct mn_helium_depthwise *p, int32_t row, int32_t rows, const int8_t *input,
    int8_t *output, int8_t *padding)
{
    sweep(p, pixel_general, row, rows, input, output, padding);
}
