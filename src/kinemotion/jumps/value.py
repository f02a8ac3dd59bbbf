"""What is measured, with how well it is known."""

from typing import NamedTuple


class Value(NamedTuple):
    """An estimate and its standard deviation."""

    value: float
    sd: float
