#include "spotter.h"

#include "network.h"
#include "posteriors.h"

int16_t spotter_samples[MN_FEATURES_HOP_SAMPLES];
struct spotter_answer spotter_answer;
uint32_t spotter_hops;

static uint32_t hops_to_inference;

void spotter_start(void)
{
    mn_features_reset();
    mn_detector_reset();
    spotter_answer = (struct spotter_answer){.detected = MN_NOTHING};
    spotter_hops = 0;
    hops_to_inference = 1;
}

/* One function without helpers: a counter attributes to it what is executed between its callees. */
void spotter_hop(void)
{
    spotter_hops++;
    spotter_answer.inferred = 0;
    spotter_answer.detected = MN_NOTHING;
    if (!mn_features_push(spotter_samples) || --hops_to_inference > 0)
    {
        return;
    }
    hops_to_inference = SPOTTER_STEP_HOPS;
    uint8_t posteriors[SPOTTER_CLASSES];
    mn_features_window(network_input);
    network_invoke();
    mn_posteriors(network_output, posteriors);
    spotter_answer.inferred = 1;
    spotter_answer.detected = (int16_t)mn_detector_add(posteriors);
    for (uint32_t i = 0; i < SPOTTER_CLASSES; i++)
    {
        spotter_answer.sums[i] = mn_detector_sums[i];
        spotter_answer.posteriors[i] = posteriors[i];
    }
}
