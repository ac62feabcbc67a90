"""Generated scenes in COCO's layout, for runs without any download: figures with limbs among things that resemble them.

People stand, walk, sit, reach out and wave, near and far, dressed in anything, half hidden now and then. Where there is
none there may be what shares their shapes: animals, trees, lamp posts, bollards with round tops, coat stands. Colours,
light, texture and clutter are drawn alike for both, so that nothing but the figure tells.
"""

import json
import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import joblib
import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from micronets.data.images.coco import PARTS, PERSON, YEARS
from micronets.data.options import require
from micronets.progress import track

logger = logging.getLogger(__name__)

_WIDTH, _HEIGHT = 256, 240
_CHUNK_SCENES = 100
_JPEG_QUALITY = 85

Colour = tuple[int, int, int]
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class SceneOptions:
    """The section `data.generated` of the configuration.

    Attributes:
        images: in all; a quarter of them becomes COCO's val, which is the testing split.
        person_share: of the images, share with a person.
        distractors: greatest number of things of other kinds in an image.
    """

    images: int = 2400
    person_share: float = 0.5
    distractors: int = 2

    def __post_init__(self) -> None:
        require(self.images >= 40, "data.generated.images", self.images, "40 or more")
        require(0 < self.person_share < 1, "data.generated.person_share", self.person_share, "above 0 and below 1")
        require(self.distractors >= 0, "data.generated.distractors", self.distractors, "0 or more")


def generate_scenes(options: SceneOptions, root: Path, seed: int, processes: int) -> None:
    """Draws the scenes into `root` in COCO's layout, the same ones for the same options and seed.

    Args:
        processes: side by side; they do not change the result.
    """
    counts = {"train": options.images - options.images // 4, "val": options.images // 4}
    for number, part in enumerate(PARTS):
        folder = root / f"{part}{YEARS[0]}"
        folder.mkdir(parents=True)
        chunks = [
            range(first, min(first + _CHUNK_SCENES, counts[part])) for first in range(0, counts[part], _CHUNK_SCENES)
        ]
        work = (joblib.delayed(_draw_chunk)(options, folder, [seed, number], chunk) for chunk in chunks)
        with joblib.parallel_config("loky", inner_max_num_threads=1):
            drawn = joblib.Parallel(n_jobs=min(processes, len(chunks)), return_as="generator")(work)
            boxes = [box for part_boxes in track(drawn, logger, f"chunks of {part}", len(chunks)) for box in part_boxes]
        images = [
            {"id": _id(number, index), "file_name": _name(number, index), "width": _WIDTH, "height": _HEIGHT}
            for index in range(counts[part])
        ]
        annotations = [
            {"id": place + 1, "image_id": _id(number, index), "category_id": 1, "bbox": [round(v, 2) for v in box],
             "area": round(box[2] * box[3], 2), "iscrowd": 0}
            for place, (index, box) in enumerate(boxes)
        ]  # fmt: skip
        (root / "annotations").mkdir(exist_ok=True)
        content = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": PERSON}]}
        path = root / "annotations" / f"instances_{part}{YEARS[0]}.json"
        path.write_text(json.dumps(content), encoding="utf-8")


def _id(part: int, index: int) -> int:
    return part * 1_000_000 + index + 1


def _name(part: int, index: int) -> str:
    return f"{_id(part, index):012d}.jpg"


def _draw_chunk(options: SceneOptions, folder: Path, seed: list[int], indices: range) -> list[tuple[int, Box]]:
    boxes = []
    for index in indices:
        image, found = draw_scene(options, np.random.default_rng([*seed, index]))
        image.save(folder / _name(seed[1], index), quality=_JPEG_QUALITY)
        boxes += [(index, box) for box in found]
    return boxes


def draw_scene(options: SceneOptions, generator: np.random.Generator) -> tuple[Image.Image, list[Box]]:
    """One scene and the boxes (left, top, width, height) of its people."""
    image = _background(generator)
    draw = ImageDraw.Draw(image)
    things: list[Callable[[], list[Box]]] = []
    for _ in range(int(generator.integers(0, options.distractors + 1))):
        kind = _DISTRACTORS[int(generator.integers(len(_DISTRACTORS)))]
        things.append(partial(_no_people, kind, draw, generator))
    if generator.random() < options.person_share:
        for _ in range(1 + int(generator.random() < 0.25)):
            things.insert(int(generator.integers(0, len(things) + 1)), lambda: [_figure(draw, generator)])
    boxes = [box for thing in things for box in thing()]
    return _camera(image, generator), boxes


def _no_people(
    kind: Callable[[ImageDraw.ImageDraw, np.random.Generator], None],
    draw: ImageDraw.ImageDraw,
    generator: np.random.Generator,
) -> list[Box]:
    """Draws a thing of that kind; there are no boxes around such."""
    kind(draw, generator)
    return []


def _background(generator: np.random.Generator) -> Image.Image:
    """Sky or wall above, ground below, both with soft blotches, and a few rectangles: houses, windows, doors."""
    horizon = int(_HEIGHT * generator.uniform(0.3, 0.75))
    pixels = np.empty((_HEIGHT, _WIDTH, 3), np.float32)
    pixels[:horizon], pixels[horizon:] = generator.uniform(60, 235, 3), generator.uniform(40, 200, 3)
    blotches = generator.normal(0, 1, (_HEIGHT // 16, _WIDTH // 16)) * generator.uniform(2, 14)
    soft = Image.fromarray(blotches.astype(np.float32)).resize((_WIDTH, _HEIGHT), Image.Resampling.BICUBIC)
    image = Image.fromarray(np.clip(pixels + np.asarray(soft)[..., None], 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for _ in range(int(generator.integers(0, 7))):
        left, top = generator.uniform(-30, _WIDTH), generator.uniform(-20, horizon)
        width, height = generator.uniform(10, 80), generator.uniform(15, 90)
        draw.rectangle((left, top, left + width, min(top + height, horizon)), fill=_colour(generator))
    return image


def _camera(image: Image.Image, generator: np.random.Generator) -> Image.Image:
    """Blur, light and noise of a cheap camera."""
    blurred = image.filter(ImageFilter.GaussianBlur(generator.uniform(0.3, 1.4)))
    pixels = np.asarray(blurred, np.float32)
    gain, offset = generator.uniform(0.6, 1.15), generator.uniform(-25, 25)
    noise = generator.normal(0, generator.uniform(1, 5), pixels.shape)
    return Image.fromarray(np.clip(pixels * gain + offset + noise, 0, 255).astype(np.uint8))


def _colour(generator: np.random.Generator) -> Colour:
    level, tint = generator.uniform(20, 235), generator.normal(0, 30, 3)
    red, green, blue = (int(v) for v in np.clip(level + tint, 0, 255))
    return red, green, blue


def _skin(generator: np.random.Generator) -> Colour:
    light = generator.uniform(0.25, 1.0)
    return int(60 + 175 * light), int(40 + 140 * light), int(30 + 115 * light)


class _Pen:
    """Draws thick limbs and remembers how far they reach."""

    def __init__(self, draw: ImageDraw.ImageDraw):
        self._draw = draw
        self._points: list[tuple[float, float, float]] = []

    def limb(self, start: tuple[float, float], end: tuple[float, float], thickness: float, colour: Colour) -> None:
        self._draw.line((*start, *end), fill=colour, width=max(1, round(thickness)))
        for x, y in (start, end):
            self.disc((x, y), thickness / 2, thickness / 2, colour)

    def disc(self, centre: tuple[float, float], across: float, down: float, colour: Colour) -> None:
        x, y = centre
        self._draw.ellipse((x - across, y - down, x + across, y + down), fill=colour)
        self._points.append((x, y, max(across, down)))

    def box(self) -> Box:
        """What of it lies in the image."""
        left = max(0.0, min(x - r for x, _, r in self._points))
        top = max(0.0, min(y - r for _, y, r in self._points))
        right = min(float(_WIDTH), max(x + r for x, _, r in self._points))
        bottom = min(float(_HEIGHT), max(y + r for _, y, r in self._points))
        return left, top, max(right - left, 0.0), max(bottom - top, 0.0)


def _bent(
    start: tuple[float, float], angle: float, bend: float, length: float
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Middle and end of a limb of two equal parts; angles from straight down."""
    middle = start[0] + length * math.sin(angle), start[1] + length * math.cos(angle)
    angle += bend
    return middle, (middle[0] + length * math.sin(angle), middle[1] + length * math.cos(angle))


def _figure(draw: ImageDraw.ImageDraw, generator: np.random.Generator) -> Box:
    """A person: head, trunk, two bent arms, two bent legs."""
    pen = _Pen(draw)
    height = _HEIGHT * math.exp(generator.uniform(math.log(0.45), math.log(1.0)))
    feet = _HEIGHT * generator.uniform(0.7, 1.05), _WIDTH * generator.uniform(0.12, 0.88)
    lean = generator.normal(0, 0.08)
    sitting = generator.random() < 0.15
    hip = feet[1], feet[0] - height * (0.3 if sitting else 0.47)
    neck = hip[0] + 0.33 * height * math.sin(lean), hip[1] - 0.33 * height
    width = height * generator.uniform(0.055, 0.085)
    skin, shirt, trousers, hair = _skin(generator), _colour(generator), _colour(generator), _colour(generator)
    for side in (-1, 1):
        joint = hip[0] + side * 0.5 * width, hip[1]
        swing = generator.normal(0, 0.3) + (1.2 * side if sitting else 0)
        knee, foot = _bent(joint, swing, generator.normal(0, 0.25) - (1.2 * side if sitting else 0), 0.24 * height)
        pen.limb(joint, knee, 1.1 * width, trousers)
        pen.limb(knee, foot, 0.9 * width, trousers if generator.random() < 0.7 else skin)
    pen.limb(hip, neck, 2.4 * width, shirt)
    for side in (-1, 1):
        joint = neck[0] + side * 1.3 * width, neck[1] + 0.03 * height
        raised = generator.random() < 0.2
        angle = side * (generator.uniform(1.6, 2.9) if raised else abs(generator.normal(0.2, 0.35)))
        elbow, hand = _bent(joint, angle, side * generator.normal(0.2, 0.5), 0.18 * height)
        pen.limb(joint, elbow, 0.85 * width, shirt)
        pen.limb(elbow, hand, 0.65 * width, shirt if generator.random() < 0.5 else skin)
    head = neck[0] + 0.11 * height * math.sin(lean), neck[1] - 0.1 * height
    pen.limb(neck, head, 0.7 * width, skin)
    pen.disc(head, 0.058 * height, 0.075 * height, skin)
    pen.disc((head[0], head[1] - 0.035 * height), 0.06 * height, 0.045 * height, hair)
    return pen.box()


def _animal(draw: ImageDraw.ImageDraw, generator: np.random.Generator) -> None:
    """Four legs, a lying trunk, a head in front."""
    pen, colour = _Pen(draw), _colour(generator)
    length = _WIDTH * math.exp(generator.uniform(math.log(0.12), math.log(0.5)))
    way = 1 if generator.random() < 0.5 else -1
    back = _WIDTH * generator.uniform(0.1, 0.9), _HEIGHT * generator.uniform(0.55, 0.85)
    front = back[0] + way * length, back[1] - 0.05 * length
    for x, y in (back, front):
        for _ in range(2):
            knee, foot = _bent((x, y), generator.normal(0, 0.3), generator.normal(0, 0.3), 0.22 * length)
            pen.limb((x, y), knee, 0.1 * length, colour)
            pen.limb(knee, foot, 0.08 * length, colour)
    pen.limb(back, front, 0.28 * length, colour)
    head = front[0] + way * 0.2 * length, front[1] - generator.uniform(0.1, 0.35) * length
    pen.limb(front, head, 0.13 * length, colour)
    pen.disc(head, 0.12 * length, 0.1 * length, colour)


def _tree(draw: ImageDraw.ImageDraw, generator: np.random.Generator) -> None:
    """A trunk with branches and a crown of discs."""
    pen = _Pen(draw)
    height = _HEIGHT * generator.uniform(0.25, 0.9)
    foot = _WIDTH * generator.uniform(0, 1), _HEIGHT * generator.uniform(0.7, 1.0)
    top = foot[0] + generator.normal(0, 0.05) * height, foot[1] - 0.6 * height
    bark = (int(generator.uniform(50, 120)), int(generator.uniform(40, 90)), int(generator.uniform(20, 70)))
    leaf = (int(generator.uniform(20, 130)), int(generator.uniform(70, 190)), int(generator.uniform(20, 110)))
    pen.limb(foot, top, 0.08 * height, bark)
    for _ in range(int(generator.integers(2, 7))):
        end = top[0] + generator.normal(0, 0.15) * height, top[1] - generator.uniform(0, 0.3) * height
        pen.limb(top, end, 0.03 * height, bark)
        if generator.random() < 0.8:
            pen.disc(end, generator.uniform(0.05, 0.15) * height, generator.uniform(0.05, 0.15) * height, leaf)


def _post(draw: ImageDraw.ImageDraw, generator: np.random.Generator) -> None:
    """A lamp post, bollard or coat stand: a pole with a round top and perhaps arms."""
    pen, colour = _Pen(draw), _colour(generator)
    height = _HEIGHT * generator.uniform(0.2, 0.9)
    foot = _WIDTH * generator.uniform(0, 1), _HEIGHT * generator.uniform(0.65, 1.0)
    top = foot[0], foot[1] - height
    thickness = height * generator.uniform(0.02, 0.2)
    pen.limb(foot, top, thickness, colour)
    pen.disc(top, generator.uniform(0.6, 1.6) * thickness, generator.uniform(0.6, 1.6) * thickness, _colour(generator))
    for side in (-1, 1):
        if generator.random() < 0.4:
            joint = top[0], top[1] + height * generator.uniform(0.05, 0.3)
            elbow, end = _bent(
                joint, side * generator.uniform(0.3, 2.5), side * generator.normal(0, 0.4), 0.12 * height
            )
            pen.limb(joint, elbow, 0.4 * thickness, colour)
            pen.limb(elbow, end, 0.4 * thickness, colour)


def _furniture(draw: ImageDraw.ImageDraw, generator: np.random.Generator) -> None:
    """A table, chair or crate: a slab on four legs, perhaps with a back."""
    colour = _colour(generator)
    width, height = _WIDTH * generator.uniform(0.08, 0.35), _HEIGHT * generator.uniform(0.08, 0.3)
    left, top = _WIDTH * generator.uniform(0, 0.9), _HEIGHT * generator.uniform(0.45, 0.85)
    thickness = max(2, round(0.12 * height))
    draw.rectangle((left, top, left + width, top + thickness * 2), fill=colour)
    for share in (0.05, 0.35, 0.65, 0.95):
        x = left + share * width
        draw.line((x, top, x, top + height), fill=colour, width=thickness)
    if generator.random() < 0.4:
        draw.rectangle((left, top - height, left + 0.15 * width, top), fill=colour)


_DISTRACTORS: tuple[Callable[[ImageDraw.ImageDraw, np.random.Generator], None], ...] = (
    _animal,
    _tree,
    _post,
    _furniture,
)
