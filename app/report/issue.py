"""The short text for pasting into an issue: Markdown, never longer than a forum takes."""

from __future__ import annotations

from app.decide.diagnosis.log_text import decode
from app.model.machine import MachineFacts
from app.model.report import Report
from app.model.terminal_text import plain
from app.report.words import OVERALL, RESULT, VERDICT, duration, gibibytes, gigabytes, steps

LONGEST = 6000
LOG_TAIL = 2000


def issue_text(report: Report) -> str:
    """A cleaned report in at most 6000 characters: result, machine, what went wrong, the end of the
    log.
    """
    parts = [
        "### " + _escape(headline(report)),
        "",
        *_format_machine(report.facts),
        *_format_versions(report),
        *_format_findings(report),
        *_format_steps(report),
        *_format_verdict(report),
        *_format_diagnosis(report),
    ]
    head = "\n".join(parts).rstrip() + "\n"
    head = (
        head
        if len(head) <= LONGEST - 200
        else head[: LONGEST - 240].rsplit("\n", 1)[0] + "\n… (shortened; the report has it all)\n"
    )
    if head.count("```") % 2:
        head += "```\n"
    return head + _format_log(report, min(LOG_TAIL, LONGEST - len(head) - 60))


def headline(report: Report) -> str:
    """The result in one line."""
    if report.diagnosis and report.diagnosis.cause:
        return report.diagnosis.title
    failed = [s for s in steps(report.plan, report.events) if s.state == "failed"]
    if failed:
        return f'The step "{_escape(failed[0].title)}" failed'
    if report.verification:
        return OVERALL[report.verification.overall]
    blocking = [f for f in report.findings if f.severity == "blocks"]
    return _escape(blocking[0].title) if blocking else "Diagnostics report"


def machine_lines(facts: MachineFacts) -> list[tuple[str, str]]:
    """What people ask first of a computer: name and value."""
    rows = [
        (
            "System",
            _escape(
                " ".join(
                    filter(
                        None,
                        [
                            facts.os.name or facts.os.family,
                            f"build {facts.os.build}" if facts.os.build else "",
                            facts.os.arch or "",
                            "WSL" if facts.os.wsl else "",
                        ],
                    )
                )
            ),
        )
    ]
    for gpu in facts.gpus:
        parts = [
            gpu.name or gpu.pci_id or gpu.vendor,
            gibibytes(gpu.memory_total) if gpu.memory_total else "",
            f"capability {gpu.compute_capability}" if gpu.compute_capability else "",
        ]
        rows.append(("Card", _escape(", ".join(p for p in parts if p))))
    driver = f"{facts.driver.version or 'none'}"
    rows.append(
        (
            "Driver",
            _escape(
                driver
                + (
                    f" (runs CUDA up to {facts.driver.cuda_version})"
                    if facts.driver.cuda_version
                    else ""
                )
            ),
        )
    )
    rows.append(("Processor", _escape(facts.cpu.name or "unknown")))
    rows.append(
        ("Memory", f"{gibibytes(facts.memory.available)} free of {gibibytes(facts.memory.total)}")
    )
    rows += [
        ("Disk " + _escape(d.root), f"{gigabytes(d.free)} free of {gigabytes(d.total)}")
        for d in facts.disks[:6]
    ]
    return rows


def _format_machine(facts: MachineFacts | None) -> list[str]:
    return [f"- {name}: {value}" for name, value in machine_lines(facts)] if facts else []


def _format_versions(report: Report) -> list[str]:
    lines = [f"- Program: {_escape(report.program)}, written {_escape(report.written_at)}"]
    if report.profile:
        lines.append(f"- Setup: {_escape(report.profile)}")
    if report.versions:
        lines.append(
            "- Installed: "
            + ", ".join(
                f"{_escape(k)} {_escape(v)}" for k, v in sorted(report.versions.items())[:14]
            )
        )
    return lines


def _format_findings(report: Report) -> list[str]:
    important = [f for f in report.findings if f.severity != "informs"][:8]
    lines = [
        f"- {f.severity}: {_escape(f.title)}"
        + ("" if f.seen == f.title else f" ({_escape(f.seen)})")
        for f in important
    ]
    return ["", "**Findings**", *lines] if important else []


def _format_steps(report: Report) -> list[str]:
    lines = [s for s in steps(report.plan, report.events) if s.state != "open"]
    if not lines:
        return []
    return [
        "",
        "**Steps**",
        *(
            f"- {_escape(s.title)}: {s.state} {duration(s.seconds)}".rstrip()
            + (f" ({_escape(s.text)})" if s.text else "")
            for s in lines[-20:]
        ),
    ]


def _format_verdict(report: Report) -> list[str]:
    found = report.verification
    if found is None:
        best = next((c for c in report.choices if c.recommended), None)
        return (
            ["", f"Recommended: {_escape(best.profile.id)} ({VERDICT[best.verdict]})"]
            if best
            else []
        )
    wrong = [c for c in found.comparisons if c.result not in {"same", "explained"}]
    lines = ["", f"**Verification**: {OVERALL[found.overall]}"]
    lines += [
        f"- {_escape(c.title or c.check)}: expected {_escape(c.expected)}, got "
        f"{_escape(str(c.actual))} ({RESULT[c.result]})"
        for c in wrong[:10]
    ]
    return lines


def _format_diagnosis(report: Report) -> list[str]:
    found = report.diagnosis
    if found is None:
        return []
    if found.cause is None:
        ideas = [f"- `{_escape(o.cause)}`? {_escape(o.why)}" for o in found.others]
        return ["", "**Diagnosis**: the log does not say why.", *ideas] if ideas else []
    lines = [
        "",
        f"**Diagnosis**: {_escape(found.title)} (`{found.cause}`, {found.confidence or 'certain'})",
        *_format_code_block("\n".join(f"{e.line}: {e.text}" for e in found.evidence)),
    ]
    if found.fix:
        lines.append(f"Fix: {_escape(found.fix.text)}")
    return lines


def _format_log(report: Report, room: int) -> str:
    if not report.logs or room < 200:
        return ""
    name, data = max(report.logs.items())
    tail = plain(decode(data[-4 * room :]))[-(room - len(name) - 40) :]
    tail = tail[tail.find("\n") + 1 :] if "\n" in tail else tail
    return "\n".join(["", f"End of {_escape(name)}:", *_format_code_block(tail.rstrip())]) + "\n"


def _format_code_block(text: str) -> list[str]:
    """A code block that its own content cannot close."""
    return ["```", plain(text).replace("```", "'''"), "```"]


def _escape(text: str) -> str:
    """One line without anything that Markdown or HTML would act on."""
    text = " ".join(plain(text).split())
    return (
        text.replace("<", "‹")
        .replace(">", "›")
        .replace("`", "'")
        .replace("|", "/")
        .replace("[", "(")
        .replace("]", ")")
    )
