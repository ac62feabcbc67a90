#include "frames.h"

#include "fault.h"
#include "fault_text.h"
#include "host.h"
#include "invoke.h"
#include "network.h"
#include "steps.h"
#include "stopwatch.h"
#include "tensor.h"

extern uint32_t program_stack_start[];

enum
{
    HEADER_BYTES = 5,
    CRC_BYTES = 4,
    SESSION_BYTES = 4,
    BYTE_TIMEOUT_MS = 250
};
enum
{
    HIGHEST_BAUD = 2000000,
    SPEED_TIMEOUT_MS = 3000
};

static const uint8_t build_id[8] = BUILD_ID;

/* Version to length, and the payload. */
static uint8_t header[HEADER_BYTES];
static uint8_t payload[FRAME_PAYLOAD_BYTES];
static uint32_t payload_bytes;
static uint32_t session;
static int fault_reported;

/* `next_baud`: to be set when the reply has gone out. */
static uint32_t baud = BOARD_BAUD, next_baud = BOARD_BAUD, understood;

/* CRC-32 of IEEE 802.3, bit by bit; starts at and ends inverted from all ones. */
static uint32_t crc_over(uint32_t crc, const uint8_t *bytes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
    {
        crc ^= bytes[i];
        for (uint32_t bit = 0; bit < 8; bit++)
        {
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
        }
    }
    return crc;
}

static uint32_t get(const uint8_t *bytes, uint32_t count)
{
    uint32_t value = 0;
    for (uint32_t i = 0; i < count; i++)
    {
        value |= (uint32_t)bytes[i] << 8 * i;
    }
    return value;
}

static void put(uint32_t value, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
    {
        payload[payload_bytes++] = (uint8_t)(value >> 8 * i);
    }
}

static void put_bytes(const void *bytes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
    {
        payload[payload_bytes++] = ((const uint8_t *)bytes)[i];
    }
}

/* -1 where none comes in time: a frame that broke off must not swallow the next one. */
static int32_t receive_soon(void)
{
    const uint32_t begin = board_cycles(), limit = cycles_of_ms(BYTE_TIMEOUT_MS);
    do
    {
        const int32_t byte = board_receive();
        if (byte >= 0)
        {
            return byte;
        }
    } while (board_cycles() - begin < limit);
    return -1;
}

static int receive_bytes(uint8_t *bytes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
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

static void send_frame(uint32_t kind, uint32_t sequence)
{
    header[0] = FRAME_VERSION;
    header[1] = (uint8_t)kind;
    header[2] = (uint8_t)sequence;
    header[3] = (uint8_t)payload_bytes;
    header[4] = (uint8_t)(payload_bytes >> 8);
    const uint32_t crc = ~crc_over(crc_over(~0u, header, HEADER_BYTES), payload, payload_bytes);
    board_send(FRAME_START);
    board_send(FRAME_START_2);
    for (uint32_t i = 0; i < HEADER_BYTES; i++)
    {
        board_send(header[i]);
    }
    for (uint32_t i = 0; i < payload_bytes; i++)
    {
        board_send(payload[i]);
    }
    for (uint32_t i = 0; i < CRC_BYTES; i++)
    {
        board_send((uint8_t)(crc >> 8 * i));
    }
}

static void begin_reply(enum frame_status status)
{
    payload_bytes = 0;
    put(status, 1);
}

static enum frame_status hello(const struct board_clock *clock)
{
    if (payload_bytes != SESSION_BYTES)
    {
        return STATUS_ARGUMENT;
    }
    session = get(payload, SESSION_BYTES);
    uint32_t name_bytes = 0;
    while (board_name[name_bytes])
    {
        name_bytes++;
    }
    begin_reply(STATUS_OK);
    put(clock->hz, 4);
    put(clock->source, 1);
    put(NETWORK_INPUT_BYTES, 4);
    put(NETWORK_OUTPUT_BYTES, 4);
    put(STEP_COUNT, 2);
    put(step_overhead_cycles(), 4);
    put_bytes(build_id, sizeof build_id);
    put_bytes(board_name, name_bytes);
    return STATUS_OK;
}

static enum frame_status write_input(void)
{
    if (payload_bytes < SESSION_BYTES + 4)
    {
        return STATUS_ARGUMENT;
    }
    const uint32_t offset = get(payload + SESSION_BYTES, 4), count = payload_bytes - SESSION_BYTES - 4;
    if (offset > NETWORK_INPUT_BYTES || count > NETWORK_INPUT_BYTES - offset)
    {
        return STATUS_ARGUMENT;
    }
    for (uint32_t i = 0; i < count; i++)
    {
        loaded[offset + i] = payload[SESSION_BYTES + 4 + i];
    }
    begin_reply(STATUS_OK);
    return STATUS_OK;
}

static enum frame_status run(void)
{
    if (payload_bytes != SESSION_BYTES + 1 || payload[SESSION_BYTES] > 1)
    {
        return STATUS_ARGUMENT;
    }
    uint32_t cycles = 0, stack_bytes = 0;
    stage_tensor();
    copy_input();
    current_inference++;
    if (payload[SESSION_BYTES])
    {
        stack_bytes = invoke_and_measure_stack(program_stack_start);
    }
    else
    {
        cycles = invoke_timed();
    }
    take_results();
    begin_reply(STATUS_OK);
    put(cycles, 4);
    put(stack_bytes, 4);
    return STATUS_OK;
}

static enum frame_status read_output(void)
{
    if (payload_bytes != SESSION_BYTES + 6)
    {
        return STATUS_ARGUMENT;
    }
    const uint32_t offset = get(payload + SESSION_BYTES, 4), count = get(payload + SESSION_BYTES + 4, 2);
    if (offset > NETWORK_OUTPUT_BYTES || count > NETWORK_OUTPUT_BYTES - offset || count > FRAME_PAYLOAD_BYTES - 1)
    {
        return STATUS_ARGUMENT;
    }
    begin_reply(STATUS_OK);
    put_bytes(network_output + offset, count);
    return STATUS_OK;
}

static enum frame_status read_steps(void)
{
    if (payload_bytes != SESSION_BYTES + 4)
    {
        return STATUS_ARGUMENT;
    }
    const uint32_t first = get(payload + SESSION_BYTES, 2), count = get(payload + SESSION_BYTES + 2, 2);
    if (first > STEP_COUNT || count > STEP_COUNT - first || count > (FRAME_PAYLOAD_BYTES - 1) / 4)
    {
        return STATUS_ARGUMENT;
    }
    begin_reply(STATUS_OK);
    for (uint32_t i = 0; i < count; i++)
    {
        put(step_cycles[first + i], 4);
    }
    return STATUS_OK;
}

static enum frame_status set_baud(void)
{
    if (payload_bytes != SESSION_BYTES + 4)
    {
        return STATUS_ARGUMENT;
    }
    const uint32_t wanted = get(payload + SESSION_BYTES, 4);
    if (wanted < BOARD_BAUD || wanted > HIGHEST_BAUD)
    {
        return STATUS_ARGUMENT;
    }
    next_baud = wanted;
    begin_reply(STATUS_OK);
    return STATUS_OK;
}

static void change_speed(uint32_t wanted)
{
    board_flush();
    baud = next_baud = wanted;
    board_set_baud(baud);
}

void watch_speed(void)
{
    if (baud != BOARD_BAUD && board_cycles() - understood > cycles_of_ms(SPEED_TIMEOUT_MS))
    {
        change_speed(BOARD_BAUD);
    }
}

static enum frame_status serve(uint32_t kind, const struct board_clock *clock)
{
    if (kind == FRAME_HELLO)
    {
        return hello(clock);
    }
    if (payload_bytes < SESSION_BYTES)
    {
        return STATUS_ARGUMENT;
    }
    if (session == 0 || get(payload, SESSION_BYTES) != session)
    {
        return STATUS_SESSION;
    }
    switch (kind)
    {
    case FRAME_WRITE_INPUT:
        return write_input();
    case FRAME_RUN:
        return run();
    case FRAME_READ_OUTPUT:
        return read_output();
    case FRAME_READ_STEPS:
        return read_steps();
    case FRAME_SET_BAUD:
        return set_baud();
    default:
        return STATUS_UNKNOWN;
    }
}

void serve_frame(const struct board_clock *clock)
{
    uint8_t sent[CRC_BYTES];
    if (receive_soon() != FRAME_START_2 || !receive_bytes(header, HEADER_BYTES))
    {
        return;
    }
    payload_bytes = get(header + 3, 2);
    if (payload_bytes > FRAME_PAYLOAD_BYTES || !receive_bytes(payload, payload_bytes) ||
        !receive_bytes(sent, CRC_BYTES))
    {
        return;
    }
    const uint32_t kind = header[1], sequence = header[2];
    const uint32_t crc = ~crc_over(crc_over(~0u, header, HEADER_BYTES), payload, payload_bytes);
    enum frame_status status = STATUS_DAMAGED;
    if (crc == get(sent, CRC_BYTES))
    {
        status = header[0] == FRAME_VERSION ? serve(kind, clock) : STATUS_VERSION;
    }
    if (status != STATUS_OK)
    {
        begin_reply(status);
    }
    send_frame(kind | FRAME_REPLY, sequence);
    if (status != STATUS_DAMAGED)
    {
        understood = board_cycles();
    }
    if (next_baud != baud)
    {
        change_speed(next_baud);
    }
}

/* Tells the fault, in a frame where the host speaks in frames, and starts anew. */
_Noreturn void host_fault(const struct fault_record *record)
{
    if (!fault_reported)
    {
        fault_reported = 1;
        if (session != 0)
        {
            payload_bytes = 0;
            put_bytes(record, sizeof *record);
            send_frame(FRAME_FAULT | FRAME_REPLY, 0);
        }
        send_fault(record);
    }
    reset_board();
}
