"""Table 5 and Figure 6: the layers of the networks, in the paper and here."""

from micronets.architecture import Addition, Architecture, AveragePooling, Convolution, DepthwiseConvolution
from micronets.paper.cells import HERE_LINE, Cell, Line, Row, Table, missing
from micronets.paper.figures import Paper, Widths
from micronets.paper.here import Here
from micronets.published import PUBLISHED, published_architecture

_COLUMNS = (("layers", "kernel of the stem, channels; /2: stride 2"),)
_IN_A_PICTURE = "the paper shows its layers in a picture alone (Figure 6), or not at all"


def architectures_table(paper: Paper, here: Here) -> Table:
    """The MicroNets, and the networks searched here."""
    rows = []
    for network in paper.networks:
        widths = paper.architectures.get(network.name)
        if widths is None and not network.name.startswith("micronet"):
            continue
        papers = missing(_IN_A_PICTURE) if widths is None else Cell("paper", describe_widths(widths))
        if network.name in PUBLISHED:
            text = describe_layers(published_architecture(network.name))
            source = "" if widths else "read from the file that Arm has released"
            same = widths is None or text == describe_widths(widths)
            note = "" if same else "the layers that are built here are not those of the paper"
            ours = Cell("measured", text, source, note)
        else:
            ours = missing(network.unknown)
        rows.append(Row.beside(network.title, "", (papers,), (ours,)))
    for task, results in here.results.items():
        for model in results.models:
            if model.kind == "searched" and model.architecture is not None:
                text = describe_layers(model.architecture)
                line = Line(f"searched, {HERE_LINE}", (Cell("measured", text),))
                rows.append(Row(model.name, f"{task}: {here.budgets.get(task, {}).get(model.name, '')}", (line,)))
    return Table("architectures", "Layers of the networks", "Table 5, Figure 6", _COLUMNS, tuple(rows))


def describe_widths(widths: Widths) -> str:
    """The paper's row as `describe_layers` would have it."""
    stem, *blocks = widths.channels
    told = [f"{channels}/2" if place in widths.strided else str(channels) for place, channels in enumerate(blocks, 1)]
    return f"{widths.stem}, {stem} | {' '.join(told)}"


def describe_layers(architecture: Architecture) -> str:
    """A network of depthwise-separable blocks as `10x4, 140 | 140/2 140 112`, one of bottlenecks as
    `3x3, 12 | (4, 8) (28, 24)/2 | head 128`; pool and classifier go without saying."""
    stem, *layers = architecture.layers
    assert isinstance(stem, Convolution)
    bottlenecks = any(isinstance(layer, Addition) for layer in layers)
    told: list[str] = []
    expansion, stride = None, ""
    head = ""
    body = layers[:-2]  # without pool and classifier
    for index, layer in enumerate(body):
        if isinstance(layer, DepthwiseConvolution):
            stride = "/2" if layer.stride == (2, 2) else ""
        elif isinstance(layer, AveragePooling):
            told.append("pool/2")
        elif isinstance(layer, Convolution) and bottlenecks:
            following = body[index + 1] if index + 1 < len(body) else None
            if isinstance(following, DepthwiseConvolution):
                expansion = layer.channels
            elif expansion is not None:
                told.append(f"({expansion}, {layer.channels}){stride}")
                expansion = None
            else:
                head = f" | head {layer.channels}"
        elif isinstance(layer, Convolution):
            told.append(f"{layer.channels}{stride}")
    kernel = f"{stem.kernel[0]}x{stem.kernel[1]}"
    return f"{kernel}, {stem.channels} | {' '.join(told)}{head}"
