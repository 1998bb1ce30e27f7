"""What the command line says to people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.decide.findings.advisories import describe_advisory
from app.decide.verification import proof
from app.engine.uninstalling import Uninstallable
from app.model.advice import Choice, Diagnosis, Finding
from app.model.advisory import Advisory
from app.model.encoding import to_builtins
from app.model.event import Failed
from app.model.machine import MachineFacts
from app.model.plan import Plan
from app.model.profile import Profile
from app.model.status import Status
from app.model.verdict import Comparison, SeveralCards, Verification
from app.steps.put_packages_back import SavedPackages

_MARK = {"blocks": "x", "warns": "!", "informs": "i"}


def size(count: float | None) -> str:
    """Bytes in the unit that people know: ``7.3 GB``."""
    if count is None:
        return "unknown size"
    for unit, factor in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= factor:
            return f"{count / factor:.1f} {unit}"
    return f"{count:.0f} bytes"


def machine(facts: MachineFacts) -> str:
    """The facts, a line for each subject."""
    lines = [
        _format_line("System", facts.os.name or facts.os.family, facts.os.arch),
        _format_line("Processor", facts.cpu.name),
        _format_line("Memory", size(facts.memory.total)),
    ]
    lines += [
        _format_line(
            "Graphics card",
            gpu.name or gpu.pci_id or "unknown",
            size(gpu.memory_total) if gpu.memory_total else None,
            f"compute capability {gpu.compute_capability}" if gpu.compute_capability else None,
        )
        for gpu in facts.gpus
    ]
    if not facts.gpus:
        lines.append(_format_line("Graphics card", "none found"))
    driver = facts.driver
    newest = f"runs CUDA up to {driver.cuda_version}" if driver.cuda_version else None
    lines.append(_format_line("NVIDIA driver", driver.version or "none", newest))
    lines += [_format_line("CUDA toolkit", t.version, t.path) for t in facts.cuda_toolkits]
    lines += [
        _format_line("Disk", d.root, f"{size(d.free)} free of {size(d.total)}") for d in facts.disks
    ]
    lines += [
        _format_line("Python", p.version or "unknown", p.path, p.origin) for p in facts.pythons
    ]
    lines.append(
        _format_line("Tools", *(f"{k} {v}" for k, v in to_builtins(facts.tools).items() if v))
    )
    lines += [
        _format_line("Left over", left.path, size(left.size), left.detail)
        for left in facts.leftovers
    ]
    if facts.home is not None:
        lines.append(_format_line("Home", facts.home.path))
    lines.append(
        _format_line(
            "Network",
            f"package index {facts.network.index}",
            f"PyTorch index {facts.network.pytorch}",
            f"proxy {facts.network.proxy}" if facts.network.proxy else None,
        )
    )
    lines += [
        _format_line("Setting", f"{s.name} = {s.value}", s.origin) for s in facts.network.settings
    ]
    lines += [_format_line("Note", note.about, note.text) for note in facts.notes]
    return "\n".join(lines)


def _format_line(name: str, *parts: str | None) -> str:
    return f"{name + ':':15} " + " · ".join(p for p in parts if p)


def plan_document(
    best: Choice,
    choices: Sequence[Choice],
    findings: Sequence[Finding],
    steps: Plan,
    done: Mapping[str, str],
) -> dict[str, Any]:
    """The document ``plan/1``; ``done`` are the steps that are not needed, each with its reason."""
    needed = [step for step in steps.steps if step.id not in done]
    others = [c for c in choices if c.profile.id != best.profile.id]
    return {
        "schema": "plan/1",
        "verdict": best.verdict,
        "profile": best.profile.id,
        "title": best.profile.title,
        "why": best.why,
        "alternatives": [
            {"profile": c.profile.id, "verdict": c.verdict, "why": c.why} for c in others
        ],
        "findings": [to_builtins(f) for f in _merge_findings(best.findings, findings)],
        "steps": [
            {
                **to_builtins(s),
                "needed": s.id not in done,
                **({"why": done[s.id]} if s.id in done else {}),
            }
            for s in steps.steps
        ],
        "environment": steps.environment,
        "changes": len(needed),
        "download_bytes": sum(step.download_bytes for step in needed),
        "disk_bytes": sum(step.disk_bytes for step in needed),
    }


def _merge_findings(first: Sequence[Finding], more: Sequence[Finding]) -> list[Finding]:
    """Both lists without repeats, the gravest first."""
    order = {"blocks": 0, "warns": 1, "informs": 2}
    return sorted(
        {f.id: f for f in (*more, *first)}.values(), key=lambda f: (order[f.severity], f.id)
    )


def plan(document: dict[str, Any], best: Choice, choices: Sequence[Choice]) -> str:
    """The whole plan for people: verdict, findings, every step with its bytes and what it touches."""
    words = {
        "ready": "Ready.",
        "ready_with_warnings": "Ready, with warnings.",
        "blocked": "Blocked by what stands below.",
    }
    lines = [f"{best.profile.title} ({best.profile.id})", words[best.verdict] + " " + best.why]
    lines += [proof.describe_proofs(best.profile), ""]
    for finding in document["findings"]:
        lines.append(f"  [{_MARK[finding['severity']]}] {finding['title']}")
        lines += [f"      {finding[field]}" for field in ("detail", "remedy") if finding[field]]
    lines += [
        "",
        f"Steps: {size(document['download_bytes'])} to download, {size(document['disk_bytes'])} "
        f"on disk"
        if document["changes"]
        else "Nothing to do: all is in place.",
    ]
    for number, step in enumerate(document["steps"], 1):
        cost = ", ".join(
            p
            for p in (
                f"{size(step['download_bytes'])} download" if step["download_bytes"] else "",
                f"{size(step['disk_bytes'])} on disk" if step["disk_bytes"] else "",
            )
            if p
        )
        if not step["needed"]:
            lines.append(f"  {number:2}. {step['title']}: not needed. {step['why']}")
            continue
        lines.append(f"  {number:2}. {step['title']}" + (f" ({cost})" if cost else ""))
        lines += [f"        touches {path}" for path in step["touches"]]
    lines += ["", "Other ways:"]
    lines += [
        f"  {c.profile.id}: {c.verdict.replace('_', ' ')}. {c.why}"
        for c in choices
        if c.profile.id != best.profile.id
    ]
    return "\n".join(lines)


def profile_list(profiles: Sequence[Profile]) -> str:
    """All profiles, two lines each."""
    return "\n".join(f"{p.id}\n    {p.title}. {p.summary}" for p in profiles)


def profile(one: Profile, advisories: Sequence[Advisory] = ()) -> str:
    """One profile with what stands for and against it, and the advisories on its pins."""
    versions = ", ".join(f"{k} {v}" for k, v in to_builtins(one.versions).items() if v)
    lines = [
        f"{one.title} ({one.id})",
        one.subtitle,
        one.summary,
        "",
        f"Pinned on {one.pinned_on}. Python {one.python}; {versions}.",
        f"Proof: {proof.describe_proofs(one)}",
        f"Exports: {proof.describe_exports(one)}",
    ]
    lines += (
        ["", "For it:"]
        + [f"  + {claim.text}" for claim in one.good]
        + ["Against it:"]
        + [f"  - {claim.text}" for claim in one.bad]
    )
    if advisories:
        lines += ["Security advisories on its versions:"]
        lines += [
            f"  ! {describe_advisory(advisory)} Source: {advisory.source}."
            for advisory in advisories
        ]
    lines += ["", "Locks:"] + [
        f"  {p.platform}: {p.title}, {len(p.wheels)} files, {size(p.download)}" for p in one.parts
    ]
    return "\n".join(lines)


def blocked(best: Choice) -> str:
    """Why nothing can be installed now, and what to do."""
    lines = [f"{best.profile.title} cannot be installed on this machine now."]
    lines += [
        f"  {f.title}. {f.detail} {f.remedy}" for f in best.findings if f.severity == "blocks"
    ]
    return "\n".join(lines)


def install_intro(best: Choice, steps: Plan, home: str) -> str:
    """What is about to happen."""
    return (
        f"{best.profile.title}: {best.why}\n{len(steps.steps)} steps, "
        f"{size(steps.download_bytes)} to download, "
        f"{size(steps.disk_bytes)} on disk, all below {home}."
    )


def indented(data: bytes) -> str:
    """Child output, set in, without its empty lines."""
    return "".join(
        f"    {line}\n" for line in data.decode("utf-8", "replace").splitlines() if line.strip()
    )


def failure(failed: Failed) -> str:
    """A failed step: what happened, why, what to do."""
    lines = [f"Failed: {failed.message}"]
    if failed.diagnosis is not None and failed.diagnosis.cause is not None:
        lines.append(diagnosis(failed.diagnosis))
    elif failed.hint:
        lines.append(f"  {failed.hint}")
    return "\n".join(lines)


def diagnosis(found: Diagnosis) -> str:
    """A cause with its proof and its fix."""
    if found.cause is None:
        return "No known cause was found in this log."
    lines = [f"{found.title} ({found.cause})", f"  {found.means}"]
    lines += [f"  line {e.line}: {e.text}" for e in found.evidence]
    if found.fix is not None:
        lines.append(f"  Fix: {found.fix.text}")
        if found.fix.automatic and found.fix.remedy:
            lines.append(
                f"  The program can do this: install --fix {found.fix.remedy}\n    {found.fix.does}".rstrip()
            )
        lines += [f"    {n}. {step}" for n, step in enumerate(found.fix.steps, 1)]
    lines += [f"  It could also be {o.cause}: {o.why}" for o in found.others]
    if found.source:
        lines.append(f"  Source: {found.source}")
    return "\n".join(lines)


def comparisons(rows: Sequence[Comparison]) -> str:
    """The expected-output comparison as a table with its reasons."""
    lines = []
    for row in rows:
        lines.append(
            f"  [{row.result}] {row.title or row.check}: guide {row.guide}; right here "
            f"{row.expected}; "
            f"came out {row.actual}"
        )
        if row.why:
            lines.append(f"      {row.why}")
    return "\n".join(lines)


def status(now: Status) -> str:
    """What is installed, for people."""
    age = (
        f"Version {now.program.version}; knows setups up to {now.program.knowledge}, fresh until "
        f"{now.program.fresh_until}."
    )
    if now.newer_program:
        age = f"A newer version of this program was announced: {now.newer_program}.\n{age}"
    if not now.installed:
        return f"Nothing is installed in {now.home}.\n{age}"
    words = {**_VERDICTS, "broken": "It does not work.", "not_checked": "It is not verified."}
    lines = [
        f"{now.profile}: {words[now.verdict]}"
        + (f" Last verified at {now.proven_at}." if now.proven_at else ""),
        _format_line("Environment", now.environment),
        _format_line("Stable path", now.path),
        _format_line("Python", now.python),
        *([_format_line("Before it", now.previous)] if now.previous else []),
        *(_format_line("Changed", change.text) for change in now.drift),
        *([_format_line("Added", ", ".join(now.packages_added))] if now.packages_added else []),
        *(
            _format_line(
                "Training run", run.id, run.state, "train --resume" if run.resumable else None
            )
            for run in now.runs
        ),
        *([_format_line("Exports seen", ", ".join(now.exports))] if now.exports else []),
    ]
    if now.newer_profile:
        lines.append(f"A newer setup fits this computer: install --profile {now.newer_profile}")
    if now.drift or now.verdict == "not_checked":
        lines.append("The command verify says whether it works.")
    return "\n".join([*lines, age])


_VERDICTS = {
    "works": "It works.",
    "works_slowly": "It works, but slower than this card should.",
    "broken": "It does not work yet.",
    "not_checked": "Nothing was checked.",
}


def verification(verdict: Verification) -> str:
    """The whole verdict for people."""
    lines = [
        _VERDICTS[verdict.overall] + (f" Checked on: {verdict.device}." if verdict.device else "")
    ]
    lines.append(comparisons(verdict.comparisons))
    for bench in verdict.benchmark:
        value = "no value" if bench.value is None else f"{bench.value:.4g} {bench.unit}"
        reference = (
            f", {bench.ratio:.0%} of the reference {bench.reference:.4g}"
            if bench.reference and bench.ratio
            else ""
        )
        lines.append(
            f"  {bench.title or bench.name}: {value}{reference}"
            + (f" ({bench.note})" if bench.note else "")
        )
    tuned = verdict.fine_tune
    if tuned is not None and tuned.loss_first is not None and tuned.loss_last is not None:
        lines.append(
            f"  First fine-tune: {tuned.steps} steps, loss {tuned.loss_first:.2f} to "
            f"{tuned.loss_last:.2f}, "
            f"{tuned.tokens_per_s or 0:.0f} tokens/s, adapter reloaded equal: "
            f"{'yes' if tuned.reloaded_equal else 'no'}"
        )
    if verdict.several_cards is not None:
        lines += _together(verdict.several_cards)
    lines += [f"  [{_MARK[r.severity]}] {r.title}. {r.detail}" for r in verdict.remarks]
    return "\n".join(line for line in lines if line)


def _together(found: SeveralCards) -> list[str]:
    """What several cards did together; why they did not, a remark says."""
    if found.loss_first is None or found.loss_last is None:
        return []
    return [
        f"  Fine-tune on {found.processes} cards: {found.steps} steps, loss "
        f"{found.loss_first:.2f} to {found.loss_last:.2f}, {found.tokens_per_s or 0:.0f} tokens/s, "
        f"same weights on all: {'yes' if found.equal else 'no'}",
        *(
            f"    {' '.join(filter(None, (card.name, card.id)))}: {card.product or 0:.4g} "
            f"{card.unit}, computed {'right' if card.ok else 'wrong'}"
            for card in found.cards
        ),
    ]


def uninstallable(
    items: Sequence[Uninstallable],
    removed: Sequence[Uninstallable],
    kept: Sequence[tuple[str, str]],
    taken: Iterable[SavedPackages] = (),
) -> str:
    """What can be removed, with sizes, and what can be put back."""
    if not items:
        return "Nothing of this program is on this machine."
    lines = [
        (
            f"{'removed' if i in removed else i.id:28} {size(i.size):>12}  {i.title}  {i.path}  "
            f"{i.keep}"
        ).rstrip()
        for i in items
    ]
    if not removed:
        lines.append("Remove with: uninstall --remove ID (or --remove all).")
    lines += [
        f"In quarantine: {path}. Put it back with: uninstall --put-back {shelf}"
        for shelf, path in kept
    ]
    lines += [
        f"Taken out of {one.python} on {one.day}: {', '.join(one.packages)}. Put back with: "
        f"uninstall --put-back {one.saved}"
        for one in taken
    ]
    return "\n".join(lines)
