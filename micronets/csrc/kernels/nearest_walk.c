/* SPDX-License-Identifier: Apache-2.0 */
/* Nearest-neighbour resizing: every pixel that is taken is loaded once and stored for all columns of two output rows. */
#include "nearest_walk.h"
#include "bytes.h"

enum
{
    WHOLE = 1 << 16,
    WORD = 4,
    BLOCK = 16
};

/* A row of inputs to two of outputs, which may be one; `end` is behind the last pixel of `upper`. */
struct walk
{
    const int8_t *input;
    int8_t *upper, *lower;
    const int8_t *end;
    int32_t place, step, channels;
};

#if MN_DSP

/* r1: input; r2, r3: outputs; r4: end; r5: place less a whole; r6: step; r7: channels. */
/* clang-format off */
#define WALK(name, load, store)                                                                                        \
    MN_ASSEMBLY void name(struct walk *walk __attribute__((unused)))                                                   \
    {                                                                                                                  \
        __asm volatile("push {r4-r11, lr}\n"                                                                           \
                       "ldm r0, {r1-r7}\n"                                                                             \
                       "b 2f\n"                                                                                        \
                       "1:\n"                                                                                          \
                       "add r1, r1, r7\n"                                                                              \
                       "2:\n"                                                                                          \
                       "subs r5, r5, #65536\n"                                                                         \
                       "bpl 1b\n"                                                                                      \
                       load                                                                                            \
                       "3:\n"                                                                                          \
                       store("r2")                                                                                     \
                       store("r3")                                                                                     \
                       "add r2, r2, r7\n"                                                                              \
                       "add r3, r3, r7\n"                                                                              \
                       "adds r5, r5, r6\n"                                                                             \
                       "bmi 3b\n"                                                                                      \
                       "cmp r2, r4\n"                                                                                  \
                       "bne 1b\n"                                                                                      \
                       "pop {r4-r11, pc}\n");                                                                          \
    }

#define LOAD_BLOCK "ldr r8, [r1]\nldr r9, [r1, #4]\nldr r10, [r1, #8]\nldr r11, [r1, #12]\n"
#define STORE_BLOCK(to) "str r8, [" to "]\nstr r9, [" to ", #4]\nstr r10, [" to ", #8]\nstr r11, [" to ", #12]\n"
#define STORE_WORD(to) "str r8, [" to "]\n"
#define STORE_THREE(to) "strh r8, [" to "]\nstrb r9, [" to ", #2]\n"
#define STORE_TWO(to) "strh r8, [" to "]\n"
/* clang-format on */

WALK(walk_blocks, LOAD_BLOCK, STORE_BLOCK)
WALK(walk_words, "ldr r8, [r1]\n", STORE_WORD)
WALK(walk_three, "ldrh r8, [r1]\nldrb r9, [r1, #2]\n", STORE_THREE)
WALK(walk_two, "ldrh r8, [r1]\n", STORE_TWO)

#else

MN_INLINE void copy(int8_t *output, const int8_t *input, int32_t bytes)
{
    for (; bytes >= WORD; bytes -= WORD, input += WORD, output += WORD)
    {
        mn_store_word(output, mn_load_word(input));
    }
    for (; bytes > 0; bytes--)
    {
        *output++ = *input++;
    }
}

MN_INLINE void walk(const struct walk *w, const int32_t bytes)
{
    const int8_t *input = w->input;
    int32_t place = w->place;
    for (int8_t *upper = w->upper, *lower = w->lower; upper != w->end; upper += w->channels, lower += w->channels)
    {
        for (; place >= WHOLE; place -= WHOLE)
        {
            input += w->channels;
        }
        copy(upper, input, bytes);
        copy(lower, input, bytes);
        place += w->step;
    }
}

#define WALK(name, bytes)                                                                                              \
    static void name(struct walk *w)                                                                                   \
    {                                                                                                                  \
        walk(w, bytes);                                                                                                \
    }

WALK(walk_blocks, BLOCK)
WALK(walk_words, WORD)
WALK(walk_three, 3)
WALK(walk_two, 2)

#endif

/* Goes on by `bytes` channels. */
MN_INLINE void go_on(struct walk *w, int32_t bytes)
{
    w->input += bytes;
    w->upper += bytes;
    w->lower += bytes;
    w->end += bytes;
}

static void walk_many(struct walk *w)
{
    int32_t left = w->channels;
    while (left >= BLOCK)
    {
        walk_blocks(w);
        left -= BLOCK;
        if (left == 0)
        {
            return;
        }
        go_on(w, BLOCK);
    }
    for (; left > 0; left -= WORD)
    {
        if (left < WORD)
        {
            /* The last ones with those before them. */
            go_on(w, left - WORD);
        }
        walk_words(w);
        go_on(w, WORD);
    }
}

MN_INLINE void resize(
    const struct mn_nearest_walk *p, void walk_row(struct walk *), const int8_t *input, int8_t *output)
{
    const int32_t channels = p->out.channels, row_bytes = p->out.columns * channels;
    const int32_t in_row_bytes = p->in_columns * channels, first = p->first, step = p->step;
    const uint16_t *row = p->rows, *const last = row + p->out.rows;
    while (row != last)
    {
        const int32_t from = *row++, two = row != last && *row == from;
        int8_t *const end = output + row_bytes;
        struct walk w = {input + from * in_row_bytes, output, two ? end : output, end, first, step, channels};
        walk_row(&w);
        row += two;
        output = two ? end + row_bytes : end;
    }
}

#define RESIZE(name, walk_row)                                                                                         \
    void name(const struct mn_nearest_walk *p, const int8_t *input, int8_t *output)                                    \
    {                                                                                                                  \
        resize(p, walk_row, input, output);                                                                            \
    }

RESIZE(mn_resize_nearest_words, walk_many)
RESIZE(mn_resize_nearest_three, walk_three)
RESIZE(mn_resize_nearest_two, walk_two)
