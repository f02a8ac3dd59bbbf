"""Outlines in the picture, to a fraction of a pixel."""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from kinemotion.synthetic.look import Colour, toned
from kinemotion.synthetic.skeleton import Array

Image = NDArray[np.uint8]
Polygon = NDArray[np.int32]
Fill = tuple[Sequence[Polygon], Colour]
"""Convex outlines in sub-pixels, and their colour."""

Part = tuple[float, list[Fill]]
"""Depth in metres, and what is drawn there."""

_BITS: Final = 6  # of a pixel's fraction: at 0.2 px/mm a step is 0.08 mm
_LIGHT: Final = np.array([-0.50, -0.55])  # towards the light, in the picture
_LAYERS: Final = ((1.0, 0.0, 0.76), (0.90, 0.08, 0.88), (0.74, 0.17, 0.98), (0.44, 0.32, 1.06))
"""Size, shift towards the light in radii, and tone, from the rim to the gloss."""

_ARC: Final = np.linspace(0.0, 1.0, 10)
_CIRCLE: Final = np.linspace(0.0, 2.0 * np.pi, 28, endpoint=False)


def subpixels(points: Array) -> Polygon:
    """Points (..., 2) in pixels as whole sub-pixels."""
    return np.asarray(np.rint(points * (1 << _BITS)), dtype=np.int32)


def paint(image: Image, fills: Sequence[Fill]) -> None:
    """Fills outlines, in order."""
    for polygons, colour in fills:
        for polygon in polygons:
            cv2.fillConvexPoly(image, polygon, colour, cv2.LINE_AA, _BITS)


def flat(points: Array, colour: Colour) -> Fill:
    """The convex hull of points (N, 2) in one colour."""
    return [cv2.convexHull(subpixels(points)).astype(np.int32)], colour


def capsules(start: Array, end: Array, start_radius: Array, end_radius: Array) -> Array:
    """Outlines of discs joined by their tangents.

    Args:
        start: Centres (..., 2).
        end: Centres (..., 2).
        start_radius: Radii (...).
        end_radius: Radii (...).

    Returns:
        Points (..., 20, 2). Where one disc holds the other, the outline is the larger disc.
    """
    gap = end - start
    length = np.sqrt(np.sum(gap * gap, axis=-1))
    swallowed = length <= np.abs(start_radius - end_radius)
    ratio = np.clip((start_radius - end_radius) / np.maximum(length, 1e-9), -1.0, 1.0)
    opening = np.arccos(ratio)[..., None]
    heading = np.arctan2(gap[..., 1], gap[..., 0])[..., None]
    around_start = heading + opening + (2.0 * np.pi - 2.0 * opening) * _ARC
    around_end = heading - opening + 2.0 * opening * _ARC
    keep_start, keep_end = (swallowed & (start_radius >= end_radius)), (swallowed & (start_radius < end_radius))
    first = np.where(keep_end[..., None, None], end[..., None, :], start[..., None, :])
    second = np.where(keep_start[..., None, None], start[..., None, :], end[..., None, :])
    radii = [np.where(keep_end, end_radius, start_radius), np.where(keep_start, start_radius, end_radius)]
    arcs = [
        middle + radius[..., None, None] * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
        for middle, radius, angle in zip((first, second), radii, (around_start, around_end), strict=True)
    ]
    return np.concatenate(arcs, axis=-2)


def rounded(centres: Array, radii: Array) -> Polygon:
    """Shaded capsules along chains of discs, every layer of them.

    Args:
        centres: Disc centres (S, 2) of all chains.
        radii: Disc radii (S,).

    Returns:
        Outlines (layers, S - 1, 20, 2) in sub-pixels; those between two chains have no meaning.
    """
    size, shift, _ = np.array(_LAYERS).T
    moved = centres + (shift[:, None] * radii)[..., None] * _LIGHT
    sized = size[:, None] * radii
    return subpixels(capsules(moved[:, :-1], moved[:, 1:], sized[:, :-1], sized[:, 1:]))


def chain_fills(outlines: Polygon, chain: slice, colour: Colour) -> list[Fill]:
    """The layers of one chain of `rounded`."""
    within = slice(chain.start, chain.stop - 1)
    return [(list(layer[within]), toned(colour, tone)) for layer, (*_, tone) in zip(outlines, _LAYERS, strict=True)]


def hulls(rings: Array, colour: Colour) -> list[Fill]:
    """Shaded hulls of neighbouring rings (R, Q, 2) in pixels: a tube of any cross-section."""
    middle = rings.mean(axis=1, keepdims=True)
    spread = rings - middle
    extent = np.abs(spread).max(axis=(1, 2))[:, None, None]
    fills: list[Fill] = []
    for size, shift, tone in _LAYERS:
        layer = subpixels(middle + size * spread + shift * extent * _LIGHT * 0.8)
        tubes = np.concatenate([layer[:-1], layer[1:]], axis=1)
        fills.append(([cv2.convexHull(tube).astype(np.int32) for tube in tubes], toned(colour, tone)))
    return fills


def ellipsoid(centre: Array, axes: Array) -> Array:
    """Outline (28, 2) of an ellipsoid at `centre` (2,) whose half axes are seen as `axes` (K, 2)."""
    spread = axes.T @ axes
    values, vectors = np.linalg.eigh(spread)
    root = vectors * np.sqrt(values) @ vectors.T
    return np.asarray(centre + np.stack([np.cos(_CIRCLE), np.sin(_CIRCLE)], axis=1) @ root, dtype=np.float64)


def ball(centre: Array, axes: Array, colour: Colour) -> list[Fill]:
    """A shaded ellipsoid."""
    extent = float(np.sqrt(np.max(np.sum(axes * axes, axis=0))))
    return [
        ([subpixels(ellipsoid(centre + 0.8 * shift * extent * _LIGHT, size * axes))], toned(colour, tone))
        for size, shift, tone in _LAYERS
    ]
