"""Process of its own for TFLM's host interpreter.

tflm_worker.py MODEL                              one inference of zeros; prints the arena's allocations
tflm_worker.py MODEL INPUTS OUTPUTS START STOP IN OUT
                                                  outputs[START:STOP] of inputs[START:STOP] (.npy files), of whose bytes
                                                  the network's IN inputs and OUT outputs take theirs in turn;
                                                  prints the number of inferences done since the last line
"""

import os
import sys

import numpy as np
from tflite_micro.python.tflite_micro import runtime

ARENA_BYTES = 1 << 27
"""More than any network of a microcontroller needs; only what is touched takes memory."""
REPORT_EVERY = 16


def _print_allocations(interpreter: runtime.Interpreter) -> None:
    details = interpreter.get_input_details(0)
    interpreter.set_input(np.zeros(details["shape"], details["dtype"]), 0)
    interpreter.invoke()
    # C++ writes the allocations to the standard error stream.
    os.dup2(sys.stdout.fileno(), sys.stderr.fileno())
    interpreter.print_allocations()


def _infer(
    interpreter: runtime.Interpreter,
    inputs_path: str,
    outputs_path: str,
    start: int,
    stop: int,
    input_count: int,
    output_count: int,
) -> None:
    sources = [interpreter.get_input_details(number) for number in range(input_count)]
    inputs = np.load(inputs_path, mmap_mode="r")
    outputs = np.load(outputs_path, mmap_mode="r+")
    reported = start
    for index in range(start, stop):
        left = np.ascontiguousarray(inputs[index]).reshape(-1).view(np.uint8)
        for number, source in enumerate(sources):
            dtype = np.dtype(source["dtype"])
            size = int(np.prod(source["shape"], dtype=np.int64)) * dtype.itemsize
            interpreter.set_input(left[:size].view(dtype).reshape(source["shape"]), number)
            left = left[size:]
        interpreter.invoke()
        made = [np.array(interpreter.get_output(number)).reshape(-1).view(np.uint8) for number in range(output_count)]
        outputs[index] = np.concatenate(made).view(outputs.dtype).reshape(outputs.shape[1:])
        if index + 1 - reported == REPORT_EVERY or index + 1 == stop:
            outputs.flush()
            print(index + 1 - reported, flush=True)
            reported = index + 1


def main(arguments: list[str]) -> int:
    """Returns the exit status."""
    model, *rest = arguments
    try:
        interpreter = runtime.Interpreter.from_file(model, arena_size=ARENA_BYTES)
        if rest:
            _infer(interpreter, rest[0], rest[1], *map(int, rest[2:]))
        else:
            _print_allocations(interpreter)
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
