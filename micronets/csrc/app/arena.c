/* Tries one arena: sets the network up in as many bytes as the host's only input says, and runs it on zeros. */
#include "network.h"

#include "failure.h"
#include "fault.h"
#include "host.h"
#include "invoke.h"

extern uint32_t program_stack_start[];

#define TEXT_OF(value) #value
#define ABSOLUTE_SYMBOL(name, value) __asm(".global " name "\n.set " name ", " TEXT_OF(value))
ABSOLUTE_SYMBOL("benchmark_input_bytes", 4);
ABSOLUTE_SYMBOL("benchmark_output_bytes", 1);

int main(void)
{
    static const int8_t works = 1;
    struct run_record run = {.magic = RUN_MAGIC, .inferences = 1};
    uint32_t arena_bytes;
    host_open();
    if (!host_read_input(&arena_bytes, sizeof arena_bytes) || !network_set_up(arena_bytes))
    {
        host_fail();
    }
    for (uint32_t i = 0; i < NETWORK_INPUT_BYTES; i++)
    {
        network_input[i] = 0;
    }
    run.stack_bytes = invoke_and_measure_stack(program_stack_start);
    host_write_output(&works, sizeof works);
    host_finish(&run);
}
