"""Times a step beside the bare library's, so that what slows the machine down slows down both."""

from collections.abc import Callable
from statistics import median
from time import perf_counter, process_time
from typing import Any, Final, NamedTuple

from pytest_benchmark.fixture import BenchmarkFixture

ROUNDS: Final = 100
WARM_ROUNDS: Final = 10

Step = Callable[..., Any]


class Spent(NamedTuple):
    """What a step took, of this process's processor time (all threads) and by the clock on the wall."""

    cpu_s: float
    wall_s: float


class Ratios(NamedTuple):
    """What a step took of what the bare library's took in the same seconds.

    Attributes:
        cpu: median over the rounds of the ratio of their processor times.
        wall: least time over least time; waiting counts, and so does whoever else uses the machine.
    """

    cpu: float
    wall: float


class Beside:
    """Times a step, and a step of the bare library right before each.

    Args:
        benchmark: shows the times; its `extra_info` gets the ratios.
        bare: one step of the bare library.

    Attributes:
        ratios: of the step that was timed; None before, and where benchmarks are disabled.
        bare_cpu_s: median processor time of the bare library's steps.
    """

    def __init__(self, benchmark: BenchmarkFixture, bare: Step) -> None:
        self._benchmark = benchmark
        self._bare = bare
        self.ratios: Ratios | None = None
        self.bare_cpu_s = 0.0

    def __call__(self, step: Step, setup: Callable[[], tuple[Any, ...]] = tuple, rounds: int = ROUNDS) -> Any:
        """Times it.

        Args:
            step: what is timed.
            setup: makes its arguments, outside the time.
            rounds: how often.

        Returns:
            What the last step returned.
        """
        bare: list[Spent] = []
        steps: list[Spent] = []

        def before() -> tuple[tuple[Any, ...], dict[str, Any]]:
            arguments = setup()
            spend(bare, self._bare)
            return arguments, {}

        result = self._benchmark.pedantic(
            lambda *arguments: spend(steps, step, *arguments), setup=before, rounds=rounds, warmup_rounds=WARM_ROUNDS
        )
        if self._benchmark.stats is not None:  # else benchmarks are disabled
            self._keep(bare[-rounds:], steps[-rounds:])
        return result

    def _keep(self, bare: list[Spent], steps: list[Spent]) -> None:
        self.bare_cpu_s = median(spent.cpu_s for spent in bare)
        self.ratios = Ratios(
            cpu=median(spent.cpu_s / beside.cpu_s for spent, beside in zip(steps, bare, strict=True)),
            wall=min(spent.wall_s for spent in steps) / min(spent.wall_s for spent in bare),
        )
        self._benchmark.extra_info |= {"ratios": self.ratios._asdict(), "bare_cpu_ms": 1000 * self.bare_cpu_s}


def spend(account: list[Spent], step: Step, *arguments: Any) -> Any:
    """Does a step, and books what it took."""
    cpu_s, wall_s = process_time(), perf_counter()
    result = step(*arguments)
    wall_s, cpu_s = perf_counter() - wall_s, process_time() - cpu_s
    account.append(Spent(cpu_s, wall_s))
    return result
