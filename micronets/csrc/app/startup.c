/* Start of any Cortex-M: vector table, memory initialisation, coprocessors on, stacks apart, then main().
 *
 * Handlers run on the main stack, the program on the process stack, which lies at the very bottom of the RAM: when the
 * program's stack overflows, it runs out of the RAM, into a guard region, instead of over data, and the fault handler
 * still has a stack to report it from. */
#include <stdint.h>

#include "protection.h"

/* From the linker script. */
extern uint32_t handler_stack_end[], program_stack_end[];
extern uint32_t data_start[], data_end[], bss_start[], bss_end[];
extern const uint32_t data_image[];

extern int main(void);
void fault_handler(void);
void reset_handler(void);
void startup(void);

/* The 16 system entries of the Armv7-M vector table (DDI 0403, B1.5.3); no interrupt is ever enabled. */
__attribute__((section(".vectors"), used)) static const void *const vectors[16] = {
    handler_stack_end,           (const void *)reset_handler, (const void *)fault_handler, (const void *)fault_handler,
    (const void *)fault_handler, (const void *)fault_handler, (const void *)fault_handler, (const void *)fault_handler,
    (const void *)fault_handler, (const void *)fault_handler, (const void *)fault_handler, (const void *)fault_handler,
    (const void *)fault_handler, (const void *)fault_handler, (const void *)fault_handler, (const void *)fault_handler,
};

__attribute__((naked)) void reset_handler(void)
{
    __asm volatile("ldr r0, =program_stack_end\n"
                   "msr psp, r0\n"
                   "movs r0, #2\n"
                   "msr control, r0\n"
                   "isb\n"
                   "ldr r0, =startup\n"
                   "bx r0\n");
}

__attribute__((used)) void startup(void)
{
#ifdef __ARM_FP
    /* CPACR: full access to CP10 and CP11, floating point and Helium (DDI 0403, B3.2.20). */
    *(volatile uint32_t *)0xe000ed88u |= 0xfu << 20;
    __asm volatile("dsb\nisb" ::: "memory");
#endif
#if __ARM_ARCH == 8 && defined(__ARM_FEATURE_MVE)
    /* CCR.LOB: low-overhead loops run without refetching their end (DDI 0553, D1.2.9). */
    *(volatile uint32_t *)0xe000ed14u |= 1u << 19;
    __asm volatile("dsb\nisb" ::: "memory");
#endif
    const uint32_t *from = data_image;
    for (uint32_t *to = data_start; to < data_end; to++)
    {
        *to = *from++;
    }
    for (uint32_t *to = bss_start; to < bss_end; to++)
    {
        *to = 0;
    }
    protect_memory();
    main();
    for (;;)
    {
    }
}
