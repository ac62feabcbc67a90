/* The whole chain of keyword spotting: a hop of audio in, perhaps a detection out. */
#ifndef SPOTTER_H
#define SPOTTER_H

#include <stdint.h>

#include "detector.h"
#include "mn_features.h"

/* What the last hop has brought. Halfwords only, so that there is no padding: programs hand it over as it is. */
struct spotter_answer
{
    uint16_t inferred; /* 1: the network has run; 0: it has not, and nothing below has changed */
    int16_t detected;  /* class of a keyword, or MN_NOTHING */
    uint16_t sums[SPOTTER_CLASSES];
    uint16_t posteriors[SPOTTER_CLASSES];
};

extern int16_t spotter_samples[MN_FEATURES_HOP_SAMPLES];
extern struct spotter_answer spotter_answer;

/* Hops since the start. */
extern uint32_t spotter_hops;

void spotter_start(void);

/* Takes `spotter_samples` and sets `spotter_answer`. The network runs on the first full window of features, and then
 * after every SPOTTER_STEP_HOPS hops. */
void spotter_hop(void);

#endif
