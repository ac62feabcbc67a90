/* The serial program: the benchmark's text commands and tensors in bulk, on one line. */
#include "board.h"
#include "failure.h"
#include "frames.h"
#include "messages.h"
#include "network.h"
#include "stopwatch.h"
#include "text_commands.h"

void host_log(const char *text)
{
    send_text(text);
}

void host_fail(void)
{
    send_text("\r\ne-[The network cannot be set up]\r\n");
    board_flush();
    for (;;)
    {
    }
}

int main(void)
{
    const struct board_clock clock = board_start();
    stopwatch_start(clock.hz);
#ifdef NETWORK_START
    NETWORK_START();
#endif
    greet();
    for (;;)
    {
        stopwatch_advance();
        watch_speed();
        const int32_t byte = receive_byte();
        if (byte == FRAME_START)
        {
            serve_frame(&clock);
        }
        else if (byte >= 0)
        {
            receive_text((uint8_t)byte);
        }
    }
}
