/* A fault as a line of text on the serial port. */
#ifndef FAULT_TEXT_H
#define FAULT_TEXT_H

#include "host.h"

/* Returns when the line has left the port. */
void send_fault(const struct fault_record *record);

_Noreturn void reset_board(void);

#endif
