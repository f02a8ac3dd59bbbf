"""Cameras as many, as fast and for as long as Locust is told.

locust -f loadtests/locustfile.py --headless -u 25 -r 5 --run-time 2m --host http://localhost:8000
"""

from loadtests.camera import CameraUser


class Camera(CameraUser):
    """A camera as it should be."""
