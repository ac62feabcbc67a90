#include "detector.h"

uint16_t mn_detector_sums[SPOTTER_CLASSES];

static uint8_t window[SPOTTER_WINDOW][SPOTTER_CLASSES];
static uint32_t oldest, refractory;

void mn_detector_reset(void)
{
    for (uint32_t class = 0; class < SPOTTER_CLASSES; class++)
    {
        mn_detector_sums[class] = 0;
        for (uint32_t i = 0; i < SPOTTER_WINDOW; i++)
        {
            window[i][class] = 0;
        }
    }
    oldest = 0;
    refractory = 0;
}

int32_t mn_detector_add(const uint8_t posteriors[SPOTTER_CLASSES])
{
    int32_t best = 0;
    for (int32_t class = 0; class < SPOTTER_CLASSES; class++)
    {
        uint8_t *const place = &window[oldest][class];
        mn_detector_sums[class] = (uint16_t)(mn_detector_sums[class] - *place + posteriors[class]);
        *place = posteriors[class];
        if (mn_detector_sums[class] > mn_detector_sums[best])
        {
            best = class;
        }
    }
    oldest = oldest + 1 == SPOTTER_WINDOW ? 0 : oldest + 1;
    if (refractory > 0)
    {
        refractory--;
    }
    if (refractory > 0 || mn_detector_sums[best] < SPOTTER_THRESHOLD || !spotter_is_keyword[best])
    {
        return MN_NOTHING;
    }
    refractory = SPOTTER_REFRACTORY;
    return best;
}
