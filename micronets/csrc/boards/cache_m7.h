#ifndef CACHE_M7_H
#define CACHE_M7_H

/* Invalidates and switches on the Cortex-M7's instruction and data caches. */
void start_caches(void);

#endif
