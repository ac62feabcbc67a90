/* The keyword spotter on this machine: audio from stdin, an answer for every hop to stdout. */
#include <stdio.h>

#include "audio.h"
#include "spotter.h"

__attribute__((weak)) size_t mn_audio_read(int16_t *samples, size_t count)
{
    return fread(samples, sizeof *samples, count, stdin);
}

int main(void)
{
    spotter_start();
    while (mn_audio_read(spotter_samples, MN_FEATURES_HOP_SAMPLES) == MN_FEATURES_HOP_SAMPLES)
    {
        spotter_hop();
        if (fwrite(&spotter_answer, sizeof spotter_answer, 1, stdout) != 1)
        {
            return 1;
        }
    }
    return 0;
}
