"""Which supernet a search space is trained as."""

from micronets.network import Range
from micronets.search.ds_cnn_space import DsCnnSpace
from micronets.search.ds_cnn_supernet import DsCnnSupernet
from micronets.search.mobilenet_v2_space import MobileNetV2Space
from micronets.search.mobilenet_v2_supernet import MobileNetV2Supernet
from micronets.search.resnet_space import ResNetSpace
from micronets.search.resnet_supernet import ResNetSupernet
from micronets.search.space import SearchSpace
from micronets.search.supernet import Supernet

_SUPERNETS: dict[type, type[Supernet]] = {
    DsCnnSpace: DsCnnSupernet,
    MobileNetV2Space: MobileNetV2Supernet,
    ResNetSpace: ResNetSupernet,
}


def supernet_of(space: SearchSpace, input_range: Range) -> Supernet:
    """The untrained supernet of `space` for features that keep `input_range` when quantised."""
    return _SUPERNETS[type(space)](space, input_range, name="supernet")
