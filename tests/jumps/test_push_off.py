"""What is seen of the way to take-off in streams that hide much of it."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from tests.jumps.conftest import ASPECT, Array, G, Motion, act, countermovement_jump, drop_jump, hops, still, watch

from kinemotion.jumps import Jump, JumpTracker, Movement
from kinemotion.jumps.body import measure
from kinemotion.jumps.contact import Contact, touch_down
from kinemotion.jumps.flight import Flight
from kinemotion.jumps.pushoff import push_off
from kinemotion.jumps.signal import Recorder, Samples

PEAKS = {"peak_eccentric_velocity_m_s": 1.04, "peak_concentric_velocity_m_s": 2.73}
DENSE = act(countermovement_jump(), 960.0)


def filmed(times: Array, motion: Motion = DENSE) -> Motion:
    """The same motion at other times."""
    hips, toes = (np.interp(times, motion.times_s, course) for course in (motion.hips_m, motion.toes_m))
    return replace(motion, times_s=times, hips_m=hips, toes_m=toes)


def bursts(size: int, apart_s: float, phase: float) -> Array:
    """Frame times, 30 a second on average, that come in bursts."""
    starts = np.arange(phase * size / 30, DENSE.times_s[-1] - 0.01, size / 30)
    return np.sort((starts[:, None] + apart_s * np.arange(size)).ravel())


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("apart_s", [3e-4, 1e-6])
@pytest.mark.parametrize("phase", [0.1, 0.4, 0.8])
def test_frames_at_one_instant_make_no_speed(size: int, apart_s: float, phase: float) -> None:
    _, jumps = watch(filmed(bursts(size, apart_s, phase)), noise=0.001, height_m=1.75)
    for jump in jumps:
        for name in PEAKS.keys() & jump.metrics.keys():
            assert jump.metrics[name] == pytest.approx(PEAKS[name], abs=2 * jump.uncertainty[name]), name


@pytest.mark.parametrize("share", [0.18, 0.4, 0.7])
def test_speeds_that_a_thinned_stream_hides_are_absent(share: float) -> None:
    motion = act(countermovement_jump(), 60.0)
    for seed in range(10):
        keep = np.random.default_rng(seed).random(len(motion.times_s)) < share
        for jump in watch(motion, keep=keep, noise=0.001, seed=seed, height_m=1.75)[1]:
            for name in PEAKS.keys() & jump.metrics.keys():
                assert jump.metrics[name] == pytest.approx(PEAKS[name], abs=2 * jump.uncertainty[name]), name


@pytest.mark.parametrize("fps", [24.0, 30.0, 120.0])
def test_even_frames_show_the_peak_speeds(fps: float) -> None:
    metrics = watch(act(countermovement_jump(), fps), height_m=1.75)[1][-1].metrics
    assert {name: metrics[name] for name in PEAKS} == pytest.approx(PEAKS, abs=0.05)


def thinned_drop_jumps(share: float) -> Iterator[Jump]:
    motion = act(drop_jump(), 30.0)
    for seed in range(20):
        keep = np.random.default_rng(seed).random(len(motion.times_s)) < share
        yield from watch(motion, keep=keep, noise=0.001, seed=seed)[1][-1:]


@pytest.mark.parametrize("share", [0.33, 0.5, 0.8])
def test_a_contact_among_few_frames_is_as_unsure_as_it_is_wrong(share: float) -> None:
    true = {"ground_contact_time_ms": 250.0, "flight_contact_ratio": 2 * float(np.sqrt(0.6 / G)) / 0.25}
    for name, value in true.items():
        jumps = [jump for jump in thinned_drop_jumps(share) if name in jump.metrics]
        within = [abs(jump.metrics[name] - value) <= 2 * jump.uncertainty[name] for jump in jumps]
        assert np.mean(within) >= 0.95, name


FLIGHT = Flight(
    takeoff_s=5.0,
    landing_s=5.5,
    apex_s=5.25,
    takeoff_sd_s=0.008,
    landing_sd_s=0.008,
    gravity=5.6,
    gravity_sd=0.03,
    shrinkage=0.0,
    stature=1.0,
    frames=15,
    plausible=True,
)


def resting(start_s: float = 0.0, low_from_s: float = np.inf, low_to_s: float = np.inf) -> Samples:
    """Somebody who stands, and in between is much lower."""
    body, recorder = measure(act([still(1.0)]).landmarks()[0][0], ASPECT), Recorder()
    assert body is not None
    for time_s in np.arange(start_s, FLIGHT.landing_s, 1 / 30).tolist():
        low = low_from_s < time_s < low_to_s
        recorder.append(time_s, body._replace(com=body.com - 0.2) if low else body, 0.0)
    return recorder.all()


def test_a_touch_down_after_the_take_off_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kinemotion.jumps.pushoff.touch_down", lambda *_: Contact(FLIGHT.takeoff_s + 0.034, 0.01))
    push = push_off(resting(), FLIGHT, Movement.DJ, 4.9)
    assert push.contact_s is None
    assert push.seen is Movement.CMJ


def test_nothing_of_a_jump_began_before_the_last_landing() -> None:
    samples = resting(low_from_s=2.0, low_to_s=2.5)
    push = push_off(samples, FLIGHT, Movement.SJ, None, 3.0)
    assert push.lowest_s is not None
    assert push.lowest_s >= 3.0


def test_a_touch_down_without_frames_around_it_is_hardly_known() -> None:
    touched = touch_down(resting(start_s=4.9), 4.9, FLIGHT.takeoff_s, FLIGHT.gravity, FLIGHT.stature)
    assert touched.time_s == pytest.approx(4.9)
    assert touched.sd_s > 0.1


def test_a_box_is_not_weighed_in_where_a_jump_came_before() -> None:
    motion = act(hops(3))
    picture, world = motion.landmarks()
    found: list[list[float | None]] = []
    for box_m in (None, 0.20):
        tracker = JumpTracker(Movement.DJ, drop_height_m=box_m)
        updates = [
            tracker.update(time_s, seen, aspect=ASPECT, world=metres)
            for time_s, seen, metres in zip(motion.times_s.tolist(), picture, world, strict=True)
        ]
        jumps = [*(jump for update in updates for jump in update.jumps), *tracker.finish()]
        found.append([jump.metrics.get("drop_height_m") for jump in jumps if jump.final])
    assert found[0] == found[1]
    assert found[0][0] is None
    assert found[0][1:] == pytest.approx([0.15, 0.15], abs=0.05)
