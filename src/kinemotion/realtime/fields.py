"""Reads JSON objects from strangers against a closed list of fields."""

from enum import StrEnum
from typing import Any, Final, Self, TypeVar

import orjson

from kinemotion.errors import BadMessage

MAX_NAME_CHARACTERS: Final = 128

Choice = TypeVar("Choice", bound=StrEnum)


class Fields:
    """The fields of one JSON object: each is taken once, and `finish` refuses what nobody took.

    An absent field and null mean the same.

    Args:
        values: what the JSON holds.
        where: what messages call a field, before its name.
    """

    def __init__(self, values: object, where: str = "") -> None:
        if not isinstance(values, dict):
            raise BadMessage(f"{where.rstrip('.') or 'the message'} must be a JSON object")
        self._values: dict[str, Any] = values
        self._where = where

    @classmethod
    def parse(cls, message: str, max_bytes: int) -> Self:
        """Reads a text message.

        Raises:
            BadMessage: it is too long, no JSON, or no object.
        """
        if len(message) > max_bytes or len(data := message.encode(errors="replace")) > max_bytes:
            raise BadMessage(f"a text message has at most {max_bytes} bytes")
        try:
            return cls(orjson.loads(data))
        except orjson.JSONDecodeError:
            raise BadMessage("the message is not JSON") from None

    def nested(self, name: str) -> "Fields":
        """An object within this one; an empty one where it is absent."""
        values = self._take(name)
        return Fields({} if values is None else values, f"{self._where}{name}.")

    def text(self, name: str) -> str | None:
        """A short text."""
        value = self._take(name)
        if value is None or (isinstance(value, str) and len(value) <= MAX_NAME_CHARACTERS):
            return value
        raise BadMessage(f"{self._where}{name} must be a text of at most {MAX_NAME_CHARACTERS} characters")

    def bulk(self, name: str) -> str:
        """A text of any length, which must be there."""
        value = self._take(name)
        if isinstance(value, str):
            return value
        raise BadMessage(f"{self._where}{name} must be a text")

    def number(self, name: str, low: float, high: float) -> float | None:
        """A finite number in a range."""
        value = self._take(name)
        if value is None:
            return None
        if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high:
            return float(value)
        raise BadMessage(f"{self._where}{name} must be a number from {low:g} to {high:g}")

    def whole(self, name: str, high: int) -> int:
        """A whole number from 0, which must be there."""
        value = self._take(name)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= high:
            return value
        raise BadMessage(f"{self._where}{name} must be a whole number from 0 to {high}")

    def choice(self, name: str, kind: type[Choice]) -> Choice | None:
        """One of a closed set of words."""
        value = self._take(name)
        if value is None:
            return None
        try:
            return kind(value)
        except ValueError:
            raise BadMessage(f"{self._where}{name} must be one of {', '.join(kind)}") from None

    def flag(self, name: str, *, default: bool) -> bool:
        """True or false."""
        value = self._take(name)
        if value is None:
            return default
        if isinstance(value, bool):
            return value
        raise BadMessage(f"{self._where}{name} must be true or false")

    def finish(self) -> None:
        """Refuses fields that nobody took."""
        if self._values:
            raise BadMessage(f"{self._where}{next(iter(self._values))[:40]} is not a known field")

    def _take(self, name: str) -> Any:
        return self._values.pop(name, None)
