/* Runs a network's features on the host: hops of MN_FEATURES_HOP_SAMPLES on stdin, every new window on stdout. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mn_features.h"

int main(void)
{
    static int16_t samples[MN_FEATURES_HOP_SAMPLES];
    mn_features_reset();
    while (fread(samples, sizeof *samples, MN_FEATURES_HOP_SAMPLES, stdin) == MN_FEATURES_HOP_SAMPLES)
    {
        if (mn_features_push(samples))
        {
            /* Of its exact size, so that a sanitizer sees what is written behind it. */
            int8_t *input = malloc(MN_FEATURES_FRAMES * MN_FEATURES_VALUES);
            mn_features_window(input);
            const size_t written = fwrite(input, MN_FEATURES_VALUES, MN_FEATURES_FRAMES, stdout);
            free(input);
            if (written != MN_FEATURES_FRAMES)
            {
                return 1;
            }
        }
    }
    return 0;
}
