/* Memory protection: a write through a null pointer and a stack overflow fault at once, on the emulator too, whose
 * machines have writable memory at 0 and swallow accesses below their RAM. So do boards: STM32F7 has RAM at 0.
 *
 * Registers: DDI 0403, B3.5 (Armv6-M, Armv7-M) and DDI 0553, B10 (Armv8-M). */
#include "protection.h"

#include <stdint.h>

/* From the linker script. */
extern const char flash_start[], flash_end[];
extern const char program_stack_start[];

#define MPU_TYPE (*(volatile uint32_t *)0xe000ed90u)
#define MPU_CTRL (*(volatile uint32_t *)0xe000ed94u)
#define MPU_RNR (*(volatile uint32_t *)0xe000ed98u)
#define MPU_RBAR (*(volatile uint32_t *)0xe000ed9cu)

enum
{
    MPU_ENABLE = 1,
    MPU_DEFAULT_MAP = 4,
    NULL_BYTES = 1 << 14
};

#if __ARM_ARCH >= 8

#define MPU_RLAR (*(volatile uint32_t *)0xe000eda0u)
#define MPU_MAIR0 (*(volatile uint32_t *)0xe000edc0u)

static void protect_regions(void)
{
    __asm volatile("msr psplim, %0" : : "r"(program_stack_start));
    MPU_MAIR0 = 0xaau; /* normal memory, write-through */
    MPU_RNR = 0;
    MPU_RBAR = (uint32_t)(uintptr_t)flash_start | 3u << 1; /* read only */
    MPU_RLAR = (((uint32_t)(uintptr_t)flash_end - 1) & ~31u) | 1u;
    if ((uint32_t)(uintptr_t)flash_start >= NULL_BYTES)
    {
        MPU_RNR = 1;
        MPU_RBAR = 3u << 1; /* from 0, read only: there is no "no access" */
        MPU_RLAR = (NULL_BYTES - 32) | 1u;
    }
}

#else

#define MPU_RASR (*(volatile uint32_t *)0xe000eda0u)

enum
{
    GUARD_BYTES = 1 << 20
};

/* Regions are powers of two, at multiples of their size. */
static void protect(uint32_t region, uint32_t start, uint32_t bytes, uint32_t attributes)
{
    uint32_t size_field = 4;
    while (bytes > 2u << size_field)
    {
        size_field++;
    }
    MPU_RNR = region;
    MPU_RBAR = start;
    MPU_RASR = attributes | size_field << 1 | 1u;
}

static void protect_regions(void)
{
    const uint32_t read_only = 6u << 24 | 1u << 17; /* write-through */
    const uint32_t no_access = 1u << 28;
    protect(0, (uint32_t)(uintptr_t)flash_start, (uint32_t)(flash_end - flash_start), read_only);
    protect(1, (uint32_t)(uintptr_t)program_stack_start - GUARD_BYTES, GUARD_BYTES, no_access);
    if ((uint32_t)(uintptr_t)flash_start >= NULL_BYTES)
    {
        protect(2, 0, NULL_BYTES, no_access); /* another way to the flash, or RAM; vectors are fetched all the same */
    }
}

#endif

void protect_memory(void)
{
    if ((MPU_TYPE >> 8 & 0xffu) < 2)
    {
        return; /* an optional unit; Cortex-M0+ often lacks it */
    }
    protect_regions();
    MPU_CTRL = MPU_DEFAULT_MAP | MPU_ENABLE;
    __asm volatile("dsb\nisb" ::: "memory");
}
