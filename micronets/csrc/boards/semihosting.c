/* The host by semihosting: `inputs.bin` is read, `outputs.bin`, `run.bin` and `fault.bin` are written, all in the
 * emulator's working directory. Operations and numbers: Arm, "Semihosting for AArch32 and AArch64", sections 6.3-6.20. */
#include "host.h"

#include "failure.h"

enum
{
    SYS_OPEN = 0x01,
    SYS_WRITE0 = 0x04,
    SYS_WRITE = 0x05,
    SYS_READ = 0x06,
    SYS_EXIT_EXTENDED = 0x20,
    ADP_STOPPED_APPLICATION_EXIT = 0x20026,
    MODE_READ_BINARY = 1,
    MODE_WRITE_BINARY = 5,
};

/* Exit codes; what the host makes of them stands in micronets/emulator/execution.py. */
enum
{
    EXIT_COMPLETE = 0,
    EXIT_FAULT = 70,
    EXIT_HOST_FILE = 71,
    EXIT_NETWORK = 72
};

static int32_t inputs, outputs;

static int32_t semihost(uint32_t operation, const void *arguments)
{
    register uint32_t r0 __asm("r0") = operation;
    register const void *r1 __asm("r1") = arguments;
    __asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return (int32_t)r0;
}

static _Noreturn void leave(uint32_t code)
{
    const uint32_t arguments[2] = {ADP_STOPPED_APPLICATION_EXIT, code};
    for (;;)
    {
        semihost(SYS_EXIT_EXTENDED, arguments);
    }
}

static int32_t open_file(const char *name, uint32_t length, uint32_t mode)
{
    const uint32_t arguments[3] = {(uint32_t)(uintptr_t)name, mode, length};
    const int32_t handle = semihost(SYS_OPEN, arguments);
    if (handle < 0)
    {
        leave(EXIT_HOST_FILE);
    }
    return handle;
}

static void write_file(int32_t handle, const void *content, uint32_t bytes)
{
    const uint32_t arguments[3] = {(uint32_t)handle, (uint32_t)(uintptr_t)content, bytes};
    if (semihost(SYS_WRITE, arguments) != 0)
    {
        leave(EXIT_HOST_FILE);
    }
}

void host_log(const char *text)
{
    semihost(SYS_WRITE0, text);
}

void host_fail(void)
{
    leave(EXIT_NETWORK);
}

void host_open(void)
{
    static const char inputs_name[] = "inputs.bin", outputs_name[] = "outputs.bin";
    inputs = open_file(inputs_name, sizeof inputs_name - 1, MODE_READ_BINARY);
    outputs = open_file(outputs_name, sizeof outputs_name - 1, MODE_WRITE_BINARY);
}

int host_read_input(void *input, uint32_t bytes)
{
    const uint32_t arguments[3] = {(uint32_t)inputs, (uint32_t)(uintptr_t)input, bytes};
    return semihost(SYS_READ, arguments) == 0;
}

void host_write_output(const void *output, uint32_t bytes)
{
    write_file(outputs, output, bytes);
}

_Noreturn void host_finish(const struct run_record *record)
{
    static const char name[] = "run.bin";
    write_file(open_file(name, sizeof name - 1, MODE_WRITE_BINARY), record, sizeof *record);
    leave(EXIT_COMPLETE);
}

_Noreturn void host_fault(const struct fault_record *record)
{
    static const char name[] = "fault.bin";
    write_file(open_file(name, sizeof name - 1, MODE_WRITE_BINARY), record, sizeof *record);
    leave(EXIT_FAULT);
}
