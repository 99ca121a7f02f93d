"""Page: an evaluation as one HTML file that needs nothing beside it, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any, Final

from pathcast.formats.atomic import replacing
from pathcast.live.judging import figures
from pathcast.live.judging.evaluating import Evaluation
from pathcast.live.judging.figures import Picture
from pathcast.live.judging.summary_columns import SUMMARY, cell

STYLE: Final = """
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, sans-serif; color: #222; background: #fff; max-width: 72rem; margin: 0 auto;
  padding: 1.5rem 1rem 3rem; }
h1 { font-size: 1.6rem; margin: 0 0 .2rem; } h2 { font-size: 1.15rem; margin: 2.2rem 0 .5rem;
  border-bottom: 1px solid #ccc; padding-bottom: .2rem; }
p, li { max-width: 52rem; } .small { color: #555; font-size: .88rem; }
.alarm { border-left: 5px solid #b00020; background: #fbecee; padding: .5rem .9rem; margin: .6rem 0; }
.calm { border-left: 5px solid #4a7d4a; background: #eff5ef; padding: .5rem .9rem; margin: .6rem 0; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .7rem; text-align: right; border-bottom: 1px solid #e3e3e3; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; } thead th { border-bottom: 2px solid #888; }
tr.model td { font-weight: 600; background: #eef4f9; }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(24rem, 100%), 1fr));
  gap: 1.4rem; }
figure { margin: 0; } figure svg { width: 100%; max-width: 36rem; height: auto; }
figcaption { color: #444; font-size: .88rem; }
pre { background: #f5f5f5; padding: .8rem; overflow-x: auto; font-size: .8rem; }
@media print { body { max-width: none; } h2 { break-after: avoid; } figure { break-inside: avoid; } }
"""


def write_report(evaluation: Evaluation, html: Path | None, as_json: Path | None) -> None:
    """Writes the report, each file as a whole.

    Args:
        evaluation: What was found.
        html: File for the page.
        as_json: File for the numbers.
    """
    if as_json is not None:
        with replacing(as_json) as part:
            part.write_text(json.dumps(evaluation.to_json(), indent=1) + "\n")
    if html is not None:
        with replacing(html) as part:
            part.write_text(page(evaluation), encoding="utf-8")


def page(evaluation: Evaluation) -> str:
    """The whole page."""
    found = evaluation.to_json()
    parts = [
        f"<h1>{escape(evaluation.title)}</h1>",
        _lead(found),
        _alarms(found),
        "<h2>Scores beside baselines</h2>",
        _summary(found),
        _notes(found),
        _comparisons(found),
        _regret(found["regret"]),
        "<h2>Error and calibration</h2>",
        _pictures(evaluation, found),
        "<h2>By how much was seen</h2>",
        *(_by_observations(table, len(found["models"]) > 1) for table in found["models"]),
        _probabilities(found),
        _traffic(evaluation, found["traffic"]),
        "<h2>Best and worst cases</h2>",
        *(_cases(evaluation, index) for index in range(len(evaluation.judged))),
        "<h2>To run this again</h2>",
        f"<pre>{escape(json.dumps(found['settings'], indent=1, default=str))}</pre>",
    ]
    body = "\n".join(part for part in parts if part)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(evaluation.title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head>'
        f"<body>{body}</body></html>\n"
    )


def _lead(found: dict[str, Any]) -> str:
    table = found["models"][0]
    ade = table["ade_m"]
    between = "" if ade["low"] is None else f" ({ade['low']:.3f} to {ade['high']:.3f} m)"
    return (
        f"<p>Mean error of <b>{escape(table['model'])}</b>: <b>{ade['value']:.3f} m</b>{between}. Scored are "
        f"{table['cases']:,} of {table['forecasts']:,} forecasts, of {ade['clusters']:,} independent "
        f"{found['independent']}; intervals are of 95 %, by drawing whole {found['independent']} again.</p>"
    )


def _alarms(found: dict[str, Any]) -> str:
    if found["alarms"]:
        return "".join(f'<p class="alarm"><b>Alarm.</b> {escape(alarm)}.</p>' for alarm in found["alarms"])
    held = found["models"][0]["coverage90"]
    between = "" if held["low"] is None else f" ({held['low']:.1%} to {held['high']:.1%})"
    return f'<p class="calm">No alarm. Regions of 90 % hold {held["value"]:.1%} of what happened{between}.</p>'


def _summary(found: dict[str, Any]) -> str:
    models = [table["model"] for table in found["models"]]
    rows = [table["summary"][0] for table in found["models"]] + found["models"][0]["summary"][1:]
    return _table(
        [title for title, _ in SUMMARY.values()],
        [[cell(row.get(key), form) for key, (_, form) in SUMMARY.items()] for row in rows],
        {index for index, row in enumerate(rows) if row["forecaster"] in models},
    )


def _notes(found: dict[str, Any]) -> str:
    notes = "; ".join(f"{escape(name)}: {escape(note)}" for name, note in found["models"][0]["baselines"].items())
    return (
        '<p class="small">Lower is better, but for the shares inside, which should be 50 % and 90 %. The energy score '
        f"of a path alone is its error. {notes}.</p>"
    )


def _comparisons(found: dict[str, Any]) -> str:
    if not found["comparisons"]:
        return ""
    rows = []
    for each in found["comparisons"]:
        between = "" if each["low"] is None else f"{each['low']:+.4f} to {each['high']:+.4f}"
        names = " less ".join(each["models"])
        rows.append([names, each["score"], cell(each["value"], "+.4f"), between, f"{each['cases']:,}", each["verdict"]])
    level = found["comparisons"][0]["level"]
    head = ["", "score", "difference", f"interval of {level:.1%}", "cases", "verdict"]
    return (
        "<h2>Is the difference real?</h2>"
        + _table(head, rows)
        + f'<p class="small">Paired bootstrap: the same cases of both, whole {found["independent"]} drawn again; so '
        "sure that of all verdicts together one in twenty such tables is wrong.</p>"
    )


def _regret(regret: dict[str, Any]) -> str:
    if "scores" not in regret:
        return f'<p class="small">No regret: {escape(str(regret.get("left_out", "not asked for")))}.</p>'
    rows = [
        [
            name,
            f"{each['regret']:.3f}",
            f"{each['low']:.3f} to {each['high']:.3f}",
            "ALARM" if each["alarm"] else "none",
        ]
        for name, each in regret["scores"].items()
    ]
    return (
        "<h2>Regret: how far from the best achievable</h2>"
        + _table(["score", "model's over the best", "interval of 95 %", "alarm"], rows)
        + f'<p class="small">On {regret["cases"]:,} of {regret["of_cases"]:,} cases. The best achievable: '
        f"{escape(regret['reference'])}. Below 0.97 with its whole interval it is an alarm.</p>"
    )


def _pictures(evaluation: Evaluation, found: dict[str, Any]) -> str:
    tables = found["models"]
    styles = figures.styles_of(tables)
    drawn = [
        figures.error_by_horizon(tables, styles),
        figures.error_by_observations(tables, styles),
        figures.region_reliability(tables, styles),
        figures.coverage_by_horizon(tables, styles),
    ]
    return _figures(drawn)


def _by_observations(table: dict[str, Any], is_named: bool) -> str:
    names = list(table["by_observations"][0]["error_m"])
    head = ["observations", "seen, s", "cases", *(f"{name}, m" for name in names), "energy, m", "NLL", "inside 90 %"]
    rows = [
        [
            row["observations"],
            f"{row['mean_seen_s']:.2f}",
            f"{row['cases']:,}",
            *(cell(row["error_m"][name], ".3f") for name in names),
            cell(row["energy_m"], ".3f"),
            cell(row["nll"], ".2f"),
            cell(row["coverage90"], ".1%"),
        ]
        for row in table["by_observations"]
    ]
    return (f"<h3>{escape(table['model'])}</h3>" if is_named else "") + _table(head, rows)


def _probabilities(found: dict[str, Any]) -> str:
    parts = []
    for table in found["models"]:
        if table["outcomes"]:
            parts += [
                f"<h2>Outcomes, {escape(table['model'])}</h2>",
                _told(table["outcomes"]),
                _figures([figures.probability_reliability(table["outcomes"], "outcomes")]),
            ]
        if table["goals"]:
            goals = table["goals"]
            parts += [
                f"<h2>Goals, {escape(table['model'])}</h2>",
                f"<p>The likeliest goal is the true one in {goals['likeliest_is_true']:.1%} of {goals['questions']:,} "
                f"cases ({goals['likeliest_is_true_by_chance']:.1%} by chance); log loss {goals['log_loss']:.3f} nats "
                f"({goals['log_loss_of_equal_shares']:.3f} of equal shares).</p>",
                _told({"a named goal": goals}),
                _figures([figures.probability_reliability({"a named goal": goals}, "goals")]),
            ]
    return "".join(parts)


def _told(found: dict[str, dict[str, Any]]) -> str:
    head = ["", "cases", "came about", "area under curve", "Brier", "of the share", "calibration error", "by chance"]
    rows = [
        [
            name,
            f"{each['cases']:,}",
            f"{each['came']:.1%}",
            cell(each["auc"], ".3f"),
            f"{each['brier']:.4f}",
            f"{each['brier_of_the_share']:.4f}",
            f"{each['calibration_error']:.3f}",
            f"{each['calibration_error_by_chance']:.3f}",
        ]
        for name, each in found.items()
    ]
    return _table(head, rows)


def _traffic(evaluation: Evaluation, traffic: dict[str, Any] | None) -> str:
    if evaluation.traffic is None or traffic is None or not evaluation.traffic.ages_s:
        return ""
    age = traffic["age_ms"]
    names = (
        "frames",
        "dropped",
        "sent",
        "answered",
        "lost",
        "late",
        "conflated",
        "refused",
        "cut",
        "resumed",
        "swapped",
    )
    return (
        "<h2>Frames and ages</h2>"
        + _table(names, [[f"{traffic[name]:,}" for name in names]])
        + f"<p>Age of forecasts when they came: p50 <b>{age['p50']:.1f} ms</b>, p90 {age['p90']:.1f} ms, p99 "
        f"<b>{age['p99']:.1f} ms</b>, most {age['max']:.1f} ms. {traffic['forecasts']:,} forecasts of tracks in "
        f"{traffic['wall_s']:.1f} s. Late is an answer that is older than a period of the sensor.</p>"
        + _figures([figures.ages(evaluation.traffic.ages_s)])
    )


def _cases(evaluation: Evaluation, index: int) -> str:
    judged = evaluation.judged[index]
    title = f"<h3>{escape(judged.name)}</h3>" if len(evaluation.judged) > 1 else ""
    return title + _figures(figures.cases(judged, evaluation.streams))


def _figures(pictures: Sequence[Picture]) -> str:
    drawn = []
    for picture in pictures:
        label = escape(picture.caption, quote=True)
        svg = picture.svg.replace("<svg", f'<svg role="img" aria-label="{label}"', 1)
        drawn.append(f"<figure>{svg}<figcaption>{escape(picture.caption)}</figcaption></figure>")
    return f'<div class="figures">{"".join(drawn)}</div>'


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], models: set[int] | None = None) -> str:
    top = "".join(f"<th>{escape(each)}</th>" for each in head)
    lines = []
    for index, row in enumerate(rows):
        mark = ' class="model"' if models and index in models else ""
        lines.append(f"<tr{mark}>" + "".join(f"<td>{escape(str(each))}</td>" for each in row) + "</tr>")
    return f'<div class="scroll"><table><thead><tr>{top}</tr></thead><tbody>{"".join(lines)}</tbody></table></div>'
