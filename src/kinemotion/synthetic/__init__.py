"""The drawn athlete: jumps with exact physics and known truth.

clip = Clip([CountermovementJump(height_m=0.35)], camera=Camera(yaw_deg=30))
for time_s, jpeg in clip.jpegs():
    ...
clip.truth[0].metrics["jump_height_m"]  # 0.35
"""

from kinemotion.synthetic.body import Body
from kinemotion.synthetic.camera import Camera
from kinemotion.synthetic.clip import Clip, Motion
from kinemotion.synthetic.exercises import RaisingArms, Squats, Standing, WalkingOnTheSpot
from kinemotion.synthetic.followed import FollowedMotion
from kinemotion.synthetic.jumps import CountermovementJump, DropJump, SquatJump
from kinemotion.synthetic.look import Look
from kinemotion.synthetic.plate import plate_motion
from kinemotion.synthetic.truth import JumpTruth

__all__ = [
    "Body",
    "Camera",
    "Clip",
    "CountermovementJump",
    "DropJump",
    "FollowedMotion",
    "JumpTruth",
    "Look",
    "Motion",
    "RaisingArms",
    "SquatJump",
    "Squats",
    "Standing",
    "WalkingOnTheSpot",
    "plate_motion",
]
