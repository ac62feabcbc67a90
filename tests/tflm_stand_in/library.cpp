// Stands in for TensorFlow Lite Micro. It reads the model's graph and calls a kernel for every operator, as that does,
// but the kernels do simple work: an output's bytes are those of the first input, repeated, each with the operator's
// code inverted in its bits; a RESHAPE copies, and a CONV_2D takes its time.
//
// The arena must hold, 16-byte aligned, every tensor that is no constant, and NODE_BYTES for every operator. Where it
// does not, it refuses, or crashes, as interpreters do whose checks are left out: it writes to a null pointer where
// FAR_TOO_SMALL bytes are missing, and calls abort() where there are fewer than LEAST_ARENA_BYTES.
#include "tensorflow/lite/micro/micro_interpreter.h"

#include <cstdlib>
#include <cstring>

namespace
{

#ifdef WITHOUT_LOG
void log(const char *)
{
}
#else
void (*log_callback)(const char *);

void log(const char *text)
{
    if (log_callback != nullptr)
    {
        log_callback(text);
    }
}
#endif

// A static object with a constructor: without it, nothing can be allocated.
struct Started
{
    Started() : started(1)
    {
    }
    volatile int started;
} started;

enum
{
    NODE_BYTES = 48,
    LEAST_ARENA_BYTES = 136,
    FAR_TOO_SMALL = 400
};

// FlatBuffers, without any check.
using Bytes = const uint8_t *;

template <typename Number> Number get(Bytes at)
{
    Number value;
    memcpy(&value, at, sizeof value);
    return value;
}

Bytes follow(Bytes at)
{
    return at + get<uint32_t>(at);
}

Bytes field(Bytes table, uint32_t number)
{
    const Bytes fields = table - get<int32_t>(table);
    if (4 + 2 * number >= get<uint16_t>(fields))
    {
        return nullptr;
    }
    const uint16_t offset = get<uint16_t>(fields + 4 + 2 * number);
    return offset ? table + offset : nullptr;
}

struct Vector
{
    uint32_t count;
    Bytes items;
    Bytes table(uint32_t index) const
    {
        return follow(items + 4 * index);
    }
    int32_t number(uint32_t index) const
    {
        return get<int32_t>(items + 4 * index);
    }
};

Vector vector(Bytes table, uint32_t number)
{
    const Bytes at = field(table, number);
    if (at == nullptr)
    {
        return {0, nullptr};
    }
    return {get<uint32_t>(follow(at)), follow(at) + 4};
}

Bytes graph_of(const tflite::Model *model)
{
    return vector(follow(reinterpret_cast<Bytes>(model)), 2).table(0);
}

bool is_constant(Bytes model, Bytes tensor)
{
    const Bytes buffer = field(tensor, 2);
    return buffer != nullptr && vector(vector(model, 4).table(get<uint32_t>(buffer)), 0).count > 0;
}

uint32_t bytes_of(Bytes tensor)
{
    const Vector shape = vector(tensor, 0);
    uint32_t bytes = 1;
    for (uint32_t i = 0; i < shape.count; i++)
    {
        bytes *= static_cast<uint32_t>(shape.number(i));
    }
    return bytes;
}

TfLiteStatus transform(TfLiteContext *context, TfLiteNode *node, uint8_t inverted, int passes)
{
    const TfLiteTensor &from = context->tensors[node->input];
    TfLiteTensor &to = context->tensors[node->output];
    for (volatile int pass = 0; pass < passes; pass = pass + 1)
    {
        for (size_t i = 0; i < to.bytes; i++)
        {
            to.data.int8[i] = static_cast<int8_t>(from.data.int8[i % from.bytes] ^ inverted);
        }
    }
    return kTfLiteOk;
}

} // namespace

#define KERNEL(name, inverted, passes)                                                                                 \
    static TfLiteStatus Invoke_##name(TfLiteContext *context, TfLiteNode *node)                                        \
    {                                                                                                                  \
        return transform(context, node, inverted, passes);                                                             \
    }                                                                                                                  \
    TFLMRegistration tflite::Register_##name()                                                                         \
    {                                                                                                                  \
        return {Invoke_##name, 0};                                                                                     \
    }

KERNEL(ADD, 0, 1)
KERNEL(AVERAGE_POOL_2D, 1, 1)
KERNEL(CONV_2D, 3, 5)
KERNEL(DEPTHWISE_CONV_2D, 4, 2)
KERNEL(FULLY_CONNECTED, 9, 3)
KERNEL(RESHAPE, 0, 1)

namespace tflite
{

struct Node
{
    TfLiteNode node;
    const TFLMRegistration *registration;
};

MicroInterpreter::MicroInterpreter(
    const Model *model, const MicroOpResolver &resolver, uint8_t *arena, size_t arena_bytes)
    : model(model), resolver(resolver), arena(arena), arena_bytes(arena_bytes), context(), nodes(), node_count()
{
    if (arena_bytes < LEAST_ARENA_BYTES)
    {
        abort();
    }
}

MicroInterpreter::~MicroInterpreter()
{
}

TfLiteStatus MicroInterpreter::AllocateTensors()
{
    static TfLiteTensor tensors[64];
    static Node all_nodes[64];
    const Bytes root = follow(reinterpret_cast<Bytes>(model)), graph = graph_of(model);
    const Vector tensor_tables = vector(graph, 0), operators = vector(graph, 3), codes = vector(root, 1);
    if (!started.started || tensor_tables.count > 64)
    {
        return kTfLiteError;
    }
    context.tensors = tensors;
    nodes = all_nodes;
    node_count = operators.count;
    size_t used = 0;
    for (uint32_t i = 0; i < tensor_tables.count; i++)
    {
        const Bytes tensor = tensor_tables.table(i);
        if (is_constant(root, tensor))
        {
            continue;
        }
        tensors[i].bytes = bytes_of(tensor);
        tensors[i].data.int8 = reinterpret_cast<int8_t *>(arena + used);
        used += (tensors[i].bytes + 15) / 16 * 16;
    }
    used += node_count * NODE_BYTES;
    if (used >= arena_bytes + FAR_TOO_SMALL)
    {
        uint8_t *volatile nothing = nullptr;
        *nothing = 1;
    }
    if (used > arena_bytes)
    {
        log("the arena is too small\n");
        return kTfLiteError;
    }
    memset(arena, 0, used);
    for (uint32_t i = 0; i < node_count; i++)
    {
        const Bytes op = operators.table(i);
        const Bytes code_index = field(op, 0);
        const Bytes code = codes.table(code_index == nullptr ? 0 : get<uint32_t>(code_index));
        const Bytes small = field(code, 0), large = field(code, 3);
        int32_t kind = small == nullptr ? 0 : get<int8_t>(small);
        if (large != nullptr && get<int32_t>(large) > kind)
        {
            kind = get<int32_t>(large);
        }
        nodes[i].registration = resolver.FindOp(static_cast<BuiltinOperator>(kind));
        if (nodes[i].registration == nullptr)
        {
            log("an operator is not registered\n");
            return kTfLiteError;
        }
        nodes[i].node = {vector(op, 1).number(0), vector(op, 2).number(0)};
    }
    return kTfLiteOk;
}

TfLiteStatus MicroInterpreter::Invoke()
{
    for (uint32_t i = 0; i < node_count; i++)
    {
        if (nodes[i].registration->invoke(&context, &nodes[i].node) != kTfLiteOk)
        {
            return kTfLiteError;
        }
    }
    return kTfLiteOk;
}

TfLiteTensor *MicroInterpreter::input(size_t index)
{
    return &context.tensors[vector(graph_of(model), 1).number(index)];
}

TfLiteTensor *MicroInterpreter::output(size_t index)
{
    return &context.tensors[vector(graph_of(model), 2).number(index)];
}

} // namespace tflite

#ifndef WITHOUT_LOG
extern "C" void RegisterDebugLogCallback(void (*callback)(const char *))
{
    log_callback = callback;
}
#endif
