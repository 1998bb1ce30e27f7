"""Commands for a person's own model: train, export."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from app.adapters.processes.end_signals import asked_first
from app.cli import training_text
from app.cli.generators import returned
from app.engine import model_exports, own_packages, training_records, training_runs
from app.model.dataset import ROLES, Confirmation, ReadOptions, Role
from app.model.encoding import to_builtins
from app.model.errors import ExitCode, InputError
from app.model.training import TrainingPreview, TrainingRequest

if TYPE_CHECKING:
    from app.cli.command_run import CommandRun

_SHOWN = 5  # changes that are named one by one
_RESUME = "train --resume goes on from there."


def train(run: CommandRun) -> ExitCode:
    """``train``."""
    options, session = run.options, run.session
    request = _build_request(run)
    if options.preview:
        return _print_preview(run, request)
    if options.write_script:
        return _write_script(run, request)
    run.goes_on = _RESUME
    run.measured = training_text.measured
    _tell_changes(run)
    if request.resume is None:
        _, memory = training_runs.settings(session, request)
        if memory.fits is False:
            run.print_error(memory.text)
    plan = returned(training_runs.plan(session, request))
    step = next(s for s in plan.steps if s.kind == "run-training")

    def stop() -> None:
        session.execution.stop()
        run.print_error("Stopping: a checkpoint is written first. Once more ends it at once.")

    def more() -> dict[str, Any]:
        record = training_records.record_of(session, step.run)  # type: ignore[union-attr]
        return {"run": to_builtins(training_records.summary(session, record))}

    with asked_first(stop):
        code = run.run_plan(plan, more=more)
    return _own_code(run, code)


def _tell_changes(run: CommandRun) -> None:
    """What pip or another tool changed in the environment since it was proven."""
    _, changes = own_packages.listed(run.session)
    for change in changes[:_SHOWN]:
        run.print_message(change.sentence())
    if changes:
        more = f"and {len(changes) - _SHOWN} more. " if len(changes) > _SHOWN else ""
        run.print_message(f"{more}packages undo takes such changes back.")


def export(run: CommandRun) -> ExitCode:
    """``export``."""
    options = run.options
    if options.modelfile and options.format != "gguf":
        raise InputError("--modelfile belongs to a GGUF file; expected --format gguf.")
    plan = model_exports.plan(
        run.session,
        options.run,
        options.format,
        target=options.output,
        quantization=options.quantization.lower(),
        llama_cpp=options.llama_cpp,
        base=options.base,
    )
    target = plan.steps[-1].touches[0]
    code = run.run_plan(plan, more=lambda: {"export": target})
    if code == ExitCode.DONE and not options.json:
        run.out.write(f"{target}\n")
    return _own_code(run, code)


def _own_code(run: CommandRun, code: ExitCode) -> ExitCode:
    """A script that finds its input wrong says so: 2 instead of 4."""
    error = run.session.execution.error
    return error.exit_code if code == ExitCode.STEP_FAILED and error is not None else code


def _print_preview(run: CommandRun, request: TrainingRequest) -> ExitCode:
    found: TrainingPreview | None = None
    for item in training_runs.preview(run.session, request):
        if isinstance(item, TrainingPreview):
            found = item
    if found is None:
        raise InputError("The preview ended without a result.")
    run.print_document(found, training_text.preview(found))
    if found.tokens is not None:
        return ExitCode.DONE
    for question in found.open_questions:
        run.print_error(question)
    return ExitCode.BAD_INPUT


def _write_script(run: CommandRun, request: TrainingRequest) -> ExitCode:
    session, path = run.session, run.options.write_script
    data = session.place.join(session.place.folder_of(path), "data.jsonl")
    for one in (path, data) if request.data else (path,):
        run.refuse_existing(one, "--write-script")
    script, rows = returned(training_runs.saved_script(session, request))
    session.desktop.save(path, script)
    run.print_message(f"Script written: {path}")
    if rows is not None:
        session.desktop.save(data, rows)
        run.print_message(f"Its data: {data}")
    run.finish("finished", changed=True, script=path)
    return ExitCode.DONE


def _build_request(run: CommandRun) -> TrainingRequest:
    """The options as a request. Raises ``InputError`` for a mapping that is none."""
    options = run.options
    if not options.data and options.resume is None and not options.write_script:
        raise InputError(
            "train needs --data FILE, the data to train on, or --resume, to go on with a run."
        )
    read = ReadOptions(
        encoding=options.encoding,
        format=options.data_format,
        mapping=dict(_parse_mapping(options.map or "")),
        list_name=options.list,
        delimiter=options.delimiter,
        header=not options.no_header,
        row_unit=options.row,
    )
    columns = tuple(c.strip() for c in (options.ignore_columns or "").split(",") if c.strip())
    resume = options.resume
    if resume == "":
        resume = _newest_resumable_run(run)
    return TrainingRequest(
        data=options.data,
        read=read,
        agreed=Confirmation(skip_bad_rows=options.skip_bad_rows, ignore_columns=columns),
        model=options.model,
        epochs=options.epochs,
        max_steps=options.max_steps,
        length=options.length,
        batch=options.batch,
        rank=options.rank,
        bits=options.bits,
        learning_rate=options.learning_rate,
        learn=options.learn,
        evaluate=options.evaluate,
        seed=options.seed,
        cards=options.cards,
        checkpoint_minutes=options.checkpoint_minutes,
        output=options.output,
        overwrite=options.overwrite,
        resume=resume,
    )


def _newest_resumable_run(run: CommandRun) -> str:
    """The newest run that can be gone on with. Raises ``InputError`` where there is none."""
    training_runs.active(run.session)
    runs = training_records.runs(run.session)
    found = next((one for one in runs if one.resumable), None)
    if found is not None:
        return found.id
    why = f" The newest, {runs[0].id}: {runs[0].why}" if runs else ""
    raise InputError(f"There is no training run to go on with here.{why}")


def _parse_mapping(text: str) -> Iterator[tuple[Role, str]]:
    for part in filter(None, (one.strip() for one in text.split(","))):
        role, found, column = part.partition("=")
        known = next((one for one in ROLES if one == role.strip().lower()), None)
        if not found or known is None or not column.strip():
            raise InputError(
                f"--map: {part!r} is no pair; expected ROLE=COLUMN with a role of {', '.join(ROLES)}."
            )
        yield known, column.strip()
