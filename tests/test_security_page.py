"""What docs/security.md says shows a fault is there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in (ROOT / "docs/security.md").read_text().splitlines()
    if re.match(r"\| +\d+ \|", line)
]


def test_every_fault_has_a_row_in_order() -> None:
    assert [int(row[0]) for row in ROWS] == list(range(1, 37))


def test_every_test_and_target_that_is_named_is_there() -> None:
    targets = (ROOT / "Makefile").read_text()
    for number, *_, shown in ROWS:
        files = re.findall(r"`((?:\w+/)*test_\w+\.py)`", shown)
        made = re.findall(r"`make ([a-z-]+)", shown)
        assert files or made or number == "31", f"nothing shows fault {number}"
        assert [file for file in files if not (ROOT / "tests" / file).is_file()] == []
        assert [target for target in made if f"\n{target}:" not in targets] == []
