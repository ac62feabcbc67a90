/* The features' benchmark program: audio from the host hop by hop, for every hop an answer. */
#include "mn_features.h"

#include "fault.h"
#include "host.h"
#include "invoke.h"

extern uint32_t program_stack_start[];

static int16_t hop[MN_FEATURES_HOP_SAMPLES];

/* What micronets/device_features/sound/measure.py reads. */
static struct
{
    int8_t whole; /* whether there is a new window */
    int8_t window[MN_FEATURES_FRAMES * MN_FEATURES_VALUES];
} answer;

void features_hop(void)
{
    answer.whole = (int8_t)mn_features_push(hop);
    if (answer.whole)
    {
        mn_features_window(answer.window);
    }
}

int main(void)
{
    struct run_record run = {.magic = RUN_MAGIC};
    host_open();
    mn_features_reset();
    while (host_read_input(hop, sizeof hop))
    {
        current_inference = run.inferences;
        const uint32_t stack_bytes = invoke_and_measure_stack(program_stack_start);
        if (stack_bytes > run.stack_bytes)
        {
            run.stack_bytes = stack_bytes;
        }
        host_write_output(&answer, sizeof answer);
        run.inferences++;
    }
    host_finish(&run);
}
