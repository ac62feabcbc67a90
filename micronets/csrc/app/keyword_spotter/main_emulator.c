/* The keyword spotter on the emulator: audio from the host's file of inputs, an answer for every hop to that of outputs. */
#include "audio.h"
#include "fault.h"
#include "host.h"
#include "invoke.h"
#include "spotter.h"

extern uint32_t program_stack_start[];

__attribute__((weak)) size_t mn_audio_read(int16_t *samples, size_t count)
{
    return host_read_input(samples, (uint32_t)(count * sizeof *samples)) ? count : 0;
}

int main(void)
{
    struct run_record run = {.magic = RUN_MAGIC};
    host_open();
    spotter_start();
    while (mn_audio_read(spotter_samples, MN_FEATURES_HOP_SAMPLES) == MN_FEATURES_HOP_SAMPLES)
    {
        current_inference = run.inferences;
        const uint32_t stack_bytes = invoke_and_measure_stack(program_stack_start);
        if (stack_bytes > run.stack_bytes)
        {
            run.stack_bytes = stack_bytes;
        }
        host_write_output(&spotter_answer, sizeof spotter_answer);
        run.inferences++;
    }
    host_finish(&run);
}
