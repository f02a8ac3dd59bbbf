"""Colours of the athlete and the room."""

from dataclasses import dataclass
from typing import Final

import numpy as np

Colour = tuple[int, int, int]
"""Blue, green, red; 0 to 255."""

_SKINS: Final[tuple[Colour, ...]] = ((150, 178, 222), (128, 160, 208), (104, 138, 188), (76, 106, 156), (54, 76, 116))
_HAIRS: Final[tuple[Colour, ...]] = ((28, 30, 36), (36, 50, 74), (52, 82, 116), (70, 76, 84), (66, 122, 160))
_HAIR_TO_SKIN: Final = 0.55  # hair as bright as the skin would look bald
_KITS: Final[tuple[tuple[Colour, Colour, Colour], ...]] = (  # shirt, its stripe, shorts
    ((168, 92, 32), (236, 232, 226), (58, 44, 38)),
    ((52, 44, 176), (226, 226, 232), (50, 46, 46)),
    ((84, 122, 34), (220, 236, 230), (70, 42, 34)),
    ((58, 52, 50), (60, 180, 236), (124, 72, 34)),
    ((40, 116, 222), (248, 244, 240), (84, 62, 44)),
    ((132, 56, 112), (226, 218, 232), (52, 48, 50)),
)
_SHOES: Final[tuple[Colour, ...]] = ((58, 54, 52), (46, 46, 168), (150, 78, 34), (60, 118, 214))
_WALLS: Final[tuple[Colour, ...]] = ((206, 212, 216), (214, 208, 198), (196, 208, 202), (202, 200, 212))
_FLOORS: Final[tuple[Colour, ...]] = ((128, 148, 168), (136, 140, 142), (110, 136, 162), (150, 146, 134))


@dataclass(frozen=True)
class Look:
    """What the athlete wears and where; every colour is blue, green, red.

    Attributes:
        skin: Skin.
        hair: Hair and brows.
        shirt: Shirt.
        stripe: Band over the chest, and the trim of the shorts.
        shorts: Shorts.
        socks: Socks.
        shoes: Shoes.
        soles: Their soles.
        wall: Wall behind the athlete.
        floor: Floor.
        box: Box of a drop jump.
        noise: Standard deviation of the sensor's noise, in grey levels.
    """

    skin: Colour = _SKINS[0]
    hair: Colour = _HAIRS[1]
    shirt: Colour = _KITS[0][0]
    stripe: Colour = _KITS[0][1]
    shorts: Colour = _KITS[0][2]
    socks: Colour = (236, 236, 238)
    shoes: Colour = _SHOES[1]
    soles: Colour = (232, 234, 236)
    wall: Colour = _WALLS[0]
    floor: Colour = _FLOORS[0]
    box: Colour = (96, 132, 170)
    noise: float = 2.0

    @classmethod
    def from_seed(cls, seed: int) -> "Look":
        """One of many looks; the same for the same seed."""
        rng = np.random.default_rng([seed, 4])

        def one_of(colours: tuple[Colour, ...]) -> Colour:
            return colours[int(rng.integers(len(colours)))]

        shirt, stripe, shorts = _KITS[int(rng.integers(len(_KITS)))]
        skin, hair = one_of(_SKINS), one_of(_HAIRS)
        if sum(hair) > _HAIR_TO_SKIN * sum(skin):
            hair = _HAIRS[0]
        return cls(
            skin=skin, hair=hair, shirt=shirt, stripe=stripe, shorts=shorts,
            shoes=one_of(_SHOES), wall=one_of(_WALLS), floor=one_of(_FLOORS),
        )  # fmt: skip


def toned(colour: Colour, tone: float) -> Colour:
    """A colour made darker (`tone` below 1) or lighter."""
    blue, green, red = (max(0, min(255, round(part * tone))) for part in colour)
    return blue, green, red


def mixed(one: Colour, other: Colour, share: float) -> Colour:
    """A colour between two: `share` of the other."""
    blue, green, red = (round(a + share * (b - a)) for a, b in zip(one, other, strict=True))
    return blue, green, red
