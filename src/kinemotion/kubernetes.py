"""Variables that Kubernetes puts into every container of a namespace, for each Service in it.

Those of a Service named `kinemotion`, or `kinemotion-…`, begin as the settings do; `KINEMOTION_PORT` is one of them.
"""

import ipaddress
import re
from collections.abc import Callable
from typing import Final


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _shaped(pattern: str) -> Callable[[str], bool]:
    shape = re.compile(pattern)
    return lambda text: shape.fullmatch(text) is not None


_is_number: Final = _shaped("[0-9]{1,5}")
_is_target: Final = _shaped(r"(?:tcp|udp|sctp)://(?:[0-9.]+|\[[0-9a-f:.]+\]):[0-9]{1,5}")
_PORT: Final = "PORT_[0-9]+_(?:TCP|UDP|SCTP)"
_SHAPES: Final = [
    (_shaped(f"KINEMOTION_(?:[A-Z0-9_]+_)?{name}"), has_its_value)
    for name, has_its_value in (
        ("SERVICE_HOST", _is_address),
        ("SERVICE_PORT(?:_[A-Z0-9_]+)?", _is_number),
        ("PORT", _is_target),
        (_PORT, _is_target),
        (f"{_PORT}_PROTO", _shaped("tcp|udp|sctp")),
        (f"{_PORT}_PORT", _is_number),
        (f"{_PORT}_ADDR", _is_address),
    )
]


def of_a_service(variable: str, text: str) -> bool:
    """Whether a variable is one of these; both its name and its value must have the shape."""
    return any(has_the_name(variable) and has_its_value(text) for has_the_name, has_its_value in _SHAPES)
