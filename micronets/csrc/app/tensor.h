/* The input as it is loaded over the serial port, and the outputs as decimal fractions.
 *
 * From the build: INPUT_FORMAT, what the benchmark's runner loads for this model. */
#ifndef TENSOR_H
#define TENSOR_H

#include <stdint.h>

#include "network.h"

#define INPUT_INT8 0    /* the tensor itself */
#define INPUT_PIXELS 1  /* uint8, 128 more than the tensor */
#define INPUT_FLOAT32 2 /* real numbers, little-endian */

#if INPUT_FORMAT == INPUT_FLOAT32
#define LOAD_BYTES (4 * NETWORK_INPUT_BYTES)
#else
#define LOAD_BYTES NETWORK_INPUT_BYTES
#endif

extern uint8_t loaded[LOAD_BYTES];

/* Takes `loaded` as the network's input: in the runner's format, or as the int8 tensor itself. */
void stage_loaded(void);
void stage_tensor(void);

/* Copies the staged input into the network's arena, where an inference may overwrite it. */
void copy_input(void);

/* Of the last inference; for a network that reconstructs real numbers, how far it was off. */
void take_results(void);
void send_results(void);
int have_results(void);

#endif
