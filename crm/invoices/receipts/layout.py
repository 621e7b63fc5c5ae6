"""Lay out a picture on pages: one page of its proportions, or several for a narrow strip.

On A4, a strip of 1:5 is as wide as the narrowest till paper. A longer one is cut into pages, between lines.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image, ImageChops

Box = tuple[int, int, int, int]
Transpose = Image.Transpose

MAX_RATIO = 5
PAGE_RATIO = 3
"""Length of the pages of a cut picture; each is 10 cm wide on A4."""
CUT_REACH = 0.15
"""How far a cut may move, as a part of a page."""
# Pixels: 3000 on A4 are 256 dpi, and a strip keeps 1000 across.
MAX_SIDE = 3000
MAX_ACROSS = 1000
MIN_JPEG_SCALE = 0.8
"""A JPEG is read at no less than this part of the sides above."""


@dataclass(frozen=True)
class Layout:
    """The box of each page, in reading order, and the factor by which all are shrunk."""

    boxes: list[Box]
    shrink: float

    def size(self, box: Box) -> tuple[int, int]:
        return round((box[2] - box[0]) / self.shrink) or 1, round((box[3] - box[1]) / self.shrink) or 1

    @property
    def longest(self) -> int:
        return max(max(self.size(box)) for box in self.boxes)


def plan(image: Image.Image, turn: Transpose | None, flat: Callable[[Image.Image], Image.Image]) -> Layout:
    """Lay out a picture that `turn` puts upright; `flat` converts a part of it to grey or RGB."""
    is_tall = image.height >= image.width
    places = [0, *(_cut_near(image, place, reach, flat) for place, reach in _cuts(image.size)), max(image.size)]
    boxes = [
        (0, start, image.width, end) if is_tall else (start, 0, end, image.height)
        for start, end in itertools.pairwise(places)
    ]
    if _is_reversed(is_tall, turn):
        boxes.reverse()
    return Layout(boxes, shrink(image.size))


def shrink(size: tuple[int, int], part: float = 1) -> float:
    """Return the factor, at least 1, that shrinks a picture to `part` of the sides of its pages."""
    across = min(size)
    along = max(size) / _pages(size)
    return max(1.0, min(along / (MAX_SIDE * part), across / (MAX_ACROSS * part)))


def _pages(size: tuple[int, int]) -> int:
    ratio = max(size) / min(size)
    return 1 if ratio <= MAX_RATIO else math.ceil(ratio / PAGE_RATIO)


def _cuts(size: tuple[int, int]) -> list[tuple[float, float]]:
    page = max(size) / _pages(size)
    return [(number * page, CUT_REACH * page) for number in range(1, _pages(size))]


def _is_reversed(is_tall: bool, turn: Transpose | None) -> bool:
    mark = Image.frombytes("L", (1, 2) if is_tall else (2, 1), b"\0\1")
    return turn is not None and mark.transpose(turn).tobytes() == b"\1\0"


def _cut_near(image: Image.Image, place: float, reach: float, flat: Callable[[Image.Image], Image.Image]) -> int:
    """Return the cut near `place` that crosses the least drawing, as between two lines."""
    first, last = int(place - reach), int(place + reach)
    if image.height >= image.width:
        strip = flat(image.crop((0, first, image.width, last))).convert("L")
    else:
        strip = flat(image.crop((first, 0, last, image.height))).convert("L").transpose(Transpose.TRANSPOSE)
    edges = ImageChops.difference(strip, ImageChops.offset(strip, 1, 0)).point(lambda value: min(255, value * 4))
    band = max(1, strip.width // 160)
    rows = edges.resize((1, max(1, strip.height // band)), Image.Resampling.BOX).tobytes()
    height = strip.height / len(rows)
    best = min(range(len(rows)), key=lambda row: (rows[row], abs(row - len(rows) / 2)))
    return first + round((best + 0.5) * height)
