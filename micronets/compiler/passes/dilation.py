"""Makes dilated convolutions of those between SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND."""

from dataclasses import replace

from micronets.compiler.operators.blocks import JoinStep, SplitStep
from micronets.compiler.passes.uses import Uses
from micronets.compiler.steps import (
    ConvolutionStep,
    DepthwiseConvolutionStep,
    FullyConnectedStep,
    ImagesStep,
    Program,
    Step,
    Value,
)

_FASTER_IN_BLOCKS = (3, 3)
"""Windows whose kernels, which take no dilation, win more than moving values costs."""


def fold_blocks(program: Program) -> None:
    """A convolution of stride 1 on every image of blocks of d rows is one on the whole image with rows d apart."""
    uses = Uses(program)
    for join in [step for step in program.steps if isinstance(step, JoinStep)]:
        batch = uses.maker(join.inputs[0])
        if batch is None or uses.only_reader(batch.output) is not join:
            continue
        split = uses.maker(batch.inputs[0])
        if not isinstance(split, SplitStep) or uses.only_reader(split.output) is not batch:
            continue
        whole = _dilated(split, batch, join)
        if whole is None:
            continue
        program.steps[program.steps.index(join)] = whole
        program.steps.remove(split)
        program.steps.remove(batch)
        uses = Uses(program)
        program.notes.append(f"operators {', '.join(map(str, whole.operators))}: one dilated convolution")


def _dilated(split: SplitStep, batch: Step, join: JoinStep) -> Step | None:
    image = batch.image if isinstance(batch, ImagesStep) else batch
    if not isinstance(image, ConvolutionStep | DepthwiseConvolutionStep) or isinstance(image, FullyConnectedStep):
        return None
    high, wide = split.blocks.size
    rows, columns, channels = split.blocks.image
    window, first = image.window, join.blocks.first
    pads = (window.pad_top * high - first[0], window.pad_left * wide - first[1])
    if (
        join.blocks.size != (high, wide)
        or window.size == _FASTER_IN_BLOCKS
        or window.stride != (1, 1)
        or min(pads) < 0
        or image.inputs[0].shape != (rows // high, columns // wide, channels)
        or join.blocks.image[:2] != (image.output.shape[0] * high, image.output.shape[1] * wide)
    ):
        return None
    dilation = (window.dilation[0] * high, window.dilation[1] * wide)
    count = split.output.elements // (rows * columns * channels)
    source, output, shape = split.inputs[0], join.output, (count * rows, columns, channels)
    if source.shape != shape:
        source = source.viewed(shape)
    single = replace(
        image,
        inputs=[source if count == 1 else Value("image", (rows, columns, channels))],
        output=output if count == 1 else Value("image", (output.shape[0] // count, *output.shape[1:])),
        operators=split.operators + image.operators + join.operators,
        window=replace(window, dilation=dilation, pad_top=pads[0], pad_left=pads[1]),
    )
    if count == 1:
        return single
    return ImagesStep(inputs=[source], output=output, operators=single.operators, image=single, count=count)
