#include "posteriors.h"

#if SPOTTER_LOGITS

/* The network ends in logits: softmax over differences to the greatest one, by a table of exponentials in 1/32768. */
void mn_posteriors(const int8_t outputs[SPOTTER_CLASSES], uint8_t posteriors[SPOTTER_CLASSES])
{
    int32_t greatest = -128;
    for (int32_t i = 0; i < SPOTTER_CLASSES; i++)
    {
        if (outputs[i] > greatest)
        {
            greatest = outputs[i];
        }
    }
    uint32_t sum = 0;
    for (int32_t i = 0; i < SPOTTER_CLASSES; i++)
    {
        sum += spotter_exponentials[greatest - outputs[i]];
    }
    for (int32_t i = 0; i < SPOTTER_CLASSES; i++)
    {
        const uint32_t share = (((uint32_t)spotter_exponentials[greatest - outputs[i]] << 8) + sum / 2) / sum;
        posteriors[i] = (uint8_t)(share < 255 ? share : 255);
    }
}

#else

/* The network ends in a softmax, whose int8 outputs are 128 less. */
void mn_posteriors(const int8_t outputs[SPOTTER_CLASSES], uint8_t posteriors[SPOTTER_CLASSES])
{
    for (int32_t i = 0; i < SPOTTER_CLASSES; i++)
    {
        posteriors[i] = (uint8_t)(outputs[i] + 128);
    }
}

#endif
