/* The keyword spotter on a board: detections as lines of text on the serial port, audio from a microphone or, where the
 * board defines no mn_audio_read(), from the same port. */
#include "audio.h"
#include "board.h"
#include "fault.h"
#include "fault_text.h"
#include "host.h"
#include "messages.h"
#include "spotter.h"

/* Asks for a hop, and says which one by the lowest byte of its number: the port has no buffer, so that nothing may come
 * while the network runs. Asked again where nothing comes for half a second, as when the host was not there yet. */
enum { REQUEST = 0x05 };

static uint32_t patience_cycles;

/* -1 where none comes in time. */
static int32_t receive_soon(void)
{
    const uint32_t begin = board_cycles();
    do {
        const int32_t byte = board_receive();
        if (byte >= 0) {
            return byte;
        }
    } while (board_cycles() - begin < patience_cycles);
    return -1;
}

/* From the serial port: after each request, the samples in little-endian order. */
__attribute__((weak)) size_t mn_audio_read(int16_t *samples, size_t count)
{
    size_t received = 0;
    while (received < 2 * count) {
        if (received == 0) {
            board_send(REQUEST);
            board_send((uint8_t)spotter_hops);
        }
        const int32_t byte = receive_soon();
        if (byte < 0) {
            received = 0;
        } else {
            ((uint8_t *)samples)[received++] = (uint8_t)byte;
        }
    }
    return count;
}

_Noreturn void host_fault(const struct fault_record *record)
{
    send_fault(record);
    reset_board();
}

static void send_detection(void)
{
    const uint32_t class = (uint32_t)spotter_answer.detected;
    send_text("detected ");
    send_text(spotter_labels[class]);
    send_text(" at ");
    send_decimal((uint64_t)spotter_hops * SPOTTER_HOP_MS);
    send_text(" ms, average ");
    send_decimal(spotter_answer.sums[class] * 100u / (256u * SPOTTER_WINDOW));
    send_text(" %\r\n");
}

int main(void)
{
    patience_cycles = board_start().hz / 2;
    spotter_start();
    send_text("keyword spotter on ");
    send_text(board_name);
    send_text(" listens\r\n");
    while (mn_audio_read(spotter_samples, MN_FEATURES_HOP_SAMPLES) == MN_FEATURES_HOP_SAMPLES) {
        current_inference = spotter_hops;
        spotter_hop();
        if (spotter_answer.detected != MN_NOTHING) {
            send_detection();
        }
    }
    send_text("the audio has ended\r\n");
    board_flush();
}
