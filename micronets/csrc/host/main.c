/* Runs a compiled network on the host: inputs of NETWORK_INPUT_BYTES on stdin, outputs on stdout. */
#include <stdio.h>
#include <string.h>

#include "network.h"

static int8_t input[NETWORK_INPUT_BYTES];

int main(void)
{
    while (fread(input, 1, sizeof input, stdin) == sizeof input)
    {
        memcpy(network_input, input, sizeof input);
        network_invoke();
        if (fwrite(network_output, 1, NETWORK_OUTPUT_BYTES, stdout) != NETWORK_OUTPUT_BYTES)
        {
            return 1;
        }
    }
    return 0;
}
