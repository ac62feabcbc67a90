/* Tensors in bulk: requests and replies in frames with a checksum, beside the text commands on the same line.
 *
 *     A5 5A | version | kind | sequence | length, 2 bytes | payload | CRC-32 of version to payload
 *
 * All numbers are little-endian. A5 is never part of a text command. A reply repeats the request's sequence number, and its
 * kind with the highest bit set; its payload begins with a status. Every request but HELLO begins with the session's
 * number that HELLO set, so that a board that was reset in the middle does not go unnoticed. Repeating a request that
 * got no reply does no harm. The host's side: micronets/hardware/. */
#ifndef FRAMES_H
#define FRAMES_H

#include <stdint.h>

#include "board.h"

enum
{
    FRAME_START = 0xa5,
    FRAME_START_2 = 0x5a,
    FRAME_VERSION = 1,
    FRAME_PAYLOAD_BYTES = 512
};

enum frame_kind
{
    /* session u32 -> clock_hz u32, clock source u8, input_bytes u32, output_bytes u32, steps u16, cycles that reporting
     * one step takes u32, build 8 bytes, name of the board */
    FRAME_HELLO = 1,
    FRAME_WRITE_INPUT = 2, /* session, offset u32, bytes of the int8 tensor -> */
    FRAME_RUN = 3,         /* session, 1 to measure the stack instead of the time u8 -> cycles u32, stack_bytes u32 */
    FRAME_READ_OUTPUT = 4, /* session, offset u32, length u16 -> bytes of the int8 tensor */
    FRAME_READ_STEPS = 5,  /* session, first u16, count u16 -> cycles of the last timed run u32 each */
    /* session, baud u32 -> ; the reply comes at the old speed. Without a valid frame for 3 s the board falls back to
     * BOARD_BAUD, at which a session begins. */
    FRAME_SET_BAUD = 6,
    FRAME_FAULT = 0x7f, /* never requested; struct fault_record, without a status */
    FRAME_REPLY = 0x80,
};

enum frame_status
{
    STATUS_OK = 0,
    STATUS_DAMAGED = 1,
    STATUS_UNKNOWN = 2,
    STATUS_ARGUMENT = 3,
    STATUS_SESSION = 4,
    STATUS_VERSION = 5,
};

/* Falls back to the speed that a session begins with, where nothing is understood at another one; to be called often. */
void watch_speed(void);

/* Serves the request whose first byte was just received; returns at once when what follows is no frame. */
void serve_frame(const struct board_clock *clock);

#endif
