#include "fault_text.h"

#include "board.h"
#include "messages.h"

/* AIRCR: reset (DDI 0403, B3.2.6). */
#define AIRCR (*(volatile uint32_t *)0xe000ed0cu)
#define AIRCR_RESET 0x05fa0004u

void send_fault(const struct fault_record *record)
{
    send_text("e-[fault ");
    send_decimal(record->exception);
    send_text(" in inference ");
    send_decimal(record->inference);
    send_text(" at pc ");
    send_hex(record->pc, 8);
    send_text(", lr ");
    send_hex(record->lr, 8);
    send_text(", sp ");
    send_hex(record->sp, 8);
    send_text(", cfsr ");
    send_hex(record->cfsr, 8);
    send_text(", step ");
    send_decimal(record->step);
    send_text("]\r\n");
    board_flush();
}

_Noreturn void reset_board(void)
{
    AIRCR = AIRCR_RESET;
    for (;;)
    {
    }
}
