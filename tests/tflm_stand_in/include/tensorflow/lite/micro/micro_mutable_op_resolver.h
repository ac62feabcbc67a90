#ifndef STAND_IN_RESOLVER_H
#define STAND_IN_RESOLVER_H

#include <cstddef>
#include <cstdint>

#include "tensorflow/lite/schema/schema_generated.h"

#ifndef TF_LITE_STATIC_MEMORY
#error "the library was built with TF_LITE_STATIC_MEMORY"
#endif

enum TfLiteStatus
{
    kTfLiteOk = 0,
    kTfLiteError = 1
};

struct TfLiteTensor
{
    union
    {
        int8_t *int8;
        void *data;
    } data;
    size_t bytes;
};

struct TfLiteContext
{
    TfLiteTensor *tensors;
};

struct TfLiteNode
{
    int32_t input, output;
};

struct TFLMRegistration
{
    TfLiteStatus (*invoke)(TfLiteContext *context, TfLiteNode *node);
    int32_t builtin_code;
};

namespace tflite
{

TFLMRegistration Register_ADD();
TFLMRegistration Register_AVERAGE_POOL_2D();
TFLMRegistration Register_CONV_2D();
TFLMRegistration Register_DEPTHWISE_CONV_2D();
TFLMRegistration Register_FULLY_CONNECTED();
TFLMRegistration Register_RESHAPE();

class MicroOpResolver
{
  public:
    virtual const TFLMRegistration *FindOp(BuiltinOperator op) const = 0;
    virtual const TFLMRegistration *FindOp(const char *name) const = 0;
    virtual ~MicroOpResolver()
    {
    }
};

template <unsigned int most> class MicroMutableOpResolver : public MicroOpResolver
{
  public:
    const TFLMRegistration *FindOp(BuiltinOperator op) const override
    {
        for (unsigned int i = 0; i < count; i++)
        {
            if (registrations[i].builtin_code == op)
            {
                return &registrations[i];
            }
        }
        return nullptr;
    }

    const TFLMRegistration *FindOp(const char *) const override
    {
        return nullptr;
    }

    TfLiteStatus AddAdd()
    {
        return AddBuiltin(BuiltinOperator_ADD, Register_ADD());
    }

    TfLiteStatus AddAveragePool2D()
    {
        return AddBuiltin(BuiltinOperator_AVERAGE_POOL_2D, Register_AVERAGE_POOL_2D());
    }

    TfLiteStatus AddConv2D(const TFLMRegistration &registration = Register_CONV_2D())
    {
        return AddBuiltin(BuiltinOperator_CONV_2D, registration);
    }

    TfLiteStatus AddDepthwiseConv2D(const TFLMRegistration &registration = Register_DEPTHWISE_CONV_2D())
    {
        return AddBuiltin(BuiltinOperator_DEPTHWISE_CONV_2D, registration);
    }

    TfLiteStatus AddFullyConnected()
    {
        return AddBuiltin(BuiltinOperator_FULLY_CONNECTED, Register_FULLY_CONNECTED());
    }

    TfLiteStatus AddReshape()
    {
        return AddBuiltin(BuiltinOperator_RESHAPE, Register_RESHAPE());
    }

  private:
    TfLiteStatus AddBuiltin(BuiltinOperator op, const TFLMRegistration &registration)
    {
        if (count == most || FindOp(op) != nullptr)
        {
            return kTfLiteError;
        }
        registrations[count] = registration;
        registrations[count++].builtin_code = op;
        return kTfLiteOk;
    }

    TFLMRegistration registrations[most];
    unsigned int count = 0;
};

} // namespace tflite

#endif
