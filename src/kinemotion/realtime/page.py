"""The live page, and the clip that it shows where there is no camera."""

from pathlib import Path
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.staticfiles import StaticFiles

from kinemotion.jumps import Movement
from kinemotion.realtime.demo_clip import DemoClip
from kinemotion.realtime.runtime import runtime_of

WEB: Final = Path(__file__).parents[1] / "web"
"""The page's files."""

_FRESH: Final = {"Cache-Control": "no-cache"}


class PageParts(StaticFiles):
    """Files of the page; a browser asks each time whether it has the newest, so that no old part meets a new one."""

    def file_response(self, *arguments: Any, **options: Any) -> Response:
        """One file."""
        response = super().file_response(*arguments, **options)
        response.headers.update(_FRESH)
        return response


async def page(request: Request) -> Response:
    """The live page."""
    return FileResponse(WEB / "index.html", headers=_FRESH)


async def demo_clip(request: Request) -> Response:
    """A drawn athlete for clients without a camera."""
    movement = request.query_params.get("movement", Movement.CMJ)
    if movement not in (Movement.CMJ, Movement.SJ, Movement.DJ):
        raise HTTPException(400, "movement is one of cmj, sj, dj")
    demos = runtime_of(request).demos
    demo = demos.setdefault(Movement(movement), demos.get(Movement(movement)) or DemoClip(Movement(movement)))
    return StreamingResponse(demo.records(), media_type="application/octet-stream")
