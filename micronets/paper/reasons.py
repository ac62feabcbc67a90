"""Why a figure here is not the paper's: one sentence for every kind of figure, and for single networks."""

OTHER_DATA = "scores on other data than the paper's: neither says anything about the other"
OWN_RECIPE = "one training by our recipe; the paper names no seeds and no spread"
RELEASED = "the file that Arm has released, of which Arm itself states other scores than the paper"
PROGRAM = (
    "the paper's program holds Mbed OS, TFLM's interpreter and kernels for every shape; ours the network's own code, "
    "start-up code, and the program that measures"
)
MODEL = (
    "the same weights in another file: scales for every channel, where the paper's files seem to have had one for a "
    "tensor, and nothing that no interpreter reads"
)
ARENA = (
    "the paper's arena holds TFLM's descriptions of tensors and kernels, and inputs beside outputs; ours the buffers "
    "alone, some of them over one another, and weights that a loop uses again"
)
OPERATIONS = "the network that Arm has released, whose layers these are, is not quite the paper's"
LATENCY = (
    "other kernels: the paper ran TFLM of 2020 with CMSIS-NN; ours are made for the layer's shape, with weights in the "
    "order in which they are read"
)
ENERGY = "the board's power times the latency, so that the difference is the latency's"
UPTIME = "latency over the same time between two inputs, so that the difference is the latency's"
POWER_UNKNOWN = "no power of this board has been published"
NOT_PUBLISHED = "the paper gives no figure"
NOT_DEPLOYED = "it does not fit this board, or was not measured on it"
NOT_TRAINED = "not trained in this run"
NO_SILICON = "power and current are measured on boards, and there is none here"
