/* SPDX-License-Identifier: Apache-2.0 */
// A network run by TensorFlow Lite Micro, behind the interface of a compiled one.
//
// Every operator runs in a function network_layer_NN_<operator> of its own, so that a profiler can tell the layers
// apart whatever the library was built with: in the resolver, all kinds of operators are made to call one entry
// within network_invoke(), which calls the functions in turn. TFLM runs a graph's operators in the order of the file.
#define TF_LITE_STATIC_MEMORY 1 // as the library is built: it decides how structures are laid out

#include "network.h"

#include <new>
#include <type_traits>
#include <utility>

#include "failure.h"
#include "operators.h"

#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"
#include "tensorflow/lite/schema/schema_generated.h"

#ifndef NETWORK_AFTER_STEP
#define NETWORK_AFTER_STEP(step)
#endif

extern "C"
{

    extern const unsigned char network_model[];

    // Constructors of the library's static objects; from the linker script.
    extern void (*const constructors_start[])();
    extern void (*const constructors_end[])();

    // In libraries for TARGET=cortex_m_generic.
    void RegisterDebugLogCallback(void (*callback)(const char *)) __attribute__((weak));

#if NETWORK_STAGED
    // Several inputs or outputs, which TFLM keeps where it likes, one behind the other; and uint8 as int8 of 128 less.
    static int8_t staged_input[NETWORK_INPUT_BYTES] __attribute__((aligned(4)));
    static int8_t staged_output[NETWORK_OUTPUT_BYTES] __attribute__((aligned(4)));
#endif

    // Of the build for this network, or of the one that looks for the smallest arena.
    alignas(16) uint8_t network_arena[NETWORK_ARENA_BYTES] __attribute__((section(".bss.network_arena")));

    int8_t *network_input;
    const int8_t *network_output;
}

namespace
{

using Resolver = tflite::MicroMutableOpResolver<OPERATOR_KINDS>;
using FoundOperator = decltype(std::declval<const Resolver &>().FindOp(tflite::BuiltinOperator_ADD));
using Registration = std::remove_cv_t<std::remove_pointer_t<FoundOperator>>; // its name differs between versions
using Kernel = TfLiteStatus (*)(TfLiteContext *, TfLiteNode *);

// Never destroyed, so nothing need be registered for the end of the program.
template <typename Object> struct Memory
{
    alignas(Object) unsigned char bytes[sizeof(Object)];
};
Memory<Resolver> resolver_memory;
Memory<tflite::MicroInterpreter> interpreter_memory;

tflite::MicroInterpreter *interpreter;
Kernel kernels[OPERATOR_KINDS];

} // namespace

extern "C"
{

#define LAYER(number, function, kind)                                                                                  \
    __attribute__((noipa)) TfLiteStatus function(TfLiteContext *context, TfLiteNode *node)                             \
    {                                                                                                                  \
        const TfLiteStatus status = kernels[kind](context, node);                                                      \
        NETWORK_AFTER_STEP(number);                                                                                    \
        return status;                                                                                                 \
    }
    LAYERS(LAYER)
#undef LAYER

#define LAYER(number, function, kind) function,
    static const Kernel layers[] = {LAYERS(LAYER)};
#undef LAYER

    TfLiteStatus network_layer(TfLiteContext *context, TfLiteNode *node);
    const Kernel *network_next_layer;

#if NETWORK_STAGED
    static void copy_edge(int8_t *to, const int8_t *from, uint32_t count, uint8_t flipped)
    {
        for (uint32_t i = 0; i < count; i++)
        {
            to[i] = static_cast<int8_t>(from[i] ^ flipped);
        }
    }
#endif

    __attribute__((used)) void network_run()
    {
        network_next_layer = layers;
#if NETWORK_STAGED
#define EDGE(number, offset, size, flipped)                                                                            \
    copy_edge(interpreter->input(number)->data.int8, staged_input + (offset), size, flipped);
        INPUT_EDGES(EDGE)
#undef EDGE
#endif
        if (interpreter->Invoke() != kTfLiteOk)
        {
            host_log("Invoke() failed\n");
            host_fail();
        }
#if NETWORK_STAGED
#define EDGE(number, offset, size, flipped)                                                                            \
    copy_edge(staged_output + (offset), interpreter->output(number)->data.int8, size, flipped);
        OUTPUT_EDGES(EDGE)
#undef EDGE
#endif
    }

    // network_layer() lies within it, so that a profiler knows from both where a layer begins and where it ends.
    __attribute__((naked, noinline)) void network_invoke()
    {
        __asm volatile("push {r4, lr}\n"
                       "bl network_run\n"
                       "pop {r4, pc}\n"
                       ".global network_layer\n"
                       ".thumb_func\n"
                       "network_layer:\n"
                       "push {r4, lr}\n"
                       "ldr r3, =network_next_layer\n"
                       "ldr r2, [r3]\n"
                       "ldr r4, [r2]\n"
                       "adds r2, #4\n"
                       "str r2, [r3]\n"
                       "blx r4\n"
                       "pop {r4, pc}\n"
                       ".ltorg\n");
    }

    int network_set_up(uint32_t arena_bytes)
    {
        for (auto constructor = constructors_start; constructor < constructors_end; constructor++)
        {
            (*constructor)();
        }
        if (RegisterDebugLogCallback != nullptr)
        {
            RegisterDebugLogCallback(host_log);
        }
        auto *resolver = new (resolver_memory.bytes) Resolver;
#define KIND(kind, code, method)                                                                                       \
    if (resolver->method() != kTfLiteOk)                                                                               \
    {                                                                                                                  \
        return 0;                                                                                                      \
    }                                                                                                                  \
    {                                                                                                                  \
        auto *found = const_cast<Registration *>(resolver->FindOp(tflite::BuiltinOperator_##code));                    \
        kernels[kind] = found->invoke;                                                                                 \
        found->invoke = network_layer;                                                                                 \
    }
        KINDS(KIND)
#undef KIND
        interpreter = new (interpreter_memory.bytes)
            tflite::MicroInterpreter(tflite::GetModel(network_model), *resolver, network_arena, arena_bytes);
        if (interpreter->AllocateTensors() != kTfLiteOk)
        {
            return 0;
        }
        bool as_in_the_file = true;
#define EDGE(number, offset, size, flipped) as_in_the_file &= interpreter->input(number)->bytes == (size);
        INPUT_EDGES(EDGE)
#undef EDGE
#define EDGE(number, offset, size, flipped) as_in_the_file &= interpreter->output(number)->bytes == (size);
        OUTPUT_EDGES(EDGE)
#undef EDGE
        if (!as_in_the_file)
        {
            host_log("the sizes of input and output are not those of the file\n");
            return 0;
        }
#if NETWORK_STAGED
        network_input = staged_input;
        network_output = staged_output;
#else
        network_input = interpreter->input(0)->data.int8;
        network_output = interpreter->output(0)->data.int8;
#endif
        return 1;
    }

    void network_start()
    {
        if (!network_set_up(NETWORK_ARENA_BYTES))
        {
            host_fail();
        }
    }

    // What C++ asks for beside the library: nothing is ever deleted.
    void __cxa_pure_virtual()
    {
        host_log("a pure virtual function was called\n");
        host_fail();
    }

} // extern "C"

void operator delete(void *) noexcept
{
}
void operator delete(void *, std::size_t) noexcept
{
}
