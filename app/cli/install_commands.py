"""Commands that change this computer: install, verify, take back, take away, pack."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from app.cli import text
from app.cli.inspect_commands import offer_newer, take_choices
from app.decide.plans.fixes import REMEDIES
from app.engine import surveying
from app.model.encoding import encode, to_builtins
from app.model.errors import ExitCode, InputError
from app.model.event import Finished, StepEvent
from app.model.result import ResultError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from app.cli.command_run import CommandRun
    from app.engine.uninstalling import Uninstallable
    from app.model.advice import Choice
    from app.model.plan import Plan
    from app.model.verdict import Verification


def install(run: CommandRun) -> ExitCode:
    """``install``."""
    session = run.session
    kept = take_choices(run)
    there = None if run.options.fix else surveying.find_in_place(session)
    if there is not None:
        offer_newer(run, kept)
        return _report_in_place(run, *there)
    proven = None
    plan = session.plans.install()
    if run.options.fix:
        plan = session.plans.remedy(run.options.fix, plan)
        run.print_message(f"Fix {run.options.fix}: {REMEDIES[run.options.fix]}")
    else:
        plan, broken = session.plans.repair(plan)
        if broken:
            run.print_message(f"To be mended: {broken}. The environment is made again.")
        proven = session.environments.already_in_place(plan, whole=not broken)
    best = session.best()
    if proven is not None:
        offer_newer(run, kept)
        return _add_extras(run, plan, best, proven)
    if best.verdict == "blocked":
        return _report_blocked(run, best)
    unfinished = session.undo.unfinished()
    if unfinished is not None and unfinished.plan.environment == plan.environment:
        run.print_message(
            f"Going on where the last run stopped ({unfinished.steps_done} of "
            f"{unfinished.steps_total} steps were done)."
        )
    run.print_message(text.install_intro(best, plan, session.place.home))
    if not run.agreed():
        return run.report_unanswered()
    return run.run_plan(plan, _report_writer(run))


def _tell_in_place(run: CommandRun, plan: Plan, proven: Verification) -> None:
    session = run.session
    session.home.refuse_busy()  # what is in place now may be gone when that run ends
    where = session.place.environment(plan.environment)
    how = "proven" if proven.overall != "not_checked" else "not verified, as the answers ask"
    title = session.best().profile.title
    run.print_message(f"All is in place: {title}, {how}, in {where}.")


def _report_in_place(run: CommandRun, plan: Plan, proven: Verification) -> ExitCode:
    _tell_in_place(run, plan, proven)
    run.print_message("Nothing to do.")
    run.finish("finished", verdict=proven, changed=False)
    return ExitCode.DONE


def _add_extras(run: CommandRun, plan: Plan, best: Choice, proven: Verification) -> ExitCode:
    """The environment is in place: only what is asked for beside it and is not there yet."""
    session = run.session
    more = session.plans.left_to_do(plan)
    if not more.steps:
        return _report_in_place(run, plan, proven)
    _tell_in_place(run, plan, proven)
    if best.verdict == "blocked":
        return _report_blocked(run, best)
    run.print_message("Still to do: " + "; ".join(step.title for step in more.steps) + ".")
    if not run.agreed():
        return run.report_unanswered()
    session.execution.verification = proven
    return run.run_plan(more)


def _report_blocked(run: CommandRun, best: Choice) -> ExitCode:
    run.print_error(text.blocked(best))
    first = next((f for f in best.findings if f.severity == "blocks"), None)
    code = first.id if first else "blocked"
    home = run.session.known_facts().home
    if code == "path-unsafe" and home is not None and home.writable is False:
        code = "home-unwritable"  # the finding stands for several faults of a folder
    run.finish(
        "failed",
        verdict={"verdict": "blocked", "findings": best.findings},
        error=ResultError(
            code=code,
            message=f"{first.title}. {first.detail}".strip() if first else best.why,
            remedy=first.remedy if first else "",
        ),
        changed=False,
    )
    return ExitCode.BLOCKED


def _report_writer(run: CommandRun) -> Callable[[ExitCode], None]:
    def write(code: ExitCode) -> None:
        if code != ExitCode.STOPPED and not run.session.simulated:
            run.report = run.session.exports.write_report()
            run.print_message(f"Report: {run.report}")

    return write


def verify(run: CommandRun) -> ExitCode:
    """``verify``."""
    session = run.session
    if run.options.compare:
        comparisons = session.environments.compare(run.read(run.options.compare))
        run.print_document(
            {"schema": "verification/1", "overall": "not_checked", "comparisons": comparisons},
            text.comparisons(comparisons),
        )
        return ExitCode.DONE
    if session.simulated:
        plan = session.plans.install()
        checks = tuple(s for s in plan.steps if s.kind == "run-check")
        plan = msgspec.structs.replace(plan, steps=checks)
    else:
        plan = session.plans.verify(run.options.quick, run.options.environment)
        for change in session.environments.changes(plan):
            run.print_message(change)
        if own := session.environments.own_packages():
            run.print_message(f"Your own packages beside the setup: {', '.join(own)}.")

    def save(code: ExitCode) -> None:
        if run.options.save_proof and code in (ExitCode.DONE, ExitCode.NOT_WORKING):
            from app.engine import proving

            try:
                made = proving.record(session, plan)
            except InputError as error:
                if code == ExitCode.DONE:
                    raise
                run.print_error(error.message)  # the run's own end says why
                return
            session.desktop.save(
                run.options.save_proof, msgspec.json.format(encode(made), indent=1) + b"\n"
            )
            run.print_message(f"The record of what passed is in {run.options.save_proof}.")

    return run.run_plan(plan, save)


def rollback(run: CommandRun) -> ExitCode:
    """``rollback``."""
    back = run.session.undo.rollback_info()
    run.print_message(back.sentence)
    if back.doubtful and not run.agreed():
        return run.report_unanswered()
    pointer = run.session.undo.rollback()
    run.print_message(f"Active again: {pointer.active}. Before: {pointer.previous}.")
    fields = to_builtins(pointer)
    fields.pop("schema")
    run.finish("finished", changed=True, **fields)
    return ExitCode.DONE


# Words for several items at once, and for what may not be there: an uninstaller asks for them unseen.
_GROUPS = frozenset({"all", "runs", "models", "quarantine"})


def uninstall(run: CommandRun) -> ExitCode:
    """``uninstall``."""
    session, options = run.session, run.options
    if options.put_back and options.put_back.endswith(".txt"):
        return run.run_plan(session.plans.packages_back(options.put_back))
    if options.put_back:
        path = session.undo.put_back(options.put_back)
        run.print_document({"schema": "put-back/1", "path": path}, f"Put back: {path}")
        return ExitCode.DONE
    items = session.undo.uninstallable()
    chosen = [item for item in items if _is_chosen(item, options.remove)]
    unknown = [r for r in options.remove if r not in _GROUPS | {i.id for i in items}]
    if unknown:
        raise InputError(
            f"There is no item {unknown[0]!r} to remove; expected one that the command "
            f"uninstall lists."
        )
    if chosen:
        if not run.agreed():
            return run.report_unanswered()
        run.print_events(_remove_items(run, chosen))
    elif "all" in options.remove:
        list(session.undo.remove(()))  # what a run that was cut off left of nothing but its papers
    listed = [
        {
            "id": i.id,
            "title": i.title,
            "path": i.path,
            "size": i.size,
            "note": i.keep,
            "removed": i in chosen,
        }
        for i in items
    ]
    if options.remove and options.json:
        run.finish("finished", changed=bool(chosen), items=listed)
    else:
        kept, taken = session.undo.quarantined(), session.undo.removed_packages()
        run.print_document(listed, text.uninstallable(items, chosen, kept, taken))
    return ExitCode.DONE


def _is_chosen(item: Uninstallable, wanted: Sequence[str]) -> bool:
    return (
        item.id in wanted
        or ("all" in wanted and item.in_all)
        or ("runs" in wanted and item.id.startswith("run:"))
    )


def _remove_items(
    run: CommandRun, chosen: Sequence[Uninstallable]
) -> Generator[StepEvent, None, None]:
    clock = run.session.system.clock
    began = clock.monotonic()
    for item in run.session.undo.remove(chosen):
        run.session.execution.changed = True
        if not run.stream:
            run.print_message(
                f"Removed: {item.title}, {text.size(item.size)}. {item.left}".rstrip()
            )
        yield StepEvent(at=clock.monotonic() - began, step=item.id, what=Finished())


def bundle(run: CommandRun) -> ExitCode:
    """``bundle``."""
    if run.options.verify:
        return _check_bundle(run, run.options.verify)
    session, target = run.session, run.options.output
    if not target:
        raise InputError("bundle needs --output DIR, the folder to make.")
    if run.options.update and not session.system.files.exists(target):
        raise InputError(f"--update: {target} is not there; expected a bundle.")
    if run.options.kernel:
        session.change(kernel=True)
    run.print_events(
        session.exports.bundle(
            target,
            run.options.platform,
            run.options.profiles,
            bool(run.options.update),
            run.options.models,
        )
    )
    if not run.options.json:
        run.out.write(f"{target}\n")
    run.finish("finished", changed=True, bundle=target)
    return ExitCode.DONE


def verify_bundle(run: CommandRun) -> ExitCode:
    """``verify-bundle``."""
    return _check_bundle(run, run.options.bundle)


def _check_bundle(run: CommandRun, folder: str) -> ExitCode:
    made = run.session.exports.check_bundle(folder)
    count = f"{len(made.files)} files for {made.profile} on {made.platform}"
    run.print_document(made, f"{folder}: {count}, all as listed.")
    return ExitCode.DONE
