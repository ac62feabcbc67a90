/* Every exception is unexpected here: collect the registers and hand them to the host. */
#include "fault.h"

#include <stddef.h>

#include "host.h"

extern uint32_t program_stack_start[], ram_end[];

uint32_t current_inference;
uint32_t current_step = NO_STEP;

static struct fault_record record;

/* Offsets of r4-r11 in the record, for the assembly below. */
_Static_assert(offsetof(struct fault_record, r) == 8, "fault_handler stores r4 at byte 24");

__attribute__((naked)) void fault_handler(void)
{
    /* High registers are moved through low ones so that the same code assembles for Armv6-M. */
    __asm volatile("ldr r0, =%c0\n"
                   "adds r0, #24\n"
                   "stmia r0!, {r4-r7}\n"
                   "mov r1, r8\n mov r2, r9\n mov r3, r10\n mov r4, r11\n"
                   "stmia r0!, {r1-r4}\n"
                   "mov r1, lr\n"
                   "mrs r0, psp\n"
                   "movs r2, #4\n"
                   "tst r1, r2\n"
                   "bne 1f\n"
                   "mrs r0, msp\n"
                   "1: b report_fault\n"
                   :
                   : "i"(&record));
}

/* `frame`: the eight words that the processor stacked (DDI 0403, B1.5.6), if it could. */
__attribute__((used)) void report_fault(const uint32_t *frame, uint32_t exc_return)
{
    uint32_t exception;
    __asm volatile("mrs %0, ipsr" : "=r"(exception));
    record.magic = FAULT_MAGIC;
    record.inference = current_inference;
    record.step = current_step;
    record.sp = (uint32_t)(uintptr_t)frame;
    record.exception = exception;
    record.exc_return = exc_return;
    record.cfsr = *(volatile uint32_t *)0xe000ed28u;
    record.hfsr = *(volatile uint32_t *)0xe000ed2cu;
    record.mmfar = *(volatile uint32_t *)0xe000ed34u;
    record.bfar = *(volatile uint32_t *)0xe000ed38u;
    /* CFSR: MSTKERR (bit 4), STKERR (bit 12) and, in Armv8-M, STKOF (bit 20): nothing was stacked. */
    if (frame >= program_stack_start && frame + 8 <= ram_end && (record.cfsr & 0x101010u) == 0)
    {
        record.frame_valid = 1;
        for (uint32_t i = 0; i < 4; i++)
        {
            record.r[i] = frame[i];
        }
        record.r[12] = frame[4];
        record.lr = frame[5];
        record.pc = frame[6];
        record.psr = frame[7];
        record.sp += 32;
    }
    host_fault(&record);
}
