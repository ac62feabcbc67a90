/* The benchmark program: runs the network on every input the host has, and hands back every output. */
#include "network.h"

#include "fault.h"
#include "host.h"
#include "invoke.h"

extern uint32_t program_stack_start[];

/* Absolute symbols, so that the host can read the sizes from the program without running it. */
#define TEXT_OF(value) #value
#define ABSOLUTE_SYMBOL(name, value) __asm(".global " name "\n.set " name ", " TEXT_OF(value))
ABSOLUTE_SYMBOL("benchmark_input_bytes", NETWORK_INPUT_BYTES);
ABSOLUTE_SYMBOL("benchmark_output_bytes", NETWORK_OUTPUT_BYTES);

int main(void)
{
    struct run_record run = {.magic = RUN_MAGIC};
    host_open();
#ifdef NETWORK_START
    NETWORK_START();
#endif
    while (host_read_input(network_input, NETWORK_INPUT_BYTES))
    {
        current_inference = run.inferences;
        const uint32_t stack_bytes = invoke_and_measure_stack(program_stack_start);
        if (stack_bytes > run.stack_bytes)
        {
            run.stack_bytes = stack_bytes;
        }
        host_write_output(network_output, NETWORK_OUTPUT_BYTES);
        run.inferences++;
    }
    host_finish(&run);
}
