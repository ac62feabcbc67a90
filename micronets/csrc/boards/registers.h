/* Access to memory-mapped registers. A host build may simulate them. */
#ifndef REGISTERS_H
#define REGISTERS_H

#include <stdint.h>

#ifdef REGISTERS_SIMULATED

uint32_t read_register(uint32_t address);
void write_register(uint32_t address, uint32_t value);

#else

static inline uint32_t read_register(uint32_t address)
{
    return *(volatile uint32_t *)(uintptr_t)address;
}

static inline void write_register(uint32_t address, uint32_t value)
{
    *(volatile uint32_t *)(uintptr_t)address = value;
}

#endif

/* Replaces the bits in `mask` by `bits`. */
static inline void set_field(uint32_t address, uint32_t mask, uint32_t bits)
{
    write_register(address, (read_register(address) & ~mask) | bits);
}

static inline void set_bits(uint32_t address, uint32_t bits)
{
    set_field(address, 0, bits);
}

/* Whether the bits in `mask` became `bits`. Bounded, so that a part that does not start never hangs the board: some
 * 100 ms at the slowest reset clock, where the slowest oscillator takes a few. */
static inline int wait_for(uint32_t address, uint32_t mask, uint32_t bits)
{
    for (uint32_t tries = 0; tries < 100000; tries++)
    {
        if ((read_register(address) & mask) == bits)
        {
            return 1;
        }
    }
    return 0;
}

#endif
