"""What another place, size, side, clock or mass does to a jump: nothing, or what physics says."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.jumps.conftest import ASPECT, SPAN_M, act, countermovement_jump, drop_jump

from kinemotion.jumps import Jump, JumpTracker, Phase
from kinemotion.pose.landmarks import VISIBILITY, Landmark, X, Y
from kinemotion.synthetic import Camera, Clip, CountermovementJump, DropJump, SquatJump
from kinemotion.synthetic.clip import Motion

Array = NDArray[np.float64]

FEW = settings(max_examples=6, deadline=None)
HIPS = [Landmark.LEFT_HIP, Landmark.RIGHT_HIP]
LEFT_LEG = [Landmark.LEFT_ANKLE, Landmark.LEFT_HEEL, Landmark.LEFT_FOOT_INDEX]
FEET = [Landmark.LEFT_HEEL, Landmark.LEFT_FOOT_INDEX, Landmark.RIGHT_HEEL, Landmark.RIGHT_FOOT_INDEX]
LEFT_FOOT = LEFT_LEG[1:]
LENS_M = 1.1  # height of the camera over the floor
OTHER = {"LEFT": "RIGHT", "RIGHT": "LEFT"}
OTHER_SIDE = [Landmark["_".join(OTHER.get(word, word) for word in point.name.split("_"))] for point in Landmark]
OTHER_NAME = {
    f"{joint}_angle_{side}_deg": f"{joint}_angle_{other}_deg"
    for joint in ("hip", "knee", "ankle")
    for side, other in (("left", "right"), ("right", "left"))
}
PER_LENGTH = ("countermovement_depth_m", "peak_eccentric_velocity_m_s", "drop_height_m")


@dataclass(frozen=True)
class Seen:
    """Times, normalised landmarks, world landmarks and soles of a jump, and how far the camera's motion moved each."""

    times_s: Array
    picture: Array
    world: Array
    soles: Array
    shifts: Array | None = None

    def live(self) -> list[dict[str, float]]:
        """The live figures at each frame."""
        tracker, frames = JumpTracker(), zip(self.times_s.tolist(), self.picture, self.world, strict=True)
        return [tracker.update(time_s, one, aspect=ASPECT, world=world).live for time_s, one, world in frames]

    def jump(self, *, height_m: float | None = None, mass_kg: float | None = None, settle_s: float = 0.5) -> Jump:
        """What the tracker makes of it."""
        tracker = JumpTracker(height_m=height_m, mass_kg=mass_kg, settle_s=settle_s)
        jumps: list[Jump] = []
        shifts = [None] * len(self.times_s) if self.shifts is None else self.shifts
        frames = zip(self.times_s.tolist(), self.picture, self.world, self.soles, shifts, strict=True)
        for time_s, landmarks, world, soles, shift in frames:
            update = tracker.update(time_s, landmarks, aspect=ASPECT, world=world, soles=soles, shift=shift)
            jumps += update.jumps
        assert [jump.final for jump in jumps] == [False, True]
        return jumps[-1]


def seen(kind: str) -> Seen:
    """A jump by its kind; its soles are seen if the kind says so."""
    made = {"cmj": countermovement_jump(0.35), "sj": countermovement_jump(0.30, hold_s=1.0), "dj": drop_jump(0.28)}
    motion = act(made[kind.split()[0]])
    soles = motion.soles() if kind.endswith("by soles") else np.full((len(motion.times_s), 2), np.nan)
    return Seen(motion.times_s, *motion.landmarks(), soles)


KINDS = {kind + how: seen(kind + how) for kind in ("cmj", "sj", "dj") for how in ("", " by soles")}
EACH = pytest.mark.parametrize("kind", KINDS)


def same(jump: Jump, other: Jump, later_s: float = 0.0) -> None:
    assert jump.movement == other.movement
    assert jump.metrics == pytest.approx(other.metrics, rel=1e-4)
    assert jump.uncertainty == pytest.approx(other.uncertainty, rel=1e-3)
    assert jump.events_s == pytest.approx({name: at + later_s for name, at in other.events_s.items()}, abs=1e-5)


@EACH
@FEW
@given(
    right=st.floats(-0.08, 0.08), down=st.floats(-0.04, 0.04), scale=st.floats(0.6, 1.05), later_s=st.floats(-1e3, 1e5)
)
def test_place_size_and_clock_do_not_change_the_jump(
    kind: str, right: float, down: float, scale: float, later_s: float
) -> None:
    jump = KINDS[kind]
    picture = jump.picture.copy()
    picture[..., :2] = 0.5 + (picture[..., :2] - 0.5) * scale + [right, down]
    picture[..., 2] *= scale
    soles = 0.5 + (jump.soles - 0.5) * scale + down
    moved = Seen(jump.times_s + later_s, picture, jump.world, soles)
    same(moved.jump(mass_kg=70.0), jump.jump(mass_kg=70.0), later_s)


@EACH
@FEW
@given(sway=st.floats(0.005, 0.03), rate_hz=st.floats(0.3, 2.0))
def test_a_camera_that_sways_and_says_so_does_not_change_the_jump(kind: str, sway: float, rate_hz: float) -> None:
    jump = KINDS[kind]
    course = 2 * np.pi * rate_hz * jump.times_s
    shifts = sway * np.stack([np.cos(course), np.sin(course)], axis=1)
    picture = jump.picture.copy()
    picture[..., :2] += shifts[:, None]
    same(Seen(jump.times_s, picture, jump.world, jump.soles + shifts[:, 1:], shifts).jump(), jump.jump())


def test_feet_are_out_of_the_picture_where_it_ends_however_the_camera_moved() -> None:
    jump = KINDS["cmj"]
    lowest = float(jump.picture[..., Y].max())
    for edge, out in ((0.94, False), (0.99, True)):
        down = edge - lowest
        picture = jump.picture.copy()
        picture[..., Y] += down
        shifts = np.tile([0.0, down], (len(jump.times_s), 1))
        moved = Seen(jump.times_s, picture, jump.world, jump.soles + down, shifts).jump()
        assert ("feet_out_of_picture" in moved.quality.warnings) is out


@pytest.mark.parametrize("garbage", [[np.nan, 0.0], [0.0, np.nan], [0.0, np.inf], [9.0, 0.0]])
def test_a_shift_that_is_none_makes_no_body(garbage: list[float]) -> None:
    jump, tracker = KINDS["cmj"], JumpTracker()
    for time_s, landmarks in zip(jump.times_s[:9].tolist(), jump.picture, strict=False):
        assert tracker.update(time_s, landmarks, aspect=ASPECT, shift=np.array(garbage)).phase is Phase.NO_POSE
    with pytest.raises(ValueError, match="shape"):
        tracker.update(9e9, jump.picture[0], aspect=ASPECT, shift=np.zeros(3))


@EACH
@FEW
@given(nearer=st.floats(-0.06, 0.06))
def test_who_comes_nearer_in_flight_or_goes_away_flies_as_long(kind: str, nearer: float) -> None:
    jump = KINDS[kind]
    there = jump.jump()
    growth = 1 + nearer * flown(jump, there)
    horizon = float(jump.picture[-1, FEET, Y].max()) - LENS_M / SPAN_M
    picture = jump.picture.copy()
    picture[..., X] = 0.5 + (picture[..., X] - 0.5) * growth[:, None]
    picture[..., Y] = horizon + (picture[..., Y] - horizon) * growth[:, None]
    here = Seen(jump.times_s, picture, jump.world, horizon + (jump.soles - horizon) * growth[:, None]).jump()
    assert here.metrics["flight_time_ms"] == pytest.approx(there.metrics["flight_time_ms"], abs=8)


@pytest.mark.parametrize("kind", ["cmj", "sj"])
@FEW
@given(down=st.floats(-0.02, 0.02))
def test_a_foot_that_lands_elsewhere_does_not_change_the_flight(kind: str, down: float) -> None:
    jump = KINDS[kind]
    there = jump.jump(settle_s=1.0)
    picture = jump.picture.copy()
    picture[:, LEFT_FOOT, Y] += (down * flown(jump, there))[:, None]
    here = Seen(jump.times_s, picture, jump.world, jump.soles).jump(settle_s=1.0)
    assert here.metrics["flight_time_ms"] == pytest.approx(there.metrics["flight_time_ms"], abs=8)


def flown(seen: Seen, jump: Jump) -> Array:
    """(N,) share of the flight that is over: 0 up to take-off, 1 from landing on."""
    takeoff_s, landing_s = jump.events_s["takeoff"], jump.events_s["landing"]
    return np.clip((seen.times_s - takeoff_s) / (landing_s - takeoff_s), 0.0, 1.0)


def drawn(kind: str, yaw_deg: float, lifted: float, aside: float) -> Seen:
    """The drawn athlete, whose left foot is a share of the picture elsewhere: higher in flight, and aside."""
    motions: dict[str, Motion] = {"cmj": CountermovementJump(), "sj": SquatJump(), "dj": DropJump()}
    clip = Clip([motions[kind.split()[0]]], camera=Camera(yaw_deg=yaw_deg), lead_s=0.7, tail_s=0.6)
    picture, events = clip.landmarks().copy(), clip.truth[0].events_s
    course = np.sin(np.pi * np.clip((clip.times_s - events["takeoff"]) / (events["landing"] - events["takeoff"]), 0, 1))
    picture[:, LEFT_LEG, Y] -= lifted * course[:, None]
    picture[:, LEFT_LEG, X] += aside
    aspect = clip.size[0] / clip.size[1]
    assert aspect == pytest.approx(ASPECT)
    world = (picture - picture[:, HIPS].mean(axis=1, keepdims=True)) * [SPAN_M * aspect, SPAN_M, SPAN_M * aspect, 0]
    world[..., VISIBILITY] = picture[..., VISIBILITY]
    soles = picture[:, FEET, Y].reshape(-1, 2, 2).max(axis=2)
    return Seen(clip.times_s, picture, world, soles if kind.endswith("by soles") else np.full_like(soles, np.nan))


@EACH
@settings(max_examples=3, deadline=None)
@given(yaw_deg=st.floats(-60, 60), lifted=st.floats(-0.03, 0.03), aside=st.floats(-0.03, 0.03))
def test_a_mirror_swaps_left_and_right_and_does_not_change_the_jump(
    kind: str, yaw_deg: float, lifted: float, aside: float
) -> None:
    seen = drawn(kind, yaw_deg, lifted, aside)
    picture, world = seen.picture[:, OTHER_SIDE], seen.world[:, OTHER_SIDE]
    picture[..., X], world[..., X] = 1 - picture[..., X], -world[..., X]
    mirrored = Seen(seen.times_s, picture, world, seen.soles[:, ::-1])
    same(mirrored.jump(), seen.jump())
    for live, other in zip(seen.live(), mirrored.live(), strict=True):
        assert {OTHER_NAME.get(name, name): value for name, value in other.items()} == pytest.approx(live, abs=1e-6)


@EACH
@FEW
@given(pace=st.floats(0.85, 1.12))
def test_slower_film_lengthens_times_and_makes_jumps_higher_by_its_square(kind: str, pace: float) -> None:
    jump = KINDS[kind]
    real, slowed = jump.jump(), Seen(jump.times_s * pace, jump.picture, jump.world, jump.soles).jump()
    for event, at in real.events_s.items():
        assert slowed.events_s[event] == pytest.approx(at * pace, abs=0.06 if event == "onset" else 0.02)
    for name, power in (
        ("flight_time_ms", 1),
        ("jump_height_flight_time_m", 2),
        ("takeoff_velocity_m_s", 1),
        ("peak_concentric_velocity_m_s", 1),
        ("ground_contact_time_ms", 1),
    ):
        if name in real.metrics:
            assert slowed.metrics[name] == pytest.approx(real.metrics[name] * pace**power, rel=0.06), name


@EACH
@FEW
@given(stated=st.tuples(st.floats(1.6, 1.85), st.floats(1.02, 1.08)))
def test_a_taller_stated_stature_lengthens_what_the_picture_tells_and_leaves_the_flight(
    kind: str, stated: tuple[float, float]
) -> None:
    height_m, growth = stated
    small, tall = KINDS[kind].jump(height_m=height_m), KINDS[kind].jump(height_m=height_m * growth)
    for name in (name for name in PER_LENGTH if name in small.metrics):
        assert small.metrics[name] < tall.metrics[name] < small.metrics[name] * growth**2.2, name
    assert tall.metrics["flight_time_ms"] == pytest.approx(small.metrics["flight_time_ms"], abs=6)


@EACH
@FEW
@given(mass_kg=st.floats(20, 250))
def test_forces_grow_with_the_mass_and_nothing_else_does(kind: str, mass_kg: float) -> None:
    without, light, heavy = (KINDS[kind].jump(mass_kg=stated) for stated in (None, 70.0, mass_kg))
    assert {name: light.metrics[name] for name in without.metrics} == without.metrics
    assert light.metrics.keys() == heavy.metrics.keys()
    for name in light.metrics.keys() - without.metrics.keys():
        each_kg = {
            "peak_power_w": 45.3,
            "mean_force_n": light.metrics["mean_force_n"] / 70.0 if kind.startswith("sj") else 0.0,
        }
        assert heavy.metrics[name] - light.metrics[name] == pytest.approx(each_kg[name] * (mass_kg - 70.0)), name
