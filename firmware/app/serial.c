/* The serial program: the benchmark's text commands and tensors in bulk, on one line. */
#include "board.h"
#include "frames.h"
#include "stopwatch.h"
#include "text_commands.h"

int main(void)
{
    const struct board_clock clock = board_start();
    stopwatch_start(clock.hz);
    greet();
    for (;;) {
        stopwatch_advance();
        watch_speed();
        const int32_t byte = board_receive();
        if (byte == FRAME_START) {
            serve_frame(&clock);
        } else if (byte >= 0) {
            receive_text((uint8_t)byte);
        }
    }
}
