"""The frames that a session holds for its replays."""

from math import inf

import numpy as np
from tests.realtime.replaying import frame

from kinemotion.pose.graph import Pose
from kinemotion.realtime.ring import Ring


def test_the_ring_forgets_what_is_too_old() -> None:
    ring = Ring(1.0, 1_000_000)
    for seq in range(40):
        ring.append(frame(seq, seq * 50_000))
    kept = ring.between(0.0, inf)
    assert (kept[0].seq, kept[-1].seq) == (19, 39)
    assert [one.seq for one in ring.between(1.8, 1.9)] == [36, 37, 38]


def test_the_ring_forgets_a_pose_with_its_frame() -> None:
    ring, pose = Ring(1.0, 1_000_000), Pose(np.zeros((33, 4)), np.zeros((33, 4)))
    for seq in range(40):
        ring.append(frame(seq, seq * 50_000))
        ring.saw(frame(seq, seq * 50_000), pose)
    ring.saw(frame(3, 150_000), pose)  # its frame is gone already
    assert sorted(ring.poses) == [one.elapsed_us for one in ring.between(0.0, inf)]


def test_the_ring_holds_no_more_bytes_than_it_may() -> None:
    ring = Ring(60.0, 1000)
    for seq in range(40):
        ring.append(frame(seq, seq))
    assert [one.seq for one in ring.between(0.0, inf)] == list(range(30, 40))


def test_a_frame_larger_than_the_ring_leaves_it_empty() -> None:
    ring = Ring(60.0, 50)
    ring.append(frame(1, 1))
    assert ring.between(0.0, inf) == []
