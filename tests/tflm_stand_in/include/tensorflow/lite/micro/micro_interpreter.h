#ifndef STAND_IN_INTERPRETER_H
#define STAND_IN_INTERPRETER_H

#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"

namespace tflite
{

class MicroInterpreter
{
  public:
    MicroInterpreter(const Model *model, const MicroOpResolver &resolver, uint8_t *arena, size_t arena_bytes);
    ~MicroInterpreter();
    TfLiteStatus AllocateTensors();
    TfLiteStatus Invoke();
    TfLiteTensor *input(size_t index);
    TfLiteTensor *output(size_t index);

  private:
    const Model *model;
    const MicroOpResolver &resolver;
    uint8_t *arena;
    size_t arena_bytes;
    TfLiteContext context;
    struct Node *nodes;
    uint32_t node_count;
};

} // namespace tflite

#endif
