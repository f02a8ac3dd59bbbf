"""Who jumps, as far as it was stated."""

from dataclasses import dataclass
from typing import Final

Range = tuple[float, float]

HEIGHT_M: Final[Range] = (1.0, 2.5)
MASS_KG: Final[Range] = (20.0, 250.0)
DROP_HEIGHT_M: Final[Range] = (0.05, 1.5)


@dataclass(frozen=True, slots=True)
class Athlete:
    """What is stated of an athlete; None for nothing.

    Attributes:
        height_m: stature, 1.0 to 2.5 metres.
        mass_kg: body mass, 20 to 250 kilograms.
        drop_height_m: height of the box of a drop jump, 0.05 to 1.5 metres.

    Raises:
        ValueError: a number is outside its range, as statures in centimetres are.
    """

    height_m: float | None = None
    mass_kg: float | None = None
    drop_height_m: float | None = None

    def __post_init__(self) -> None:
        for name, unit, value, (low, high) in (
            ("height_m", "metres", self.height_m, HEIGHT_M),
            ("mass_kg", "kilograms", self.mass_kg, MASS_KG),
            ("drop_height_m", "metres", self.drop_height_m, DROP_HEIGHT_M),
        ):
            if value is not None and not low <= value <= high:
                raise ValueError(f"{name} must be {low:g} to {high:g} {unit}, not {value:g}")
