"""The athlete in the picture, far parts first."""

from kinemotion.synthetic.body import Body
from kinemotion.synthetic.camera import View
from kinemotion.synthetic.head import Head
from kinemotion.synthetic.limbs import Limbs
from kinemotion.synthetic.look import Look
from kinemotion.synthetic.shapes import Image, paint
from kinemotion.synthetic.shoes import Shoes
from kinemotion.synthetic.skeleton import Array
from kinemotion.synthetic.trunk import Trunk


class Figure:
    """Draws a body in a look."""

    def __init__(self, body: Body, look: Look) -> None:
        self._limbs = Limbs(body, look)
        self._trunk = Trunk(body, look)
        self._head = Head(body, look)
        self._shoes = Shoes(body, look)

    def draw(self, image: Image, joints: Array, view: View) -> None:
        """Draws the body with the given joints (J, 3) into a BGR image."""
        depth, trunk = self._trunk.part(joints, view)
        parts = [(depth, trunk + self._head.fills(joints, view))]
        parts += self._limbs.parts(joints, view)
        parts += [self._shoes.part(side, joints, view) for side in (0, 1)]
        for _, fills in sorted(parts, key=lambda part: -part[0]):
            paint(image, fills)
