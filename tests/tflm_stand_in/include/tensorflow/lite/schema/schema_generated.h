// What stands in for TensorFlow Lite Micro in tests: the part of its interface that a generated program uses.
#ifndef STAND_IN_SCHEMA_H
#define STAND_IN_SCHEMA_H

#include <cstdint>

namespace tflite
{

enum BuiltinOperator : int32_t
{
    BuiltinOperator_ADD = 0,
    BuiltinOperator_AVERAGE_POOL_2D = 1,
    BuiltinOperator_CONV_2D = 3,
    BuiltinOperator_DEPTHWISE_CONV_2D = 4,
    BuiltinOperator_FULLY_CONNECTED = 9,
    BuiltinOperator_RESHAPE = 22,
    BuiltinOperator_CUSTOM = 32,
    BuiltinOperator_PAD = 34,
    BuiltinOperator_MEAN = 40,
    BuiltinOperator_MIN = BuiltinOperator_ADD,
};

struct Model;

inline const Model *GetModel(const void *content)
{
    return static_cast<const Model *>(content);
}

} // namespace tflite

#endif
