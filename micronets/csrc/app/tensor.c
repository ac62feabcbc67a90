#include "tensor.h"

#include "messages.h"

__attribute__((aligned(4))) uint8_t loaded[LOAD_BYTES];

static int results_taken;

typedef uint32_t __attribute__((may_alias)) word;

/* `count` bytes, each with the bits of `mask` inverted; by words where it can, since it is part of every inference. */
static void copy_bytes(int8_t *to, const void *from, uint32_t count, uint8_t mask)
{
    const uint8_t *bytes = from;
    uint32_t done = 0;
    if ((((uintptr_t)to | (uintptr_t)from) & 3) == 0)
    {
        const uint32_t masks = mask * 0x01010101u;
        word *to_words = (word *)to;
        const word *from_words = from;
        for (; done + 16 <= count; done += 16)
        {
            const uint32_t a = from_words[0], b = from_words[1], c = from_words[2], d = from_words[3];
            to_words[0] = a ^ masks;
            to_words[1] = b ^ masks;
            to_words[2] = c ^ masks;
            to_words[3] = d ^ masks;
            from_words += 4;
            to_words += 4;
        }
    }
    for (; done < count; done++)
    {
        to[done] = (int8_t)(bytes[done] ^ mask);
    }
}

/* A real number times 2^32. */
struct fixed
{
    int negative;
    uint64_t magnitude;
};

static void send_fixed(struct fixed value, uint32_t decimals)
{
    uint64_t half = 1ull << 31; /* of the last decimal, to round */
    for (uint32_t i = 0; i < decimals; i++)
    {
        half /= 10;
    }
    const uint64_t rounded = value.magnitude + half;
    uint32_t fraction = (uint32_t)rounded;
    char digits[10];
    uint32_t nonzero = (uint32_t)(rounded >> 32);
    for (uint32_t i = 0; i < decimals; i++)
    {
        const uint64_t next = (uint64_t)fraction * 10;
        digits[i] = (char)('0' + (uint32_t)(next >> 32));
        nonzero |= (uint32_t)(next >> 32);
        fraction = (uint32_t)next;
    }
    if (value.negative && nonzero)
    {
        send_char('-');
    }
    send_decimal(rounded >> 32);
    send_char('.');
    for (uint32_t i = 0; i < decimals; i++)
    {
        send_char(digits[i]);
    }
}

#if INPUT_FORMAT == INPUT_FLOAT32

static __attribute__((aligned(4))) int8_t quantised[NETWORK_INPUT_BYTES];
static int staged_floats;
static float score;

static float loaded_float(uint32_t index)
{
    union
    {
        uint32_t bits;
        float value;
    } word = {.bits = 0};
    for (uint32_t byte = 0; byte < 4; byte++)
    {
        word.bits |= (uint32_t)loaded[4 * index + byte] << 8 * byte;
    }
    return word.value;
}

/* Rounds halves away from zero and saturates; what is not a number becomes the lowest. */
static int8_t quantise(float value)
{
    const float q = value / (float)NETWORK_INPUT_SCALE + (float)NETWORK_INPUT_ZERO_POINT;
    if (!(q > -128.0f))
    {
        return -128;
    }
    return q >= 127.0f ? 127 : (int8_t)(q < 0.0f ? q - 0.5f : q + 0.5f);
}

void stage_loaded(void)
{
    staged_floats = 1;
    for (uint32_t i = 0; i < NETWORK_INPUT_BYTES; i++)
    {
        quantised[i] = quantise(loaded_float(i));
    }
}

void stage_tensor(void)
{
    staged_floats = 0;
    for (uint32_t i = 0; i < NETWORK_INPUT_BYTES; i++)
    {
        quantised[i] = (int8_t)loaded[i];
    }
}

void copy_input(void)
{
    copy_bytes(network_input, quantised, NETWORK_INPUT_BYTES, 0);
}

/* The mean square of what the reconstruction is off. */
void take_results(void)
{
    _Static_assert(NETWORK_OUTPUT_BYTES == NETWORK_INPUT_BYTES, "real inputs are for networks that reconstruct them");
    float sum = 0.0f;
    for (uint32_t i = 0; i < NETWORK_OUTPUT_BYTES; i++)
    {
        const float input = staged_floats
                                ? loaded_float(i)
                                : (float)NETWORK_INPUT_SCALE * (float)(quantised[i] - NETWORK_INPUT_ZERO_POINT);
        const float output = (float)NETWORK_OUTPUT_SCALE * (float)(network_output[i] - NETWORK_OUTPUT_ZERO_POINT);
        sum += (output - input) * (output - input);
    }
    score = sum / (float)NETWORK_OUTPUT_BYTES;
    results_taken = 1;
}

static void send_values(void)
{
    const int representable = score < 4294967040.0f; /* false for what is not a number, too */
    const uint32_t whole = representable ? (uint32_t)score : 0xffffffffu;
    const float fraction = representable ? score - (float)whole : 0.0f;
    const struct fixed value = {0, (uint64_t)whole << 32 | (uint32_t)(fraction * 4294967296.0f)};
    send_fixed(value, 3);
}

#else

static uint8_t pixel_mask; /* q = pixel - 128 is the pixel with its highest bit inverted */

void stage_loaded(void)
{
    pixel_mask = INPUT_FORMAT == INPUT_PIXELS ? 0x80 : 0;
}

void stage_tensor(void)
{
    pixel_mask = 0;
}

void copy_input(void)
{
    copy_bytes(network_input, loaded, NETWORK_INPUT_BYTES, pixel_mask);
}

void take_results(void)
{
    results_taken = 1;
}

/* At least three decimals, and enough that outputs one step apart are never printed alike. */
static uint32_t decimals_of_results(void)
{
    uint32_t decimals = 3;
    for (float step = (float)NETWORK_OUTPUT_SCALE * 1000.0f; step < 1.0f && decimals < 9; step *= 10.0f)
    {
        decimals++;
    }
    return decimals;
}

static void send_values(void)
{
    const uint64_t scale = (uint64_t)(NETWORK_OUTPUT_SCALE * 4294967296.0 + 0.5);
    const uint32_t decimals = decimals_of_results();
    for (uint32_t i = 0; i < NETWORK_OUTPUT_BYTES; i++)
    {
        const int32_t steps = network_output[i] - NETWORK_OUTPUT_ZERO_POINT;
        if (i > 0)
        {
            send_char(',');
        }
        send_fixed((struct fixed){steps < 0, scale * (uint32_t)(steps < 0 ? -steps : steps)}, decimals);
    }
}

#endif

void send_results(void)
{
    send_text("m-results-[");
    send_values();
    send_text("]\r\n");
}

int have_results(void)
{
    return results_taken;
}
