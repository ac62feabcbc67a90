/* Included before network.c in a guarded build (see guarded.c). */
#ifndef GUARDED_H
#define GUARDED_H

void guard_layer(int layer);

#define NETWORK_AFTER_STEP(step) guard_layer(step)

#endif
