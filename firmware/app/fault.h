/* What the fault handler cannot find out by itself. */
#ifndef FAULT_H
#define FAULT_H

#include <stdint.h>

/* Number of the running inference, from 0. */
extern uint32_t current_inference;

void fault_handler(void);

#endif
