#ifndef PROTECTION_H
#define PROTECTION_H

/* Makes flash read-only and everything just below the program's stack inaccessible, where the core can. */
void protect_memory(void);

#endif
