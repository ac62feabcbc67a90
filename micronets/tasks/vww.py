"""Visual wake words on COCO: is there a person, or something else of a category, in the picture."""

from dataclasses import dataclass

from micronets.architecture import Shape
from micronets.data.images.options import ImageOptions
from micronets.data.images.prepare import STORED_SIZE
from micronets.tasks._pictures import PictureTask

__all__ = ["TASK", "VisualWakeWords"]


@dataclass(frozen=True)
class VisualWakeWords(PictureTask):
    """See `micronets.tasks.Task`. The order of the labels is that of MLPerf Tiny's reference network."""

    name: str = "vww"
    title: str = "Visual wake words"
    data_options: type = ImageOptions
    input_shape: Shape = (50, 50, 1)
    most_size: int = STORED_SIZE

    def stored_size(self, options: ImageOptions) -> int:
        return STORED_SIZE


TASK = VisualWakeWords()
