/* One inference between two addresses that a counter can recognise, with the stack painted. */
#ifndef INVOKE_H
#define INVOKE_H

#include <stdint.h>

/* Paints the free stack down to `stack_start`, calls network_invoke(), or the function that the build names, and returns
 * the bytes of stack it has used, found as the lowest painted word that has changed. */
uint32_t invoke_and_measure_stack(const uint32_t *stack_start);

#endif
