/* Caches of Armv7-M (DDI 0403, B2.2: cache maintenance; B3.2.8: CCR; B4.8: CCSIDR, CSSELR). */
#include "cache_m7.h"

#include "registers.h"

enum
{
    CCR = 0xe000ed14,
    CCSIDR = 0xe000ed80,
    CSSELR = 0xe000ed84,
    ICIALLU = 0xe000ef50,
    DCISW = 0xe000ef60,
    CCR_DC = 1 << 16,
    CCR_IC = 1 << 17,
};

#ifdef REGISTERS_SIMULATED
#define BARRIER()
#else
#define BARRIER() __asm volatile("dsb\nisb" ::: "memory")
#endif

void start_caches(void)
{
    write_register(ICIALLU, 0);
    BARRIER();
    write_register(CSSELR, 0); /* level 1, data */
    BARRIER();
    const uint32_t size = read_register(CCSIDR);
    const uint32_t last_set = size >> 13 & 0x7fff, last_way = size >> 3 & 0x3ff, line_shift = (size & 7) + 4;
    uint32_t way_shift = 32;
    while ((1u << (32 - way_shift)) <= last_way)
    {
        way_shift--;
    }
    for (uint32_t set = 0; set <= last_set; set++)
    {
        for (uint32_t way = 0; way <= last_way; way++)
        {
            write_register(DCISW, (way_shift < 32 ? way << way_shift : 0) | set << line_shift);
        }
    }
    BARRIER();
    set_bits(CCR, CCR_IC | CCR_DC);
    BARRIER();
}
