/* The keyword spotter on a board: detections as lines of text on the serial port, audio from a microphone or, where the
 * board defines no mn_audio_read(), from the same port. */
#include "audio.h"
#include "board.h"
#include "fault.h"
#include "fault_text.h"
#include "host.h"
#include "messages.h"
#include "spotter.h"

/* Audio over the serial port, which has no buffer, so that nothing may come while the network runs: the board asks,
 *
 *     05 | lowest byte of the hop's number
 *
 * and gets, samples in little-endian order,
 *
 *     A5 | lowest byte of the hop's number | samples | CRC-16 of number and samples, 2 bytes
 *
 * (polynomial 1021, from FFFF, highest bit first; little-endian). It asks again where nothing comes for 20 ms, as when the
 * host was not there yet, or what came was damaged. The host's side: micronets/keyword_spotter/serial_audio.py. */
enum
{
    REQUEST = 0x05,
    REPLY = 0xa5,
    HEADER_BYTES = 2,
    CRC_BYTES = 2
};

static uint32_t patience_cycles;

static uint32_t crc_over(uint32_t crc, const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
    {
        crc ^= (uint32_t)bytes[i] << 8;
        for (uint32_t bit = 0; bit < 8; bit++)
        {
            crc = crc << 1 ^ (crc & 0x8000u ? 0x11021u : 0);
        }
    }
    return crc;
}

/* -1 where none comes in time. */
static int32_t receive_soon(void)
{
    const uint32_t begin = board_cycles();
    do
    {
        const int32_t byte = board_receive();
        if (byte >= 0)
        {
            return byte;
        }
    } while (board_cycles() - begin < patience_cycles);
    return -1;
}

static int receive(uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
    {
        const int32_t byte = receive_soon();
        if (byte < 0)
        {
            return 0;
        }
        bytes[i] = (uint8_t)byte;
    }
    return 1;
}

static int receive_hop(uint8_t *samples, size_t bytes)
{
    const uint8_t number = (uint8_t)spotter_hops;
    uint8_t header[HEADER_BYTES], sent[CRC_BYTES];
    board_send(REQUEST);
    board_send(number);
    if (!receive(header, HEADER_BYTES) || !receive(samples, bytes) || !receive(sent, CRC_BYTES))
    {
        return 0; /* and the line is silent */
    }
    const uint32_t crc = crc_over(crc_over(0xffff, &number, 1), samples, bytes);
    if (header[0] == REPLY && header[1] == number && crc == (sent[0] | (uint32_t)sent[1] << 8))
    {
        return 1;
    }
    while (receive_soon() >= 0)
    {
    }
    return 0;
}

__attribute__((weak)) size_t mn_audio_read(int16_t *samples, size_t count)
{
    while (!receive_hop((uint8_t *)samples, count * sizeof *samples))
    {
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
    patience_cycles = board_start().hz / 50;
    spotter_start();
    send_text("keyword spotter on ");
    send_text(board_name);
    send_text(" listens\r\n");
    while (mn_audio_read(spotter_samples, MN_FEATURES_HOP_SAMPLES) == MN_FEATURES_HOP_SAMPLES)
    {
        current_inference = spotter_hops;
        spotter_hop();
        if (spotter_answer.detected != MN_NOTHING)
        {
            send_detection();
        }
    }
    send_text("the audio has ended\r\n");
    board_flush();
}
