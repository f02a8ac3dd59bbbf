"""What the parts of a flight's analysis do with what makes no sense."""

import numpy as np
import pytest
from tests.jumps.conftest import ASPECT, STATURE, act, still

from kinemotion.jumps.body import measure
from kinemotion.jumps.contact import Contact, refined
from kinemotion.jumps.flight import _balanced, _Course
from kinemotion.jumps.lift import sole_lift
from kinemotion.jumps.parabola import Parabola
from kinemotion.jumps.phases import PhaseFollower
from kinemotion.pose.landmarks import Landmark

PARABOLA = Parabola(0.25, 1.0, 9.80665, 0.002, 0.05)


@pytest.mark.parametrize(
    ("apex_s", "shrinkage", "possible"),
    [(0.25, 0.0, True), (0.0, 0.0, False), (0.06, 0.0, False), (0.48, 0.0, False), (0.25, 0.35, False)],
)
def test_the_apex_lies_well_inside_a_flight(apex_s: float, shrinkage: float, possible: bool) -> None:
    parabola = Parabola(apex_s, 1.0, 9.80665, 0.002, 0.05)
    course = _Course(Contact(0.0, 0.01), Contact(0.5, 0.01), parabola)
    assert _balanced(course, shrinkage) is possible


@pytest.mark.parametrize(("fps", "counts"), [(60.0, False), (5.0, True)])
def test_a_posture_far_from_the_contact_counts_only_where_frames_are_few(fps: float, counts: bool) -> None:
    time = np.arange(-0.5, 1.0, 1 / fps) + 0.3 / fps
    height = np.clip(2.45 * time - 4.9 * time**2, 0.0, None)
    lift, rough = sole_lift(-np.repeat(-height[:, None], 2, axis=1), np.zeros(2), STATURE), Contact(0.0, 0.02)
    without = refined(time, lift, rough, -1, PARABOLA)
    assert (refined(time, lift, rough, -1, PARABOLA, Contact(-0.15, 0.01)) != without) is counts


def test_an_unknown_knee_is_recorded_as_unknown() -> None:
    picture, _ = act([still(1.0)]).landmarks()
    seen = picture[0].copy()
    seen[Landmark.LEFT_KNEE, :3] = seen[Landmark.LEFT_HIP, :3]
    body = measure(seen, ASPECT)
    assert body is not None
    follower = PhaseFollower()
    follower.update(0.0, body)
    assert np.isnan(follower.recorder.all().knee).all()
