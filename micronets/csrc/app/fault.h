/* What the fault handler cannot find out by itself. */
#ifndef FAULT_H
#define FAULT_H

#include <stdint.h>

/* Number of the running inference, from 0. */
extern uint32_t current_inference;

/* Step of network_invoke() that is running, where the program follows them. */
extern uint32_t current_step;

#define NO_STEP 0xffffffffu

void fault_handler(void);

#endif
