"""The commands: thin, over the packages that do the work."""

import contextlib
import re
import ssl
import sys
from functools import partial
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import urlsplit

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.table import Column, Table
from websockets.exceptions import InvalidHandshake, InvalidStatus

from kinemotion import __version__, settings_page
from kinemotion.errors import KinemotionError, VideoError
from kinemotion.jumps import Movement
from kinemotion.pose.models import MODELS, ModelStore
from kinemotion.quiet import native_remarks_hidden
from kinemotion.settings import Settings
from kinemotion.video.commands import COMMANDS

_BAD_FILE: Final = 2
_NOT_FOUND: Final = 3
_INTERRUPTED: Final = 130
_REFUSALS: Final = {
    401: "wants a token: name a file with a valid one, --token-file",
    403: "does not serve this machine",
    429: "has no more places for this token or address; try again later",
    503: "is full; try again later",
}
_EVERYWHERE: Final = ("0.0.0.0", "::")
_console: Final = Console(stderr=True)


class _Commands(click.Group):
    """Commands that Ctrl+C ends as shells expect."""

    def invoke(self, ctx: click.Context) -> Any:
        """Runs a command."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("Interrupted.", err=True)
            ctx.exit(_INTERRUPTED)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, package_name="kinemotion")
def commands() -> None:
    """Jump kinematics from a live camera."""


for _command in COMMANDS:
    commands.add_command(_command)


def _http_address(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    if value is not None and not re.match(r"https?://[^/]", value):
        raise click.BadParameter("an address starts with http:// or https://, such as http://127.0.0.1:8000")
    return value


@commands.command()
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65_535), help="Port to listen on; 0 takes a free one.  [default: 8000]")
@click.option(
    "--tls-cert", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Certificate, for https."
)
@click.option("--tls-key", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Its private key.")
@click.option("--tokens-file", type=click.Path(dir_okay=False, path_type=Path), help="Access tokens, one in each line.")
@click.option("--insecure", is_flag=True, help="Serve other machines without asking anybody for a token.")
@click.option("--verbose", is_flag=True, help="Also show the remarks of the native libraries.")
@click.pass_context
def serve(
    context: click.Context,
    host: str | None,
    port: int | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    tokens_file: Path | None,
    insecure: bool,
    verbose: bool,
) -> None:
    """Start the server and print the address to open."""
    if not verbose:
        context.with_resource(native_remarks_hidden())
    from kinemotion.realtime import logs, serving

    settings = Settings.from_environment(host=host, port=port, tokens_file=tokens_file, insecure=insecure or None)
    logs.set_up(settings.log_format, settings.log_level)
    serving.take_turns()
    ModelStore(settings.model_dir).verify_installed()

    def announce(address: str) -> None:
        click.echo(f"Kinemotion is ready: open {address} (Ctrl+C stops it)")
        if settings.host in _EVERYWHERE:
            there = urlsplit(address)
            outside = f"{there.scheme}://{serving.name_outside()}:{there.port}"
            which = "On another computer" if tls_cert is None else "On a phone or another computer"
            remark = " (its camera needs --tls-cert)" if tls_cert is None else ""
            click.echo(f"{which} in its network: open {outside}{remark}")

    config = serving.configure(settings, tls_cert, tls_key)
    with serving.listen(settings) as listener:
        server = serving.Server(config, announce)
        with contextlib.suppress(KeyboardInterrupt):  # uvicorn has shut down in order, and passes the signal on
            server.run([listener])
    if not server.started:
        sys.exit(1)


@commands.command()
@click.option(
    "--url", callback=_http_address, help="A running server, such as http://127.0.0.1:8000; without it, one is started."
)
@click.option(
    "--save",
    "target",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Draw a clip to try the clip commands with, .mp4 or .webm, and start no server.",
)
@click.option(
    "--movement",
    type=click.Choice([movement.value for movement in Movement]),
    default=Movement.CMJ.value,
    show_default=True,
    help="Which jump the athlete does; auto is one of each.",
)
@click.option(
    "--jumps",
    type=click.IntRange(1, 20),
    default=3,
    show_default=True,
    help="How many jumps to draw; in a clip of drop jumps there is one.",
)
@click.option("--fps", type=click.FloatRange(10, 240), default=30, show_default=True, help="The camera's frame rate.")
@click.option(
    "--speed",
    type=click.FloatRange(0.1, 100),
    help="How many times slower than life the clip of --save plays, as slow-motion files do.  [default: 1]",
)
@click.option(
    "--token-file", type=click.Path(path_type=Path), help="A file whose first token is for a server that wants one."
)
@click.pass_context
def demo(
    context: click.Context,
    url: str | None,
    target: Path | None,
    movement: str,
    jumps: int,
    fps: float,
    speed: float | None,
    token_file: Path | None,
) -> None:
    """Stream drawn jumps to a server and print what came back beside the truth, or save them as a clip."""
    if target is not None and (url is not None or token_file is not None):
        raise click.UsageError("--save needs no server: leave --url and --token-file out")
    if target is None and speed is not None:
        raise click.UsageError("--speed is how a clip plays: give --save, too")
    most_fps = Settings().max_fps
    if target is None and fps > most_fps:
        raise click.UsageError(f"servers take {most_fps:g} frames a second: more are for --save")
    context.with_resource(native_remarks_hidden())
    from kinemotion import demo as demonstration
    from kinemotion.realtime.tokens import tokens_in

    if target is not None:
        demonstration.save(Console(), target, Movement(movement), jumps, fps, speed or 1.0)
        return
    ModelStore(Settings.from_environment().model_dir).verify_installed()
    try:
        token = None if token_file is None else next(tokens_in(token_file))[1]
        complete = demonstration.run(Console(), url, Movement(movement), jumps, fps, token)
    except (HTTPError, InvalidStatus) as refusal:
        status = refusal.code if isinstance(refusal, HTTPError) else refusal.response.status_code
        cause = _REFUSALS.get(status, f"is no Kinemotion server (HTTP {status})")
        raise click.ClickException(f"{url} {cause}") from None
    except (OSError, HTTPException, InvalidHandshake) as error:
        if url is None:
            raise
        untrusted = isinstance(getattr(error, "reason", error), ssl.SSLCertVerificationError)
        remedy = "its certificate is not trusted; name it in SSL_CERT_FILE" if untrusted else "is the server running?"
        raise click.ClickException(f"{url} cannot be reached: {remedy}") from None
    sys.exit(0 if complete else _NOT_FOUND)


@commands.command("settings")
@click.option("--markdown", is_flag=True, help="As the page docs/environment.md.")
def print_settings(markdown: bool) -> None:
    """Print every setting with its default, its range and what it is for."""
    click.echo(settings_page.markdown() if markdown else settings_page.example(), nl=False)


@commands.group(invoke_without_command=True)
@click.pass_context
def models(context: click.Context) -> None:
    """List, fetch and verify the pose models."""
    if context.invoked_subcommand is None:
        context.invoke(list_models)


@models.command("list")
def list_models() -> None:
    """Show the pinned models and which of them are installed."""
    store = ModelStore(Settings.from_environment().model_dir)
    table = Table("model", "quality", "size", "state", Column("file", overflow="fold"))
    for model in MODELS:
        installed = store.installed(model)
        where = str(store.path(model)) if installed else f"kinemotion models fetch {model.name}"
        state = "installed" if installed else "not installed"
        table.add_row(model.name, model.quality, f"{model.size / 1e6:.1f} MB", state, where)
    Console().print(table)


@models.command()
@click.argument("names", nargs=-1, required=True, type=click.Choice([model.name for model in MODELS]))
def fetch(names: tuple[str, ...]) -> None:
    """Download models, check them, and put them in their place."""
    store = ModelStore(Settings.from_environment().model_dir)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    for model in MODELS:
        if model.name not in names:
            continue
        with Progress(*columns, console=_console) as progress:
            task = progress.add_task(model.filename, total=model.size)
            path = store.fetch(model, partial(progress.advance, task))
        click.echo(f"{path}: verified")


@models.command()
def verify() -> None:
    """Compare the installed models with their pinned hashes."""
    store = ModelStore(Settings.from_environment().model_dir)
    for model in MODELS:
        if store.installed(model):
            store.verify(model)
            click.echo(f"{model.name}: verified")


def main() -> None:
    """Runs the command line; what is refused on purpose is one line, not a traceback."""
    try:
        commands(prog_name="kinemotion")
    except KinemotionError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(_BAD_FILE if isinstance(error, VideoError) else 1)
