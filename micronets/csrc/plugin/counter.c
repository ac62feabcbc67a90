/* QEMU plugin: counts exactly what an inference executes, per layer.
 *
 * It records flow and memory accesses only: how often every translated block ran, how often the flow then left its end
 * for elsewhere (a taken branch), and which memory every instruction touched, each per layer. What the instructions are
 * and what they cost is worked out afterwards from the program itself (micronets/timing/cycles.py).
 *
 * Counting starts at the first instruction of network_invoke() and ends at the address it returns to. In between, the
 * entry of a layer's function makes that layer the current one until the flow is back in network_invoke() itself.
 *
 * Arguments (addresses hexadecimal):
 *   output=PATH              where the counts go when the emulator ends
 *   detail=on|off            off: only block counts, by counters inlined into the translated code
 *   invoke=START:END         range of network_invoke()
 *   returned=ADDRESS         where it returns to
 *   flash=START:END ram=START:END
 *   layers=ADDRESS:ADDRESS:...   entries of the layers' functions, in order */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qemu_plugin_api.h"
#include "range.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_API_VERSION;

enum
{
    FLASH_LOAD,
    RAM_LOAD,
    OTHER_LOAD,
    FLASH_STORE,
    RAM_STORE,
    OTHER_STORE,
    ACCESS_KINDS
};

/* One translated block. `live` counters run; at every change of layer they are moved to that layer's. */
struct block
{
    uint64_t start, end;
    uint64_t instructions;
    uint64_t live_executed, live_taken;
    uint64_t *executed, *taken; /* by layer */
    struct block *next;
};

/* One instruction that may access memory; most never do, so room for the layers' counts is made on the first access. */
struct access
{
    uint64_t address;
    uint64_t live[ACCESS_KINDS];
    uint64_t (*counts)[ACCESS_KINDS]; /* by layer */
    bool is_live;
    struct access *next, *next_live;
};

static const char *output_path;
static bool detail;
static struct range invoke, flash, ram;
static uint64_t returned;
static uint64_t *layers;
static size_t layer_count;

/* Layer index; layer_count is network_invoke() itself, OUTSIDE the rest of the program. */
#define OUTSIDE SIZE_MAX
static size_t current = OUTSIDE;

static struct block *blocks;
static struct access *accesses, *live_accesses;
static struct block *previous;
static uint64_t *inferences; /* instructions of each */
static size_t inference_count, inference_capacity;
static uint64_t instructions_so_far;

static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (memory == NULL)
    {
        fprintf(stderr, "counter: out of memory\n");
        abort();
    }
    return memory;
}

static void move_live_counts(void)
{
    for (struct block *block = blocks; block != NULL; block = block->next)
    {
        if (current != OUTSIDE)
        {
            block->executed[current] += block->live_executed;
            block->taken[current] += block->live_taken;
            instructions_so_far += block->live_executed * block->instructions;
        }
        block->live_executed = block->live_taken = 0;
    }
    for (struct access *access = live_accesses; access != NULL; access = access->next_live)
    {
        for (size_t kind = 0; kind < ACCESS_KINDS; kind++)
        {
            if (current != OUTSIDE)
            {
                access->counts[current][kind] += access->live[kind];
            }
            access->live[kind] = 0;
        }
        access->is_live = false;
    }
    live_accesses = NULL;
}

static void end_inference(void)
{
    if (inference_count == inference_capacity)
    {
        inference_capacity = inference_capacity == 0 ? 1024 : 2 * inference_capacity;
        inferences = realloc(inferences, inference_capacity * sizeof *inferences);
        if (inferences == NULL)
        {
            fprintf(stderr, "counter: out of memory\n");
            abort();
        }
    }
    inferences[inference_count++] = instructions_so_far;
    instructions_so_far = 0;
}

/* Layer that a block belongs to whose start is a boundary; false where it is none. */
static bool find_boundary(uint64_t address, size_t *layer)
{
    if (address == returned)
    {
        *layer = OUTSIDE;
        return true;
    }
    if (within(invoke, address))
    {
        *layer = layer_count;
        return true;
    }
    for (size_t i = 0; i < layer_count; i++)
    {
        if (layers[i] == address)
        {
            *layer = i;
            return true;
        }
    }
    return false;
}

static void note_flow(struct block *block)
{
    if (previous != NULL && previous->end != block->start)
    {
        previous->live_taken++;
    }
    previous = block;
}

static void on_boundary(unsigned int vcpu, void *userdata)
{
    struct block *block = userdata;
    size_t layer = OUTSIDE;
    (void)vcpu;
    if (detail)
    {
        note_flow(block);
    }
    find_boundary(block->start, &layer);
    /* Layers' functions are no boundary outside an inference. */
    if (layer == OUTSIDE || layer == layer_count || current != OUTSIDE)
    {
        move_live_counts();
        if (layer == OUTSIDE && current != OUTSIDE)
        {
            end_inference();
        }
        current = layer;
    }
    block->live_executed++;
}

static void on_block(unsigned int vcpu, void *userdata)
{
    struct block *block = userdata;
    (void)vcpu;
    note_flow(block);
    block->live_executed++;
}

static void on_access(unsigned int vcpu, qemu_plugin_meminfo_t info, uint64_t address, void *userdata)
{
    struct access *access = userdata;
    (void)vcpu;
    if (!access->is_live)
    {
        if (access->counts == NULL)
        {
            access->counts = allocate(layer_count + 1, sizeof *access->counts);
        }
        access->is_live = true;
        access->next_live = live_accesses;
        live_accesses = access;
    }
    const size_t region = within(flash, address) ? 0 : within(ram, address) ? 1 : 2;
    access->live[region + (qemu_plugin_mem_is_store(info) ? FLASH_STORE : FLASH_LOAD)]++;
}

/* Bytes of a Thumb instruction (Armv7-M Architecture Reference Manual, A5.1). QEMU's own size is no use here: of the
 * last instruction before a page's end it includes the halfword behind, which the translator has looked at. */
static uint64_t thumb_size(const struct qemu_plugin_insn *insn)
{
    uint16_t halfword;
    memcpy(&halfword, qemu_plugin_insn_data(insn), sizeof halfword);
    return halfword >> 11 >= 0x1d ? 4 : 2;
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    (void)id;
    struct block *block = allocate(1, sizeof *block);
    const size_t count = qemu_plugin_tb_n_insns(tb);
    const struct qemu_plugin_insn *last = qemu_plugin_tb_get_insn(tb, count - 1);
    size_t layer;
    block->start = qemu_plugin_tb_vaddr(tb);
    block->end = qemu_plugin_insn_vaddr(last) + thumb_size(last);
    block->instructions = count;
    block->executed = allocate(layer_count + 1, sizeof *block->executed);
    block->taken = allocate(layer_count + 1, sizeof *block->taken);
    block->next = blocks;
    blocks = block;
    if (find_boundary(block->start, &layer))
    {
        qemu_plugin_register_vcpu_tb_exec_cb(tb, on_boundary, QEMU_PLUGIN_CB_NO_REGS, block);
    }
    else if (detail)
    {
        qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, QEMU_PLUGIN_CB_NO_REGS, block);
    }
    else
    {
        qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64, &block->live_executed, 1);
    }
    for (size_t i = 0; detail && i < count; i++)
    {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        struct access *access = allocate(1, sizeof *access);
        access->address = qemu_plugin_insn_vaddr(insn);
        access->next = accesses;
        accesses = access;
        qemu_plugin_register_vcpu_mem_cb(insn, on_access, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW, access);
    }
}

/* Lines of words; the last one is `end`, so that a torn file is recognised. */
static void write_counts(qemu_plugin_id_t id, void *userdata)
{
    (void)id;
    (void)userdata;
    FILE *file = fopen(output_path, "w");
    if (file == NULL)
    {
        fprintf(stderr, "counter: cannot write %s\n", output_path);
        return;
    }
    const size_t unfinished = current; /* not OUTSIDE only where the program ended in the midst of an inference */
    move_live_counts();
    for (size_t i = 0; i < inference_count; i++)
    {
        fprintf(file, "inference %" PRIu64 "\n", inferences[i]);
    }
    if (unfinished != OUTSIDE)
    {
        fprintf(file, "unfinished %zu %" PRIu64 "\n", unfinished, instructions_so_far);
    }
    for (const struct block *block = blocks; block != NULL; block = block->next)
    {
        for (size_t layer = 0; layer <= layer_count; layer++)
        {
            if (block->executed[layer] != 0)
            {
                fprintf(
                    file, "block %zu %" PRIx64 " %" PRIx64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", layer,
                    block->start, block->end, block->instructions, block->executed[layer], block->taken[layer]);
            }
        }
    }
    for (const struct access *access = accesses; access != NULL; access = access->next)
    {
        for (size_t layer = 0; access->counts != NULL && layer <= layer_count; layer++)
        {
            const uint64_t *counts = access->counts[layer];
            uint64_t any = 0;
            for (size_t kind = 0; kind < ACCESS_KINDS; kind++)
            {
                any |= counts[kind];
            }
            if (any != 0)
            {
                fprintf(file, "access %zu %" PRIx64, layer, access->address);
                for (size_t kind = 0; kind < ACCESS_KINDS; kind++)
                {
                    fprintf(file, " %" PRIu64, counts[kind]);
                }
                fprintf(file, "\n");
            }
        }
    }
    fprintf(file, "end\n");
    if (fclose(file) != 0)
    {
        fprintf(stderr, "counter: cannot write %s\n", output_path);
    }
}

static bool parse_layers(const char *text)
{
    layers = allocate(strlen(text) / 2 + 1, sizeof *layers);
    while (*text != '\0')
    {
        char *end;
        layers[layer_count++] = strtoull(text, &end, 16);
        if (end == text || (*end != ':' && *end != '\0'))
        {
            return false;
        }
        text = *end == ':' ? end + 1 : end;
    }
    return true;
}

static bool parse_argument(const char *argument)
{
    const char *value = strchr(argument, '=');
    if (value == NULL)
    {
        return false;
    }
    const size_t length = (size_t)(value++ - argument);
    if (strncmp(argument, "output", length) == 0)
    {
        output_path = strdup(value);
        return output_path != NULL;
    }
    if (strncmp(argument, "detail", length) == 0)
    {
        detail = strcmp(value, "on") == 0 || strcmp(value, "true") == 0;
        return true;
    }
    if (strncmp(argument, "invoke", length) == 0)
    {
        return parse_range(value, &invoke);
    }
    if (strncmp(argument, "flash", length) == 0)
    {
        return parse_range(value, &flash);
    }
    if (strncmp(argument, "ram", length) == 0)
    {
        return parse_range(value, &ram);
    }
    if (strncmp(argument, "returned", length) == 0)
    {
        return sscanf(value, "%" SCNx64, &returned) == 1;
    }
    if (strncmp(argument, "layers", length) == 0)
    {
        return parse_layers(value);
    }
    return false;
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++)
    {
        if (!parse_argument(argv[i]))
        {
            fprintf(stderr, "counter: bad argument %s\n", argv[i]);
            return -1;
        }
    }
    if (output_path == NULL || invoke.end == 0 || returned == 0)
    {
        fprintf(stderr, "counter: output, invoke and returned are needed\n");
        return -1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_atexit_cb(id, write_counts, NULL);
    return 0;
}
