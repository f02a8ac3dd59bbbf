"""The true places of the 33 points that MediaPipe looks for."""

import numpy as np

from kinemotion.pose.landmarks import COLUMNS, POINTS, VISIBILITY, Landmark, X, Y, Z
from kinemotion.synthetic.body import Body
from kinemotion.synthetic.camera import Size, View
from kinemotion.synthetic.head import NOSE_TIP, head_frame, head_marks
from kinemotion.synthetic.skeleton import KNUCKLES, WRISTS, Array, Joint

_JOINTS = {
    Landmark.LEFT_SHOULDER: Joint.LEFT_SHOULDER,
    Landmark.LEFT_ELBOW: Joint.LEFT_ELBOW,
    Landmark.LEFT_WRIST: Joint.LEFT_WRIST,
    Landmark.LEFT_HIP: Joint.LEFT_HIP,
    Landmark.LEFT_KNEE: Joint.LEFT_KNEE,
    Landmark.LEFT_ANKLE: Joint.LEFT_ANKLE,
    Landmark.LEFT_HEEL: Joint.LEFT_HEEL,
    Landmark.LEFT_FOOT_INDEX: Joint.LEFT_TOE,
}
_HAND = {Landmark.LEFT_PINKY: 1.25, Landmark.LEFT_INDEX: 1.45, Landmark.LEFT_THUMB: 0.75}  # of wrist to knuckle


def points(joints: Array, body: Body) -> Array:
    """The 33 points (33, 3) in metres on a body with joints (J, 3)."""
    found = np.zeros((POINTS, 3))
    for landmark, joint in _JOINTS.items():
        found[landmark : landmark + 2] = joints[joint : joint + 2]
    wrists, knuckles = joints[WRISTS], joints[KNUCKLES]
    for landmark, reach in _HAND.items():
        found[landmark : landmark + 2] = wrists + reach * (knuckles - wrists)
    centre, axes = head_frame(joints, body)
    found[Landmark.NOSE] = centre + NOSE_TIP @ axes
    for side, sign in enumerate((1.0, -1.0)):
        marks = {name: centre + mark @ axes for name, mark in head_marks(sign).items()}
        eye = Landmark.LEFT_EYE_INNER + 3 * side
        found[eye : eye + 3] = marks["eye_inner"], marks["eye"], marks["eye_outer"]
        found[Landmark.LEFT_EAR + side] = marks["ear"]
        found[Landmark.MOUTH_LEFT + side] = marks["mouth"]
    return found


def landmarks(joints: Array, body: Body, view: View, size: Size) -> Array:
    """The 33 points (33, 4) of joints (J, 3) in a view, as `kinemotion.pose.landmarks` lays them out."""
    pixels, depth = view.project(points(joints, body))
    hips = depth[[Landmark.LEFT_HIP, Landmark.RIGHT_HIP]].mean()
    found = np.ones((POINTS, COLUMNS))
    found[:, [X, Y]] = (pixels + 0.5) / size
    found[:, Z] = (depth - hips) * view.focal_px / hips / size[0]
    found[:, VISIBILITY] = 1.0
    return found
