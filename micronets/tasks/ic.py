"""Image classification: which of several things a picture shows, from a folder of pictures for each."""

from dataclasses import dataclass

from micronets.architecture import Shape
from micronets.data.images.options import PictureOptions
from micronets.tasks._pictures import PictureTask

__all__ = ["TASK", "ImageClassification"]


@dataclass(frozen=True)
class ImageClassification(PictureTask):
    """See `micronets.tasks.Task`. The labels are the names of the folders."""

    name: str = "ic"
    title: str = "Image classification"
    data_options: type = PictureOptions
    input_shape: Shape = (32, 32, 3)
    most_size: int = 224

    def stored_size(self, options: PictureOptions) -> int:
        return options.size


TASK = ImageClassification()
