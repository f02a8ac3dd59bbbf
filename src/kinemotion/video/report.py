"""The report on a clip: one HTML file that needs nothing else, for screens, light or dark, and for paper."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from html import escape
from pathlib import Path
from typing import Final

import numpy as np

from kinemotion.jumps import Jump, Movement
from kinemotion.video import words
from kinemotion.video.charts import Chart, Frame, Line, Mark, Rise
from kinemotion.video.curves import Curves
from kinemotion.video.facts import VideoFacts
from kinemotion.video.keyframes import Picture
from kinemotion.video.result import VideoAnalysis
from kinemotion.video.timeline import start_s, told_events

_BEFORE_S: Final = 0.3
_AFTER_S: Final = 0.7
_ANGLES_TITLE: Final = "Joint angles, °: 180 is straight, but the pose model may show a straight leg as 150 to 180"
_HELD: Final = "The lowest point of a squat jump is where the held squat was reached; the onset, where it was left."
_MAIN: Final = {
    Movement.CMJ: ("flight_time_ms", "takeoff_velocity_m_s", "rsi_modified_m_s"),
    Movement.SJ: ("flight_time_ms", "takeoff_velocity_m_s", "concentric_duration_ms"),
    Movement.DJ: ("ground_contact_time_ms", "reactive_strength_index_m_s", "flight_time_ms"),
}


def report_html(analysis: VideoAnalysis, pictures: Mapping[int, Sequence[Picture]]) -> str:
    """Writes the report.

    Args:
        analysis: the clip and what was found in it.
        pictures: the key frames of each jump, by its index.

    Returns:
        The whole page.
    """
    clip = escape(analysis.video.file)
    title = clip if analysis.name is None else f"{escape(analysis.name)}, {clip}"
    style = Path(__file__).with_name("report.css").read_text("utf-8")
    body = [
        f"<header><h1>{title}</h1>{_about(analysis)}{_notes(map(words.warning, analysis.video.warnings))}</header>",
        _overview(analysis) if len(analysis.jumps) != 1 else "",
        *(_jump(analysis, jump, pictures.get(jump.index, ())) for jump in analysis.jumps),
        _reading(),
        _facts(analysis),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Jump report: {title}</title>\n<style>\n{style}</style>\n</head>\n"
        f"<body>\n<main>\n{''.join(body)}\n</main>\n</body>\n</html>\n"
    )


def _about(analysis: VideoAnalysis) -> str:
    video, count = analysis.video, len(analysis.jumps)
    kind = words.MOVEMENTS[analysis.movement].lower()
    found = f"No {kind} found" if count == 0 else f"One {kind}" if count == 1 else f"{count} {kind}s"
    slow = "" if video.speed == 1 else f", slow motion {video.speed:g} {words.TIMES}"
    clip = f"{video.duration_s:.1f} s, {video.measured_fps:.4g} pictures a second{slow}, {_size(video)}"
    return f'<p class="soft">{found} in {clip}</p>'


def _size(video: VideoFacts) -> str:
    return f"{video.width} {words.TIMES} {video.height}"


def _notes(notes: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return f'<ul class="notes">{items}</ul>' if items else ""


def _overview(analysis: VideoAnalysis) -> str:
    """The whole clip, where it has several jumps or none."""
    curves = analysis.curves
    jumps = analysis.jumps
    marks = [Mark(jump.events_s["apex"], f"Jump {jump.index}") for jump in jumps]
    flights = [(jump.events_s["takeoff"], jump.events_s["landing"]) for jump in jumps]
    times = curves.times_s
    frame = Frame(times, float(times[0]), max(float(times[-1]), float(times[0]) + 0.1), marks, flights)
    chart = Chart(frame, [_height_line(curves)], _height_title(curves), 130).html()
    table = ""
    if jumps:
        first, *others = (_MAIN[kind] for kind in {jump.movement: None for jump in jumps})
        names = [words.HEADLINE, *(name for name in first if all(name in other for other in others))]
        head = "".join(f'<th class="number" scope="col">{escape(words.label(name))}</th>' for name in names)
        rows = "".join(
            f'<tr><th scope="row">{title}</th>'
            + "".join(_cell(jump, name) for name in names)
            + f'<td data-label="Grade">{jump.quality.grade}, {words.verdict(jump)[0]}</td></tr>'
            for title, jump in zip(words.titles(jumps), jumps, strict=True)
        )
        table = f'<tr><th scope="col"></th>{head}<th scope="col">Grade</th></tr>'
        table = f'<div class="scroll"><table class="whole"><thead>{table}</thead><tbody>{rows}</tbody></table></div>'
    return f'<section><h2>The whole clip</h2><div class="charts">{chart}</div>{table}</section>'


def _cell(jump: Jump, name: str) -> str:
    return f'<td class="number" data-label="{escape(words.label(name))}">{escape(_measured(jump, name))}</td>'


def _jump(analysis: VideoAnalysis, jump: Jump, pictures: Sequence[Picture]) -> str:
    kind = words.MOVEMENTS[jump.movement]
    grade, (verdict, advice) = jump.quality.grade, words.verdict(jump)
    return (
        f'<section class="jump"><div class="head"><h2>Jump {jump.index}<span class="kind">{kind}</span></h2>'
        f'<p class="badge badge-{grade.lower()}"><strong>Grade {grade}</strong> {verdict}</p></div>'
        f'{_notes(words.doubts(jump))}{_figures(jump)}<p class="soft">{advice}</p>'
        f"{_keyframes(jump, pictures)}{_charts(analysis.curves, jump)}{_metrics(jump)}</section>"
    )


def _figures(jump: Jump) -> str:
    names = [name for name in _MAIN.get(jump.movement, ()) if name in jump.metrics]
    cells = [_figure(jump, words.HEADLINE, "first"), *(_figure(jump, name, "") for name in names)]
    return f'<dl class="figures">{"".join(cells)}</dl>'


def _figure(jump: Jump, name: str, style: str) -> str:
    value, deviation = jump.metrics[name], jump.uncertainty.get(name)
    spread = f" ± {words.number(name, deviation)}" if deviation else ""
    return (
        f'<div class="{style}"><dt>{words.label(name)}</dt>'
        f"<dd>{words.number(name, value)}<small>{spread} {words.unit(name)}</small></dd></div>"
    )


def _keyframes(jump: Jump, pictures: Sequence[Picture]) -> str:
    figures = "".join(_keyframe(picture, words.EVENTS[picture.event]) for picture in pictures)
    if not figures:
        return ""
    held = jump.movement is Movement.SJ and any(picture.event == "lowest" for picture in pictures)
    note = f'<p class="soft">{_HELD}</p>' if held else ""
    return f'<h3>Key frames</h3><div class="keyframes">{figures}</div>{note}'


def _keyframe(picture: Picture, name: str) -> str:
    return (
        f'<figure><img src="{picture.uri}" width="{picture.width}" height="{picture.height}" '
        f'alt="The athlete: {name.lower()}"><figcaption>{name}<span>{picture.time_s:.3f} s</span></figcaption></figure>'
    )


def _charts(curves: Curves, jump: Jump) -> str:
    events = jump.events_s
    start = max(start_s(jump) - _BEFORE_S, float(curves.times_s[0]))
    end = min(events["landing"] + _AFTER_S, float(curves.times_s[-1]))
    marks = [Mark(at, words.EVENTS[name]) for name, at in told_events(jump).items()]
    frame = Frame(curves.times_s, start, end, marks, [(events["takeoff"], events["landing"])])
    rate = "m/s" if curves.metres else "body heights a second"
    joints = [Line(joint.capitalize(), angles, joint) for joint, angles in curves.angles_deg.items()]
    charts = [
        Chart(frame, [_height_line(curves)], _height_title(curves), rise=_rise(curves, jump)),
        Chart(frame, [Line("", curves.velocity, "speed")], f"Vertical velocity, {rate}", 120, named=False),
        Chart(frame, joints, _ANGLES_TITLE, 120, named=False),
    ]
    return f'<h3>The movement</h3><div class="charts">{"".join(chart.html() for chart in charts)}</div>'


def _height_line(curves: Curves) -> Line:
    return Line("", np.asarray(curves.height * 100), "height")


def _rise(curves: Curves, jump: Jump) -> Rise | None:
    """The jump height, which counts from take-off: the body is higher then than it stands, on its toes."""
    events, known = jump.events_s, np.isfinite(curves.height)
    if not curves.metres or not known.any():
        return None
    level, top = 100 * np.interp([events["takeoff"], events["apex"]], curves.times_s[known], curves.height[known])
    text = words.measure(words.HEADLINE, jump.metrics[words.HEADLINE])
    return Rise(events["takeoff"], events["landing"], events["apex"], float(level), float(top), text)


def _height_title(curves: Curves) -> str:
    if curves.metres:
        return "Centre of mass over standing, cm; the jump height counts from take-off, which is on the toes"
    return "Centre of mass over standing, % of body height (nothing told the scale)"


def _metrics(jump: Jump) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(words.label(name))}</th>'
        f'<td class="number">{words.number(name, jump.metrics[name])}</td>'
        f'<td class="number">{_spread(jump, name)}</td><td>{words.unit(name)}</td>'
        f'<td class="soft meaning">{escape(words.MEANINGS.get(name, ""))}</td></tr>'
        for name in words.order(jump.metrics)
    )
    return (
        '<h3>Metrics</h3><div class="scroll"><table><thead><tr><th scope="col">Metric</th>'
        '<th scope="col" class="number">Value</th><th scope="col" class="number">± one sd</th><th scope="col">Unit</th>'
        f'<th scope="col" class="meaning">What it is</th></tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _spread(jump: Jump, name: str) -> str:
    deviation = jump.uncertainty.get(name)
    return f"± {words.number(name, deviation)}" if deviation else ""


def _measured(jump: Jump, name: str) -> str:
    return words.measure(name, jump.metrics[name], jump.uncertainty.get(name)) if name in jump.metrics else "-"


def _reading() -> str:
    grades = "".join(
        f'<tr><th scope="row">{grade}</th><td>{verdict}</td><td>{advice}</td></tr>'
        for grade, (verdict, advice) in words.GRADES.items()
    )
    return (
        "<section><h2>How to read this</h2>"
        "<p>± is one standard deviation: the true value lies within it about two times out of three, and within twice "
        "as much nineteen times out of twenty. A difference between two jumps that is "
        "smaller than about three times the ± may be chance. "
        "Jump height is the rise of the centre of mass from take-off to its highest point, weighed from all that the "
        "clip tells. The height from flight time is the textbook formula, for comparison; that from take-off velocity "
        "is the same figure again, since this velocity is measured through the same flight, and confirms nothing.</p>"
        f"<h3>Grades</h3><table><tbody>{grades}</tbody></table></section>"
    )


def _facts(analysis: VideoAnalysis) -> str:
    video, software, athlete = analysis.video, analysis.software, analysis.athlete
    nominal = f"{video.nominal_fps:.4g} stated, " if video.nominal_fps else ""
    uneven = ", uneven" if video.variable_frame_rate else ""
    turned = f", turned by {video.rotation_deg}°" if video.rotation_deg else ""
    stated = [
        f"{text} {value:g} {unit}"
        for text, value, unit in (
            ("stature", athlete.height_m, "m"),
            ("mass", athlete.mass_kg, "kg"),
            ("box", athlete.drop_height_m, "m"),
        )
        if value is not None
    ]
    facts = {
        "File": f"{video.file} ({video.codec}, {_size(video)}{turned})",
        "Analysed": f"{date.today():%Y-%m-%d}",
        "Pictures": f"{video.frames}, over {video.duration_s:.2f} s",
        "Rate": f"{nominal}{video.measured_fps:.4g} measured{uneven}",
        "Speed": "as in life" if video.speed == 1 else f"plays {video.speed:g} times slower than life",
        "Stated of the athlete": ", ".join(stated) or "nothing",
        "Software": f"{software['name']} {software['version']}, pose model {software['model']}, "
        f"MediaPipe {software['mediapipe']}",
    }
    rows = "".join(f'<tr><th scope="row">{name}</th><td>{escape(text)}</td></tr>' for name, text in facts.items())
    return f'<section><h2>The clip</h2><table class="facts"><tbody>{rows}</tbody></table></section>'
