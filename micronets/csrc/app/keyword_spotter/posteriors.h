/* How likely each class is, from the network's outputs. */
#ifndef POSTERIORS_H
#define POSTERIORS_H

#include <stdint.h>

#include "spotter_settings.h"

/* `posteriors`: in 1/256, at most 255, as TensorFlow Lite's int8 softmax gives them. */
void mn_posteriors(const int8_t outputs[SPOTTER_CLASSES], uint8_t posteriors[SPOTTER_CLASSES]);

#endif
