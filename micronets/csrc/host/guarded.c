/* Like main.c, and proves that every layer writes only where the plan lets it: before each input the arena is filled
 * with another pattern, and after each layer every byte outside its output and scratch must be as before.
 *
 * guard.h, generated beside: GUARD_INPUT_OFFSET and guard_ranges[layer][2] of {offset, bytes}. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guard.h"
#include "network.h"

static int8_t input[NETWORK_INPUT_BYTES];
static int8_t before[NETWORK_ARENA_BYTES];

void guard_layer(int layer)
{
    const int8_t *arena = network_input - GUARD_INPUT_OFFSET;
    for (long i = 0; i < NETWORK_ARENA_BYTES; i++)
    {
        int allowed = 0;
        for (int range = 0; range < 2; range++)
        {
            const long offset = guard_ranges[layer][range][0], size = guard_ranges[layer][range][1];
            allowed |= i >= offset && i < offset + size;
        }
        if (!allowed && arena[i] != before[i])
        {
            fprintf(stderr, "step %d wrote to byte %ld of the arena, which is not its own\n", layer, i);
            _Exit(3);
        }
    }
    memcpy(before, arena, sizeof before);
}

int main(void)
{
    unsigned state = 1;
    int8_t *arena = network_input - GUARD_INPUT_OFFSET;
    while (fread(input, 1, sizeof input, stdin) == sizeof input)
    {
        for (long i = 0; i < NETWORK_ARENA_BYTES; i++)
        {
            state = state * 1664525U + 1013904223U;
            arena[i] = (int8_t)(state >> 24);
        }
        memcpy(network_input, input, sizeof input);
        memcpy(before, arena, sizeof before);
        network_invoke();
        if (fwrite(network_output, 1, NETWORK_OUTPUT_BYTES, stdout) != NETWORK_OUTPUT_BYTES)
        {
            return 1;
        }
    }
    return 0;
}
