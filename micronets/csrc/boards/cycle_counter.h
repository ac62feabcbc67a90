#ifndef CYCLE_COUNTER_H
#define CYCLE_COUNTER_H

/* Makes board_cycles() count. */
void start_cycle_counter(void);

#endif
