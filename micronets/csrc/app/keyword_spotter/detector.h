/* From posteriors to detections: the average of each class over the last SPOTTER_WINDOW inferences; a detection where the
 * greatest average is that of a keyword and at least the threshold; then none for SPOTTER_REFRACTORY inferences.
 *
 * Averages are kept as sums, which are exact: one is the average times SPOTTER_WINDOW. */
#ifndef DETECTOR_H
#define DETECTOR_H

#include <stdint.h>

#include "spotter_settings.h"

enum
{
    MN_NOTHING = -1
};

/* Of the last SPOTTER_WINDOW posteriors in 1/256; those before the first inference count as 0. */
extern uint16_t mn_detector_sums[SPOTTER_CLASSES];

void mn_detector_reset(void);

/* Takes the posteriors of the next inference; returns the class of the keyword that they complete, or MN_NOTHING. */
int32_t mn_detector_add(const uint8_t posteriors[SPOTTER_CLASSES]);

#endif
