"""The report as one web page that needs nothing else: summary first, then what it rests on.

All content is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

from app.decide.diagnosis.log_text import decode
from app.decide.findings.advisories import describe_advisory
from app.model.report import Report, StepLine
from app.model.terminal_text import plain
from app.model.verdict import SeveralCards, Verification
from app.report.issue import headline, machine_lines
from app.report.pictures import bench_bar, loss_curve
from app.report.words import (
    OVERALL,
    RESULT,
    TAKEN_OUT,
    VERDICT,
    counted,
    duration,
    gibibytes,
    gigabytes,
    moment,
    number,
    steps,
)

STATE_ICON = {"done": "ok", "skipped": "grey", "failed": "err", "stopped": "warn", "open": "grey"}
RESULT_TAG = {
    "same": "",
    "explained": "",
    "below": " warn",
    "different": " err",
    "missing": " err",
    "as_expected": "",
    "wrong": " err",
    "not_compared": " grey",
}
SEVERITY = {"blocks": ("err", "Blocks"), "warns": ("warn", "Warning"), "informs": ("info", "Note")}
SIGNS = {"ok": "✓", "err": "×", "warn": "!", "info": "i", "grey": "–"}
LOG_LINES = 200


def page(report: Report, counts: dict[str, int], template: str) -> str:
    """The page of a cleaned report. ``template`` holds ``{{title}}`` and ``{{body}}``; ``counts``
    is what was taken out.
    """
    body = "".join(
        [
            _render_summary(report),
            _render_diagnosis(report),
            _render_findings(report),
            _render_machine(report),
            _render_choices(report),
            _render_plan(report),
            _render_history(report),
            _render_verdict(report.verification),
            _render_logs(report),
            _render_removals(counts),
        ]
    )
    holes = {"{{title}}": plain(escape(headline(report))), "{{body}}": plain(body)}
    return re.sub(
        r"\{\{(?:title|body)\}\}", lambda hole: holes[hole.group()], template
    )  # one pass: content fills no hole


def _render_summary(report: Report) -> str:
    found = report.verification
    ran = steps(report.plan, report.events)
    failed = next((s for s in ran if s.state == "failed"), None)
    tone = (
        "err"
        if failed or (found and found.overall == "broken")
        else "warn"
        if found and found.overall == "works_slowly"
        else "ok"
    )
    if not found and not failed:
        tone = "err" if any(f.severity == "blocks" for f in report.findings) else "info"
    lines = []
    if failed:
        lines.append(f"The step “{escape(failed.title)}” failed: {escape(failed.text)}")
    if found:
        is_in_headline = headline(report) == OVERALL[found.overall]
        where = f"on {found.device}" if found.device else "on this machine"
        lines.append(
            escape(f"Checked {where}." if is_in_headline else f"{OVERALL[found.overall]} {where}.")
        )
        if (
            found.fine_tune
            and found.fine_tune.loss_first is not None
            and found.fine_tune.loss_last is not None
        ):
            tune = found.fine_tune
            lines.append(
                escape(
                    f"The first fine-tune ran {tune.steps} steps; the loss went from "
                    f"{tune.loss_first:.2f} to {tune.loss_last:.2f}"
                    + (
                        f" at {number(tune.tokens_per_s)} tokens a second."
                        if tune.tokens_per_s
                        else "."
                    )
                )
            )
    blocks = sum(f.severity == "blocks" for f in report.findings)
    warns = sum(f.severity == "warns" for f in report.findings)
    if report.findings:
        lines.append(
            "Findings: "
            + ", ".join(
                [
                    f"{blocks or 'none'} that block{'s' if blocks == 1 else ''}",
                    counted(warns, "warning"),
                    counted(len(report.findings) - blocks - warns, "note"),
                ]
            )
            + "."
        )
    meta = [
        ("Written", moment(report.written_at)),
        ("Program", report.program),
        ("Setup", report.profile or "none"),
        ("Environment", report.environment or "none"),
    ]
    tag = ""
    if report.simulated:
        meta.append(("Machine file", report.simulated))
        tag = (
            "<p><span class='tag warn'>Simulation: nothing of this happened on a "
            "computer</span></p>"
        )
    return (
        f'<section class="card lead"><div class="row"><span class="ic {tone}" '
        f'aria-hidden="true">{SIGNS[tone]}</span><div>'
        f"<h1>{escape(headline(report))}</h1>{tag}{''.join(f'<p>{line}</p>' for line in lines)}</div></div>{_pairs(meta)}</section>"
    )


def _render_diagnosis(report: Report) -> str:
    found = report.diagnosis
    if found is None or found.cause is None:
        return ""
    proof = "".join(
        f"<tr><td class='num'>{e.line}</td><td><code>{escape(e.text)}</code></td></tr>"
        for e in found.evidence
    )
    fix = ""
    if found.fix:
        todo = "".join(f"<li>{escape(s)}</li>" for s in found.fix.steps)
        how = "<span class='tag'>the program can do this</span>" if found.fix.automatic else ""
        fix = (
            f"<h3>Fix {how}</h3><p>{escape(found.fix.text)}</p>{f'<ol>{todo}</ol>' if todo else ''}"
        )
    others = "".join(f"<li><b>{escape(o.cause)}</b>: {escape(o.why)}</li>" for o in found.others)
    return _render_card(
        "Diagnosis",
        f"<p class='big'>{escape(found.title)} "
        f"<code>{escape(found.cause)}</code></p><p>{escape(found.means)}</p>"
        + (f"<h3>Proof</h3><table>{proof}</table>" if proof else "")
        + fix
        + (f"<h3>Also possible</h3><ul>{others}</ul>" if others else "")
        + (f"<p class='k'>Source: {escape(found.source)}</p>" if found.source else ""),
    )


def _render_findings(report: Report) -> str:
    if not report.findings:
        return ""
    items = []
    for finding in sorted(report.findings, key=lambda f: list(SEVERITY).index(f.severity)):
        tone, word = SEVERITY[finding.severity]
        seen = (
            ""
            if finding.seen == finding.title
            else f"<p class='k'>Seen: {escape(finding.seen)}</p>"
        )
        items.append(
            f"<div class='find'><span class='ic {tone}' "
            f"aria-hidden='true'>{SIGNS[tone]}</span><div><b>{escape(finding.title)}</b> "
            f"<span class='tag "
            f"{'' if tone == 'info' else tone}'>{word}</span><p>{escape(finding.detail)}</p>"
            f"{seen}<p>{escape(finding.remedy)}</p></div></div>"
        )
    return _render_card("Findings", "".join(items))


def _render_machine(report: Report) -> str:
    facts = report.facts
    if facts is None:
        return ""
    rows = [
        *machine_lines(facts),
        *((f"Python {p.version or ''}".strip(), p.path) for p in facts.pythons[:12]),
        *((f"CUDA toolkit {t.version}", t.path) for t in facts.cuda_toolkits),
        *((f"Variable {k}", v) for k, v in facts.variables.items()),
        *(
            (f"Left behind ({x.kind})", f"{x.path}, {gigabytes(x.size)}")
            for x in facts.leftovers[:20]
        ),
    ]
    bars = "".join(
        f"<div class='k'>{escape(g.name or 'Card')}: {gibibytes(g.memory_used)} of "
        f"{gibibytes(g.memory_total)} in use</div>"
        f"<div class='meter'><i "
        f"style='width:{min(100, 100 * (g.memory_used or 0) / g.memory_total):.0f}%'></i></div>"
        for g in facts.gpus
        if g.memory_total and g.memory_used is not None
    )
    notes = "".join(f"<li>{escape(n.about)}: {escape(n.text)}</li>" for n in facts.notes)
    return _render_card(
        "Machine",
        bars
        + _render_table(("", ""), [[escape(a), escape(b)] for a, b in rows])
        + (
            f"<details><summary>What could not be found out "
            f"({len(facts.notes)})</summary><ul>{notes}</ul></details>"
            if notes
            else ""
        ),
    )


def _render_choices(report: Report) -> str:
    if not report.choices:
        return ""
    tone = {"blocked": " err", "ready_with_warnings": " warn", "ready": ""}
    rows = [
        [
            f"<b>{escape(c.profile.title)}</b><br><code>{escape(c.profile.id)}</code>",
            f"<span class='tag{tone[c.verdict]}'>{VERDICT[c.verdict]}</span>"
            + (" <span class='tag'>recommended</span>" if c.recommended else ""),
            escape(c.why),
        ]
        for c in report.choices
    ]
    used = next((c for c in report.choices if c.profile.id == report.profile), None)
    items = (
        "".join(f"<li>{escape(describe_advisory(a))}</li>" for a in used.advisories) if used else ""
    )
    return _render_card(
        "Setups for this machine",
        _render_table(("Setup", "Verdict", "Why"), rows)
        + (
            f"<p>Security advisories on the chosen setup's versions</p><ul>{items}</ul>"
            if items
            else ""
        ),
    )


def _render_plan(report: Report) -> str:
    lines = steps(report.plan, report.events)
    if not lines:
        return ""
    size = (
        {s.id: (s.download_bytes, s.disk_bytes) for s in report.plan.steps} if report.plan else {}
    )
    rows = [
        [
            _render_icon(s),
            f"{escape(s.title)}{f'<br><span class=k>{escape(s.text)}</span>' if s.text else ''}",
            escape(s.state),
            escape(duration(s.seconds)),
            gigabytes(size[s.id][0]) if s.id in size and size[s.id][0] else "",
        ]
        for s in lines
    ]
    total = ""
    if report.plan:
        total = (
            f"<p class='k'>{escape(report.plan.title)}: {gigabytes(report.plan.download_bytes)} "
            f"to fetch, "
            f"{gigabytes(report.plan.disk_bytes)} on disk.</p>"
        )
    touched = sorted({t for s in report.plan.steps for t in s.touches}) if report.plan else []
    more = "".join(f"<li><code>{escape(t)}</code></li>" for t in touched)
    return _render_card(
        "Plan and steps",
        total
        + _render_table(("", "Step", "State", "Time", "To fetch"), rows, stacks=False)
        + (
            f"<details><summary>Everything that the plan touches "
            f"({len(touched)})</summary><ul>{more}</ul></details>"
            if more
            else ""
        ),
    )


def _render_history(report: Report) -> str:
    """All runs under this home, so that the last small one does not hide the install."""
    if len(report.history) < 2:
        return ""
    rows = [
        [
            escape(moment(past.at)),
            escape(past.title),
            escape(past.outcome or "cut off"),
            f"{past.done} of {past.steps}",
        ]
        for past in report.history
    ]
    return _render_card(
        "Runs under this home, newest first",
        _render_table(("Began", "What", "End", "Steps done"), rows, stacks=False),
    )


def _render_icon(step: StepLine) -> str:
    tone = STATE_ICON[step.state]
    return f"<span class='ic {tone}' aria-hidden='true'>{SIGNS[tone]}</span>"


def _render_verdict(found: Verification | None) -> str:
    if found is None:
        return ""
    parts = [f"<p class='big'>{escape(OVERALL[found.overall])}</p>"]
    parts += [
        f"<p><span class='tag "
        f"{SEVERITY[r.severity][0] if r.severity != 'informs' else ''}'>{SEVERITY[r.severity][1]}</span> "
        f"<b>{escape(r.title)}</b> {escape(r.detail)}</p>"
        for r in found.remarks
    ]
    if found.comparisons:
        rows = [
            [
                escape(c.title or c.check),
                escape(c.guide),
                escape(c.expected),
                escape(c.actual if c.actual is not None else "nothing"),
                f"<span class='tag{RESULT_TAG[c.result]}'>{RESULT[c.result]}</span>",
                escape(c.why),
            ]
            for c in found.comparisons
        ]
        parts.append(
            "<h3>Expected output</h3>"
            + _render_table(
                ("Check", "The guide says", "Right here", "Came out", "Result", "Why"), rows
            )
        )
    if found.benchmark:
        rows = [
            [
                escape(b.title or b.name),
                escape(number(b.value, b.unit)),
                bench_bar(b),
                f"{b.ratio * 100:.0f} % of {escape(number(b.reference, b.unit))}"
                if b.ratio is not None
                else "no reference",
                f"<span class='tag{RESULT_TAG[b.result]}'>{RESULT[b.result]}</span>",
            ]
            for b in found.benchmark
        ]
        parts.append(
            "<h3>Benchmark</h3>"
            + _render_table(
                ("Figure", "Measured", "Against the reference for this card", "", "Result"), rows
            )
        )
    if found.fine_tune:
        tune = found.fine_tune
        parts.append(
            "<h3>First fine-tune</h3>"
            + loss_curve(tune.losses)
            + _pairs(
                [
                    ("Steps", str(tune.steps)),
                    ("Loss", f"{number(tune.loss_first)} to {number(tune.loss_last)}"),
                    ("Speed", number(tune.tokens_per_s, "tokens/s")),
                    ("Peak memory", gibibytes(tune.peak_vram)),
                    (
                        "Adapter loaded again",
                        {True: "gives the same answers", False: "differs", None: "not checked"}[
                            tune.reloaded_equal
                        ],
                    ),
                ]
            )
        )
    if found.several_cards:
        parts.append(_render_together(found.several_cards))
    return _render_card("Verification", "".join(parts))


def _render_together(found: SeveralCards) -> str:
    rows = [
        [
            escape(card.name),
            escape(card.id),
            escape(number(card.product, card.unit)),
            "right" if card.ok else "wrong",
        ]
        for card in found.cards
    ]
    pairs = [
        ("Passed", "yes" if found.passed else f"no: {found.why}"),
        ("Loss", f"{number(found.loss_first)} to {number(found.loss_last)}"),
        ("Speed", number(found.tokens_per_s, "tokens/s")),
        (
            "Weights afterwards",
            {True: "the same on all", False: "not the same", None: "not compared"}[found.equal],
        ),
    ]
    table = _render_table(("Card", "Id", "Product", "Computed"), rows) if rows else ""
    return "<h3>Fine-tune on several cards</h3>" + _pairs(pairs) + table


def _render_logs(report: Report) -> str:
    if not report.logs:
        return ""
    parts = []
    for name, data in report.logs.items():
        lines = decode(data).splitlines()
        rest = (
            f"<p class='k'>The last {LOG_LINES} of {len(lines)} lines; the file is in the zip.</p>"
            if len(lines) > LOG_LINES
            else ""
        )
        parts.append(
            f"<details><summary>{escape(name)} ({len(lines)} lines)</summary>{rest}"
            f"<pre class='mono'>{escape(plain(chr(10).join(lines[-LOG_LINES:])))}</pre></details>"
        )
    return _render_card("Logs", "".join(parts))


def _render_removals(counts: dict[str, int]) -> str:
    rows = [
        [escape(TAKEN_OUT.get(kind, kind)), str(count)] for kind, count in sorted(counts.items())
    ]
    found = (
        _render_table(("Kind", "Count"), rows, stacks=False)
        if rows
        else "<p>Nothing had to be taken out.</p>"
    )
    return _render_card("What was taken out", found)


def _render_card(title: str, content: str) -> str:
    return f"<section class='card'><h2>{escape(title)}</h2>{content}</section>"


def _pairs(pairs: Iterable[tuple[str, str]]) -> str:
    return (
        "<dl>"
        + "".join(f"<div><dt>{escape(a)}</dt><dd>{escape(b)}</dd></div>" for a, b in pairs)
        + "</dl>"
    )


def _render_table(heads: tuple[str, ...], rows: list[list[str]], *, stacks: bool = True) -> str:
    """A table. One that ``stacks`` shows its cells below each other on a narrow screen, each with
    its column's name.
    """
    stacks = stacks and any(heads)
    head = "<tr>" + "".join(f"<th>{escape(h)}</th>" for h in heads) + "</tr>" if any(heads) else ""
    cells = (
        "".join(_render_cell(h if stacks else None, c) for h, c in zip(heads, row, strict=True))
        for row in rows
    )
    body = "".join(f"<tr>{row}</tr>" for row in cells)
    return f"<div class='wide'><table{' class=rows' if stacks else ''}>{head}{body}</table></div>"


def _render_cell(head: str | None, content: str) -> str:
    if head is None:
        return f"<td>{content}</td>"
    return f"<td data-name='{escape(head)}'>{f'<div>{content}</div>' if content else ''}</td>"
