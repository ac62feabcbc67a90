"""Networks that can be trained without a search, by name.

MicroNets: widths of Table 5 of the paper (arXiv 2010.11267) for keyword spotting and anomaly detection; those for
visual wake words are read from the files that Arm has released, as the paper shows them in a picture only. Baselines:
- DS-CNN: Hello Edge (arXiv 1711.07128) in the form whose operation counts equal the paper's Table 4: stem of stride 1,
  first block of stride 2; and in that of MLPerf Tiny's keyword spotting, where the stem has the stride.
- MobileNetV2 (arXiv 1801.04381), the paper's backbone and teacher, its first bottleneck expanded like the others, as in
  the released MicroNets; MobileNetV1 (arXiv 1704.04861) of width 0.25 as in MLPerf Tiny, and in grey, which is the
  shape of TensorFlow's person detection.
- The 1-D DS-CNN of MLPerf Tiny's streaming wake word over 30 frames of 40 mel bands, with ReLU6 in the place of ReLU
  (github.com/mlcommons/tiny, 1afd2c9, benchmark/training/streaming_wakeword/keras_model.py): depthwise convolutions in
  time without padding or activation, each followed by a pointwise one, until one frame is left.
- ResNet-8 of MLPerf Tiny for pictures of 32 x 32 pixels, with ReLU6 in the place of ReLU.
- Fully connected autoencoder of MLPerf Tiny over 5 frames of 128 mel bands, and a wide one.
- Convolutional autoencoder of Ribeiro et al. (arXiv 2006.10417) over 32 frames of 128 mel bands, whose operations and
  size are those of the paper's Conv-AE; and a small one of its form over the MicroNets' images, which fits the boards.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from micronets.architecture import (
    Addition,
    Architecture,
    AveragePooling,
    Convolution,
    DepthwiseConvolution,
    Layer,
    Shape,
    TransposedConvolution,
)
from micronets.errors import ConfigurationError

KWS_INPUT = (49, 10, 1)
KWS_CLASSES = 12
AD_INPUT = (32, 32, 1)
AD_CLASSES = 4
VWW_CLASSES = 2
IC_INPUT = (32, 32, 3)
IC_CLASSES = 10
WAKE_WORD_INPUT = (30, 1, 40)
"""30 frames of 40 mel bands, which are its channels."""
WAKE_WORD_CLASSES = 3
"""The word, silence, and every other word."""
WINDOW_FEATURES = 640
"""5 frames x 128 mel bands, which the fully connected autoencoders read."""
MEL_IMAGE = (32, 128, 1)
"""32 frames x 128 mel bands, which the convolutional autoencoder reads."""

_DOWN, _KEEP = (2, 2), (1, 1)
Bottleneck = tuple[int, int]
"""Channels of the expansion and of the projection."""
Size = tuple[int, int]
"""Height and width."""


class ResidualBlock(NamedTuple):
    """Two 3x3 convolutions and a shortcut: channels of the first and of the second, and whether it has stride 2."""

    inner: int
    outer: int
    strided: bool


MOBILENET_V2_STRIDES = (1, 2, 2, 2, 1, 2, 1)
"""Of the stages of MobileNetV2; the first bottleneck of a stage has it."""
MOBILENET_V2_STEM, MOBILENET_V2_HEAD = 32, 1280
MOBILENET_V2_STAGES: tuple[tuple[Bottleneck, ...], ...] = (
    ((32, 16),),
    ((96, 24), (144, 24)),
    ((144, 32), (192, 32), (192, 32)),
    ((192, 64), (384, 64), (384, 64), (384, 64)),
    ((384, 96), (576, 96), (576, 96)),
    ((576, 160), (960, 160), (960, 160)),
    ((960, 320),),
)


def ds_cnn(
    name: str,
    stem: int,
    blocks: Sequence[int],
    classes: int = KWS_CLASSES,
    *,
    input_shape: Shape = KWS_INPUT,
    stem_kernel: tuple[int, int] = (10, 4),
    stem_stride: tuple[int, int] = _KEEP,
    strided: Sequence[int] = (0,),
) -> Architecture:
    """A depthwise-separable network: a stem, then blocks, those at the indices `strided` of stride 2."""
    layers: list[Layer] = [Convolution(stem, stem_kernel, stem_stride)]
    for index, channels in enumerate(blocks):
        layers += [DepthwiseConvolution((3, 3), _DOWN if index in strided else _KEEP), Convolution(channels)]
    layers += [AveragePooling(), Convolution(classes, activation="linear")]
    return Architecture(name, input_shape, tuple(layers))


def anomaly_ds_cnn(name: str, stem: int, blocks: Sequence[int]) -> Architecture:
    """The paper's form for anomaly detection: stem 3x3, the first block and the last two of stride 2."""
    strided = (0, len(blocks) - 2, len(blocks) - 1)
    return ds_cnn(name, stem, blocks, AD_CLASSES, input_shape=AD_INPUT, stem_kernel=(3, 3), strided=strided)


def ds_cnn_1d(name: str, blocks: Sequence[tuple[int, int]]) -> Architecture:
    """Blocks of (frames of the depthwise kernel, channels of the pointwise convolution), then the classifier."""
    layers: list[Layer] = []
    for frames, channels in blocks:
        layers += [DepthwiseConvolution((frames, 1), activation="linear", padding="valid"), Convolution(channels)]
    layers.append(Convolution(WAKE_WORD_CLASSES, activation="linear"))
    return Architecture(name, WAKE_WORD_INPUT, tuple(layers))


def mobilenet_v2(
    name: str,
    input_shape: Shape,
    stem: int,
    stages: Sequence[Sequence[Bottleneck]],
    head: int,
    classes: int = VWW_CLASSES,
) -> Architecture:
    """Stem of stride 2, stages of inverted bottlenecks with `MOBILENET_V2_STRIDES`, a 1x1 head, pool and classifier.

    Within a stage every bottleneck is added to what it has read, linearly; the narrower side of an addition is padded
    with zero channels.
    """
    layers: list[Layer] = [Convolution(stem, (3, 3), _DOWN)]
    for stage, stride in zip(stages, MOBILENET_V2_STRIDES, strict=True):
        for index, (expansion, projection) in enumerate(stage):
            read = len(layers) - 1
            layers += [
                Convolution(expansion),
                DepthwiseConvolution((3, 3), (stride, stride) if index == 0 else _KEEP),
                Convolution(projection, activation="linear"),
            ]
            if index:
                layers.append(Addition(read))
    layers += [Convolution(head), AveragePooling(), Convolution(classes, activation="linear")]
    return Architecture(name, input_shape, tuple(layers))


def mobilenet_v1(name: str, input_shape: Shape, divisor: int = 4, classes: int = VWW_CLASSES) -> Architecture:
    """MobileNetV1 of 1/`divisor` of the width."""
    layers: list[Layer] = [Convolution(32 // divisor, (3, 3), _DOWN)]
    channels = (64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024)
    for index, width in enumerate(channels):
        layers += [
            DepthwiseConvolution((3, 3), _DOWN if index in (1, 3, 5, 11) else _KEEP),
            Convolution(width // divisor),
        ]
    layers += [AveragePooling(), Convolution(classes, activation="linear")]
    return Architecture(name, input_shape, tuple(layers))


def resnet(
    name: str, channels: Sequence[int], input_shape: Shape = IC_INPUT, classes: int = IC_CLASSES
) -> Architecture:
    """A residual network: a stem, then for each of the `channels` a block of two convolutions that is added to what it
    has read; from the second block on of stride 2, with a 1x1 convolution of that stride on the shortcut."""
    blocks = [ResidualBlock(width, width, number > 0) for number, width in enumerate(channels)]
    return residual_network(name, input_shape, channels[0], blocks, classes)


def residual_network(
    name: str, input_shape: Shape, stem: int, blocks: Sequence[ResidualBlock], classes: int
) -> Architecture:
    """A 3x3 stem, blocks of two 3x3 convolutions that are added to what the block has read, or, where it is strided, to
    a 1x1 convolution of that; pool and classifier."""
    layers: list[Layer] = [Convolution(stem, (3, 3))]
    for inner, outer, strided in blocks:
        read, stride = len(layers) - 1, _DOWN if strided else _KEEP
        layers += [Convolution(inner, (3, 3), stride), Convolution(outer, (3, 3), activation="linear")]
        if strided:
            layers.append(Convolution(outer, (1, 1), stride, "linear", source=read))
            read = len(layers) - 2
        layers.append(Addition(read, "relu6"))
    layers += [AveragePooling(), Convolution(classes, activation="linear")]
    return Architecture(name, input_shape, tuple(layers))


def autoencoder(name: str, widths: Sequence[int]) -> Architecture:
    """A fully connected autoencoder of one window, as 1x1 convolutions of one pixel."""
    hidden = [Convolution(width) for width in widths]
    shape = (1, 1, WINDOW_FEATURES)
    return Architecture(name, shape, (*hidden, Convolution(WINDOW_FEATURES, activation="linear")))


def convolutional_autoencoder(
    name: str, input_shape: Shape, encoder: Sequence[tuple[int, Size, Size]], code: int
) -> Architecture:
    """Strided convolutions of (channels, kernel, stride), all pixels that are left to a code, and all of it back.

    The strides must divide the input's sides.
    """
    down = [Convolution(*layer) for layer in encoder]
    height, width, _ = input_shape
    for layer in down:
        height, width = height // layer.stride[0], width // layer.stride[1]
    rest = (height, width)
    channels = (input_shape[2], *(layer.channels for layer in down))
    up = [TransposedConvolution(to, layer.kernel, layer.stride) for to, layer in zip(channels[:-1], down, strict=True)]
    layers: list[Layer] = [
        *down,
        Convolution(code, rest, rest, activation="linear"),
        TransposedConvolution(channels[-1], rest, rest, activation="linear"),
        *reversed(up[1:]),
        replace(up[0], activation="linear"),
    ]
    return Architecture(name, input_shape, tuple(layers))


def _full_mobilenet_v2(size: int) -> Callable[[str], Architecture]:
    return lambda name: mobilenet_v2(name, (size, size, 1), MOBILENET_V2_STEM, MOBILENET_V2_STAGES, MOBILENET_V2_HEAD)


_VWW_2 = (
    ((4, 8),),
    ((28, 24), (28, 20)),
    ((128, 28), (152, 16), (152, 28)),
    ((152, 24), (112, 24), (112, 12), (76, 32)),
    ((76, 16), (56, 28), (56, 28)),
    ((56, 16), (96, 16), (96, 16)),
    ((96, 32),),
)
_VWW_3 = (
    ((3, 6),),
    ((9, 14), (28, 16)),
    ((28, 32), (115, 25), (115, 32)),
    ((172, 51), (307, 51), (307, 44), (307, 57)),
    ((230, 48), (288, 48), (288, 76)),
    ((115, 16), (96, 16), (96, 16)),
    ((96, 32),),
)
_VWW_4 = (
    ((4, 4),),
    ((8, 12), (14, 16)),
    ((28, 32), (96, 28), (96, 28)),
    ((152, 44), (268, 40), (268, 52), (268, 44)),
    ((192, 68), (172, 68), (172, 48)),
    ((288, 16), (96, 16), (96, 32)),
    ((96, 32),),
)

_CONV_AE = (
    (32, (5, 5), (1, 2)),
    (64, (5, 5), (1, 2)),
    (128, (5, 5), _DOWN),
    (256, (3, 3), _DOWN),
    (512, (3, 3), _DOWN),
)
_CONV_AE_SMALL = ((16, (5, 5), _DOWN), (32, (5, 5), _DOWN), (64, (3, 3), _DOWN))

_RECIPES: dict[str, Callable[[str], Architecture]] = {
    "micronet-kws-s": lambda name: ds_cnn(name, 84, [112, 84, 84, 84, 196]),
    "micronet-kws-m": lambda name: ds_cnn(name, 140, [140, 140, 140, 112, 196]),
    "micronet-kws-l": lambda name: ds_cnn(name, 276, [248, 276, 276, 248, 248, 248, 248]),
    "ds-cnn-s": lambda name: ds_cnn(name, 64, [64] * 4),
    "ds-cnn-m": lambda name: ds_cnn(name, 172, [172] * 4),
    "ds-cnn-l": lambda name: ds_cnn(name, 276, [276] * 5),
    "ds-cnn-mlperf": lambda name: ds_cnn(name, 64, [64] * 4, stem_stride=_DOWN, strided=()),
    "ds-cnn-1d": lambda name: ds_cnn_1d(name, [(3, 128), (5, 128), (10, 128), (15, 32)]),
    "micronet-vww-2": lambda name: mobilenet_v2(name, (50, 50, 1), 12, _VWW_2, 128),
    "micronet-vww-3": lambda name: mobilenet_v2(name, (128, 128, 1), 9, _VWW_3, 128),
    "micronet-vww-4": lambda name: mobilenet_v2(name, (128, 128, 1), 8, _VWW_4, 128),
    "mobilenet-v2-50": _full_mobilenet_v2(50),
    "mobilenet-v2-96": _full_mobilenet_v2(96),
    "mobilenet-v2-128": _full_mobilenet_v2(128),
    "mobilenet-v2-160": _full_mobilenet_v2(160),
    "mobilenet-v1-025": lambda name: mobilenet_v1(name, (96, 96, 3)),
    "person-detection": lambda name: mobilenet_v1(name, (96, 96, 1)),
    "resnet-8": lambda name: resnet(name, [16, 32, 64]),
    "mobilenet-v1-025-32": lambda name: mobilenet_v1(name, IC_INPUT, classes=IC_CLASSES),
    "micronet-ad-s": lambda name: anomaly_ds_cnn(name, 72, [164, 220, 276, 276]),
    "micronet-ad-m": lambda name: anomaly_ds_cnn(name, 192, [276] * 5),
    "micronet-ad-l": lambda name: anomaly_ds_cnn(name, 276, [248, 276, 276, 248, 248]),
    "ds-cnn-l-ad": lambda name: anomaly_ds_cnn(name, 276, [276] * 5),
    "fc-ae": lambda name: autoencoder(name, [128] * 4 + [8] + [128] * 4),
    "fc-ae-wide": lambda name: autoencoder(name, [512] * 4 + [8] + [512] * 4),
    "conv-ae": lambda name: convolutional_autoencoder(name, MEL_IMAGE, _CONV_AE, 40),
    "conv-ae-small": lambda name: convolutional_autoencoder(name, AD_INPUT, _CONV_AE_SMALL, 40),
}

PUBLISHED = tuple(_RECIPES)
"""Names that `published_architecture` knows."""


def published_architecture(name: str, classes: int | None = None) -> Architecture:
    """The network of a name, with its published number of classes or another; autoencoders have none.

    Raises ConfigurationError where no network of this name is published.
    """
    if name not in _RECIPES:
        raise ConfigurationError(f"No published network is named {name!r}; known are {', '.join(PUBLISHED)}.")
    architecture = _RECIPES[name](name)
    if classes is None or architecture.reconstructs:
        return architecture
    *layers, classifier = architecture.layers
    assert isinstance(classifier, Convolution)
    return replace(architecture, layers=(*layers, replace(classifier, channels=classes)))
