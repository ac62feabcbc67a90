"""Operators that the compiler does not take, and what would help: for its sentences, and for the page of operators."""

OF_TFLM = {
    "IF": "both branches in one network, and SELECT_V2 between what they give, do the same",
    "L2_POOL_2D": "TFLM has it in float32 only; AVERAGE_POOL_2D of squares does the same in int8",
    "WHILE": "convert the network with a batch size of 1, or with `unroll=True` in its recurrent layers",
}
"""By the schema's name, those that TFLM has."""

OF_OTHERS = {
    "BIDIRECTIONAL_SEQUENCE_LSTM": "TFLM lacks it; two layers of one direction do the same",
    "CONV_3D": "TFLM lacks it; convolutions of images, and their sum, do the same",
    "GELU": "TFLM lacks it; train with RELU6 or HARD_SWISH",
    "LSTM": "TFLM lacks it; convert with TensorFlow 2, which writes UNIDIRECTIONAL_SEQUENCE_LSTM",
    "ONE_HOT": "TFLM lacks it; EQUAL with a constant does the same",
    "POW": "TFLM lacks it; MUL does the same for whole exponents",
    "REDUCE_ANY": "TFLM lacks it; REDUCE_ALL of the opposite does the same",
    "SELECT": "TFLM lacks it; convert with TensorFlow 2, which writes SELECT_V2",
    "TILE": "TFLM lacks it; BROADCAST_TO, or CONCATENATION of the same input, does the same",
    "TOPK_V2": "TFLM lacks it; ARG_MAX finds the largest, and programs sort the others",
    "WHERE": "TFLM lacks it; SELECT_V2 chooses between values",
}
"""By the schema's name, those that TFLM lacks, too."""

CUSTOM = {
    "CIRCULAR_BUFFER": "take it out, or keep earlier inputs in variables (READ_VARIABLE, ASSIGN_VARIABLE)",
    "TFLite_Detection_PostProcess": "cut the network before it, and let the program choose the boxes",
    "ethos-u": "the file was compiled for an Arm Ethos-U by Vela; give the one from before",
}
"""By the name of a custom operator."""

_ELSE = "docs/operators.md lists what is, and docs/runtimes.md runs others on TensorFlow Lite Micro"
_ELSE_CUSTOM = "it is nobody's standard: take it out, or let the program carry it out behind the network"


def hint_for(name: str, *, custom: bool = False) -> str:
    """What would help, by the operator's name."""
    if custom:
        return CUSTOM.get(name) or (CUSTOM["ethos-u"] if "ethos" in name.lower() else _ELSE_CUSTOM)
    return OF_TFLM.get(name) or OF_OTHERS.get(name) or _ELSE
