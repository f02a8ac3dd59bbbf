"""How the server is: for orchestrators, for people, for Prometheus."""

from time import monotonic

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kinemotion import __version__
from kinemotion.realtime import metrics_server
from kinemotion.realtime.door import come_again
from kinemotion.realtime.runtime import runtime_of


async def alive(request: Request) -> Response:
    """Whether a new process would be better."""
    if runtime_of(request).stuck:  # nothing but a new process helps
        return JSONResponse({"status": "stuck"}, 503)
    return JSONResponse({"status": "alive"})


async def ready(request: Request) -> Response:
    """Whether the next camera would be taken."""
    hindrance = runtime_of(request).hindrance
    if hindrance is None:
        return JSONResponse({"status": "ready"})
    return JSONResponse({"status": hindrance}, 503, headers=come_again())


async def detailed(request: Request) -> Response:
    """Each part with its state."""
    runtime = runtime_of(request)
    services, admission = runtime.services, runtime.admission
    scheduler = services.scheduler
    return JSONResponse(
        {
            "status": runtime.hindrance or "ready",
            "version": __version__,
            "uptime_s": round(monotonic() - runtime.started_s, 1),
            "sessions": {"now": admission.taken} | runtime.capacity.facts(),
            "workers": {"threads": scheduler.working, "busy": scheduler.busy, "stuck": scheduler.stuck},
            "graphs": {"spare": services.graphs.ready},
            "models": {
                model.name: "installed" if services.models.installed(model) else "not installed"
                for model in services.models.models
            },
        }
    )


async def metrics(request: Request) -> Response:
    """What Prometheus reads."""
    runtime = runtime_of(request)
    if runtime.metrics_beside:
        raise HTTPException(404)
    return await metrics_server.answer(request, runtime.services.metrics)
