#include "text_commands.h"

#include "board.h"
#include "fault.h"
#include "messages.h"
#include "network.h"
#include "stopwatch.h"
#include "tensor.h"
#include "words.h"

enum
{
    COMMAND_CHARACTERS = 80,
    WARM_UPS = 10,
    BYTES_A_LINE = 8
};

static char command[COMMAND_CHARACTERS + 1];
static uint32_t length;
static int too_long;

static uint32_t expected_bytes, loaded_bytes;

/* Came while a command was carried out, and begins what comes next; -1: none. */
static int32_t held_byte = -1;

static void error(const char *text)
{
    send_text("e-[");
    send_text(text);
    send_text("]\r\n");
}

static void error_about(const char *text, const char *word)
{
    send_text("e-[");
    send_text(text);
    send_text(": ");
    send_text(word);
    send_text("]\r\n");
}

static void message(const char *before, uint64_t value, const char *after)
{
    send_text(before);
    send_decimal(value);
    send_text(after);
    send_text("\r\n");
}

static void lap(void)
{
    message("m-lap-us-", elapsed_us(), "");
}

static void tell_name(char **words)
{
    (void)words;
    send_text("m-name-dut-[" VENDOR "]\r\n");
}

static void tell_profile(char **words)
{
    (void)words;
    send_text("m-profile-[" FIRMWARE_NAME "]\r\nm-model-[" MODEL_NAME "]\r\n");
}

static void tell_time(char **words)
{
    (void)words;
    lap();
}

/* Whether the host wants no more of a command that takes long: anything but the end of a line has come. A `%` does no more
 * than that; of a longer word a port without a buffer may lose all but the first byte. */
static int is_stopped(void)
{
    const int32_t byte = board_receive();
    if (byte < 0 || byte == '\r' || byte == '\n')
    {
        return 0;
    }
    if (byte != '%')
    {
        held_byte = byte;
    }
    return 1;
}

/* Runs inferences until all are done or the host wants no more; returns how many were done. */
static int32_t run_inferences(int32_t count)
{
    for (int32_t i = 0; i < count; i++)
    {
        current_inference = (uint32_t)i;
        copy_input();
        network_invoke();
        stopwatch_advance();
        if (i + 1 < count && is_stopped())
        {
            return i + 1;
        }
    }
    return count;
}

static void infer(char **words)
{
    const int32_t count = words[1] ? number(words[1]) : -1;
    const int32_t warm_ups = words[1] && words[2] ? number(words[2]) : WARM_UPS;
    if (!words[1])
    {
        error("infer lacks the number of inferences");
        return;
    }
    if (count < 1)
    {
        error_about("the number of inferences must be positive", words[1]);
        return;
    }
    if (warm_ups < 0)
    {
        error_about("the number of warm-ups must not be negative", words[2]);
        return;
    }
    if (loaded_bytes < expected_bytes)
    {
        message("e-[db load is not complete; bytes missing: ", expected_bytes - loaded_bytes, "]");
        return;
    }
    stage_loaded();
    message("m-warmup-start-", (uint32_t)warm_ups, "");
    int32_t done = run_inferences(warm_ups);
    if (done < warm_ups)
    {
        message("e-[stopped; warm-ups done: ", (uint32_t)done, "]");
        return;
    }
    send_text("m-warmup-done\r\n");
    message("m-infer-start-", (uint32_t)count, "");
    lap();
    done = run_inferences(count);
    if (done < count)
    {
        message("e-[stopped; inferences done: ", (uint32_t)done, "]");
        return;
    }
    lap();
    send_text("m-infer-done\r\n");
    take_results();
    send_results();
}

static void repeat_results(char **words)
{
    (void)words;
    if (have_results())
    {
        send_results();
    }
    else
    {
        error("there are no results yet");
    }
}

static void begin_load(const char *word)
{
    const int32_t bytes = word ? number(word) : -1;
    if (!word)
    {
        error("db load lacks the number of bytes");
        return;
    }
    if (bytes < 1)
    {
        error_about("the number of bytes must be positive", word);
        return;
    }
    if (bytes > (int32_t)LOAD_BYTES)
    {
        message("e-[the input takes no more bytes than ", LOAD_BYTES, "]");
        return;
    }
    for (uint32_t i = 0; i < LOAD_BYTES; i++)
    {
        loaded[i] = 0;
    }
    expected_bytes = (uint32_t)bytes;
    loaded_bytes = 0;
    message("m-[Expecting ", expected_bytes, " bytes]");
}

static void print_loaded(void)
{
    for (uint32_t i = 0; i < loaded_bytes; i++)
    {
        send_text(i % BYTES_A_LINE == 0 ? "m-buffer-" : "-");
        send_hex(loaded[i], 2);
        if (i % BYTES_A_LINE == BYTES_A_LINE - 1 || i == loaded_bytes - 1)
        {
            send_text("\r\n");
            if (i < loaded_bytes - 1 && is_stopped())
            {
                message("e-[stopped; bytes told: ", i + 1, "]");
                return;
            }
        }
    }
}

/* All of the digits, or none where one of them is wrong, so that the command may be sent again. */
static void take_hex(const char *digits)
{
    uint32_t count = 0;
    for (; digits[count]; count++)
    {
        if (hex_digit(digits[count]) < 0)
        {
            error_about("not hexadecimal", digits);
            return;
        }
    }
    if (count % 2 != 0)
    {
        error_about("odd number of hex digits", digits);
        return;
    }
    if (expected_bytes == 0)
    {
        error("no db load has told how many bytes to expect");
        return;
    }
    if (loaded_bytes + count / 2 > expected_bytes)
    {
        message("e-[more bytes than expected; bytes missing: ", expected_bytes - loaded_bytes, "]");
        return;
    }
    for (uint32_t i = 0; i < count; i += 2)
    {
        loaded[loaded_bytes++] = (uint8_t)(hex_digit(digits[i]) << 4 | hex_digit(digits[i + 1]));
    }
    if (loaded_bytes == expected_bytes)
    {
        send_text("m-load-done\r\n");
    }
}

static void data_buffer(char **words)
{
    if (!words[1])
    {
        error("db lacks what to do: load, print, or hex digits");
    }
    else if (equal(words[1], "load"))
    {
        begin_load(words[2]);
    }
    else if (words[2])
    {
        error_about("unexpected word", words[2]);
    }
    else if (equal(words[1], "print"))
    {
        print_loaded();
    }
    else
    {
        take_hex(words[1]);
    }
}

static void help(char **words);

struct handler
{
    const char *name;
    uint32_t most_words;
    void (*act)(char **words);
    const char *help;
};

static const struct handler handlers[] = {
    {"name", 1, tell_name, "tells the name of the device"},
    {"profile", 1, tell_profile, "tells firmware and model"},
    {"timestamp", 1, tell_time, "tells the time in microseconds"},
    {"help", 1, help, "tells this"},
    {"db", 3, data_buffer, "load N: begins an input of N bytes; HH[HH]*: its next bytes; print: tells them"},
    {"infer", 3, infer, "N [W]: runs N inferences after W warm-ups, 10 if left out; % stops it"},
    {"results", 1, repeat_results, "tells the last inference's results again"},
};
enum
{
    HANDLERS = sizeof handlers / sizeof handlers[0]
};

static void help(char **words)
{
    (void)words;
    for (uint32_t i = 0; i < HANDLERS; i++)
    {
        send_text(handlers[i].name);
        send_text(": ");
        send_text(handlers[i].help);
        send_text("\r\n");
    }
}

static void carry_out(void)
{
    char *words[WORDS];
    const uint32_t count = split(command, words);
    if (count == 0)
    {
        error("Empty command");
        return;
    }
    for (uint32_t i = 0; i < HANDLERS; i++)
    {
        if (equal(words[0], handlers[i].name))
        {
            if (count > handlers[i].most_words)
            {
                error_about("too many words after", words[0]);
            }
            else
            {
                handlers[i].act(words);
            }
            return;
        }
    }
    error_about("Unknown command", words[0]);
}

void greet(void)
{
    send_text("m-timestamp-mode-performance\r\nm-init-done\r\nm-ready\r\n");
}

int32_t receive_byte(void)
{
    const int32_t byte = held_byte;
    held_byte = -1;
    return byte < 0 ? board_receive() : byte;
}

void receive_text(uint8_t byte)
{
    if (byte == '%')
    {
        command[length] = 0;
        if (too_long)
        {
            error("a command has at most 80 characters");
        }
        else
        {
            carry_out();
        }
        send_text("m-ready\r\n");
        length = 0;
        too_long = 0;
    }
    else if (byte != '\r' && byte != '\n')
    {
        if (length == COMMAND_CHARACTERS)
        {
            too_long = 1;
        }
        else if (byte == '\t')
        {
            command[length++] = ' ';
        }
        else
        {
            command[length++] = byte > ' ' && byte < 0x7f ? (char)byte : byte == ' ' ? ' ' : '?';
        }
    }
}
