"""Training on a person's own data: what would be trained (a preview), and the plan that trains it."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from app.decide.datasets.recognise import refuse_unanswered
from app.decide.training import starter_script
from app.decide.training.script_head import with_settings
from app.engine import training_cards, training_models, training_records
from app.model import limits
from app.model.dataset import Confirmation, Dataset
from app.model.errors import InputError, NotInstalledError
from app.model.event import AnyPayload, Measured
from app.model.machine import MachineFacts, Os
from app.model.message import Message
from app.model.plan import AnyStep, Plan, PrepareTraining, RunTraining
from app.model.profile import Profile
from app.model.training import (
    MemoryNeed,
    RunRecord,
    TrainingPreview,
    TrainingRequest,
    TrainingSettings,
)
from app.ports import Command
from app.steps.prepare_training import DATA, OUTPUT, SCRIPT
from app.steps.run_training import fault, training_environment
from app.steps.script_events import relay
from app.steps.step_context import StepContext
from app.steps.training_data import read_source

if TYPE_CHECKING:
    from app.engine.session import Session

_BOUNDS: dict[str, tuple[float, float]] = {
    "epochs": (0.001, 1000), "max_steps": (0, 10**9), "rank": (1, 1024), "batch": (1, 4096),
    "length": (64, 10**6), "learning_rate": (1e-9, 1), "evaluate": (0, 0.5),
    "checkpoint_minutes": (0, 10**6), "seed": (0, 2**32 - 1), "cards": (1, 64),
}  # fmt: skip


def active(session: Session) -> tuple[str, Profile]:
    """The active environment and its profile. Raises ``NotInstalledError`` where there is none."""
    session.home.require_real_machine()
    pointer = session.home.pointer()
    if pointer is None:
        raise NotInstalledError(Message("No environment is active here; expected one to train in."))
    if not session.system.files.exists(session.place.environment_python(pointer.active)):
        raise NotInstalledError(
            Message("The active environment {active} is no longer there.", active=pointer.active)
        )
    return pointer.active, session.knowledge.profile(pointer.profile)


def settings(session: Session, request: TrainingRequest) -> tuple[TrainingSettings, MemoryNeed]:
    """The settings that a run of this request would have, and the memory that it takes.

    What was not asked for fits the card. Raises ``InputError`` for values that no training can have
    and for a model that is none.
    """
    _check_request(request)
    _, profile = active(session)
    needs_card = profile.needs.gpu
    training_cards.choose(session, profile, request.cards or 1)
    family = session.place.family
    facts = (
        session.known_facts() if needs_card else session.facts or MachineFacts(os=Os(family=family))
    )
    sized = starter_script.choose_size(
        profile,
        facts,
        session.knowledge.guide,
        model=request.model,
        length=request.length,
        batch=request.batch,
        bits=request.bits,
        rank=request.rank,
    )
    model, models = training_models.resolve(session, sized.model)
    if sized.memory is None and (shape := training_models.shape(session, model)) is not None:
        sized = starter_script.measured_by_shape(sized, shape, profile, facts)
    base = TrainingSettings(
        model=model,
        models=models,
        length=sized.length,
        batch=sized.batch,
        accumulate=sized.accumulation,
        rank=sized.rank,
        alpha=sized.rank,
        bits=sized.bits,
    )
    asked = {
        name: getattr(request, name)
        for name in (
            "epochs", "max_steps", "learning_rate", "learn", "evaluate", "checkpoint_minutes", "seed",
            "cards",
        )
        if getattr(request, name) is not None
    }  # fmt: skip
    needed = sized.memory.process if sized.memory is not None and needs_card else None
    memory = MemoryNeed(
        needed=needed,
        available=sized.available,
        fits=sized.fits if needs_card else None,
        text=starter_script.describe_estimate(sized),
    )
    return msgspec.structs.replace(base, **asked), memory


def preview(session: Session, request: TrainingRequest) -> Iterator[AnyPayload | TrainingPreview]:
    """What would be trained, the last item being the ``TrainingPreview``; some seconds, because the
    model's own tokenizer is asked. Trains nothing and leaves nothing behind.

    Questions about the data stand in it open: bad rows and unused columns are left out of what is
    shown. Raises ``InputError`` for a file or a setting that is wrong, ``ExpectedError`` where the
    tokenizer cannot be read.
    """
    environment, profile = active(session)
    wanted, memory = settings(session, request)
    if request.data is None:
        raise InputError(Message("Training needs data; expected a file."))
    site = session.home.site()
    source = yield from read_source(request.data, request.read, environment, site)
    found = source.recognised
    tokens = None
    shown = Confirmation(skip_bad_rows=True, ignore_columns=("*",))
    answerable = all(q.code in ("bad-rows", "unused-columns") for q in found.questions)
    if answerable and found.rows:
        rows = source.canonical(shown)
        tokens = yield from _count_tokens(rows, wanted, environment, site)
    yield TrainingPreview(
        profile=profile.id,
        settings=wanted,
        dataset=found,
        open_questions=open_questions(found, request.agreed),
        tokens=tokens,
        memory=memory,
        seconds=_expected_seconds(session, wanted, profile, tokens),
    )


def open_questions(found: Dataset, agreed: Confirmation) -> tuple[str, ...]:
    """What still has to be answered before these data can be trained on, a sentence each."""
    sentences = []
    for question in found.questions:
        try:
            refuse_unanswered(msgspec.structs.replace(found, questions=(question,)), agreed)
        except InputError as error:
            sentences.append(error.message)
    if not sentences:
        try:
            refuse_unanswered(found, agreed)
        except InputError as error:
            sentences.append(error.message)
    return tuple(dict.fromkeys(sentences))


def plan(session: Session, request: TrainingRequest) -> Generator[AnyPayload, None, Plan]:
    """The plan that trains: a run's folder, then the run; or the run alone that goes on.

    It reads the data, so it takes a moment. Raises ``InputError`` with the first question about the
    data that is not answered, for an output that is not empty, for a run that cannot be gone on with.
    """
    if request.resume is not None:
        return (yield from _plan_resumed_run(session, request, request.resume))
    environment, profile = active(session)
    wanted, _ = settings(session, request)
    if request.data is None:
        raise InputError(Message("Training needs data; expected a file, or a run to go on with."))
    files, place = session.system.files, session.place
    if request.output is not None:
        _refuse_output(session, request.output, request.overwrite)
    source = yield from read_source(request.data, request.read, environment, session.home.site())
    found = source.recognised
    refuse_unanswered(found, request.agreed)
    run = _new_name(session)
    folder = place.run(run)
    output = request.output or place.join(folder, OUTPUT)
    record = RunRecord(
        run=run,
        at=session.system.clock.now(),
        environment=environment,
        profile=profile.id,
        settings=wanted,
        source=request.data,
        source_sha256=files.sha256(request.data),
        rows=found.rows,
        mapping={str(role): column for role, column in found.mapping.items()},
        left_out=len(found.bad_rows),
        unused=found.unused,
        read=request.read,
        agreed=request.agreed,
        output=output,
    )
    rows = Message("{rows:,} row" if found.rows == 1 else "{rows:,} rows", rows=found.rows)
    fetching = yield from training_models.fetching(session, wanted, environment)
    steps: tuple[AnyStep, ...] = (
        *fetching,
        PrepareTraining(
            id="data",
            title=Message("Data: {rows}", rows=rows),
            disk_bytes=found.size,
            touches=(folder,),
            folder=folder,
            record=record,
        ),
        RunTraining(
            id="train",
            title=Message("Training {model}", model=_short_model_name(wanted.model)),
            touches=tuple(dict.fromkeys((folder, output))),
            environment=environment,
            profile=profile.id,
            run=run,
            folder=folder,
            output=output,
            overwrite=request.overwrite and request.output is not None,
            cards=training_cards.choose(session, profile, wanted.cards),
        ),
    )
    return Plan(title=Message("Training"), profile=profile.id, steps=steps)


def check_resume(session: Session, run: str) -> Generator[AnyPayload, None, int]:
    """The step from which a run can be gone on with; the script itself compares data, model and
    settings. Raises ``InputError`` with what differs or is gone.
    """
    record = training_records.record_of(session, run)
    summary = training_records.summary(session, record)
    if summary.why:
        raise InputError(
            Message("The run {run} cannot be gone on with. {why}", run=run, why=summary.why)
        )
    site = session.home.site()
    python = session.place.environment_python(record.environment)
    argv = (python, session.place.join(summary.folder, SCRIPT), "--json", "--check-resume")
    command = Command(
        argv=argv, env=training_environment(site, python, True), folder=summary.folder
    )
    steps: list[int] = []

    def takes(what: AnyPayload) -> bool:
        is_answer = isinstance(what, Measured) and what.name == "train.resumable"
        if isinstance(what, Measured) and is_answer:
            steps.append(int(what.value))
        return not is_answer

    ended = yield from relay(site, command, limits.PREVIEW, limits.CHECK_EVENTS, passes=takes)
    if ended.failed is not None and ended.failed.code == "no-run":
        return 0  # cut off before it began: the same run begins
    if ended.code != 0:
        raise fault(ended, "The look at the run")
    if not steps:
        raise InputError(
            Message(
                "The run {run} cannot be gone on with. Its {script} did not say from which "
                "step; expected the script that this program wrote.",
                run=run,
                script=SCRIPT,
            )
        )
    return steps[-1]


def _plan_resumed_run(
    session: Session, request: TrainingRequest, run: str
) -> Generator[AnyPayload, None, Plan]:
    record = training_records.record_of(session, run)
    yield from _refuse_differences(session, request, record)
    step = yield from check_resume(session, run)
    begun = bool(training_records.progress(session, record))
    folder = session.place.run(run)
    training = RunTraining(
        id="train",
        title=Message(
            "Training {model}, from step {step}",
            model=_short_model_name(record.settings.model),
            step=step,
        ),
        touches=tuple(dict.fromkeys((folder, record.output))),
        environment=record.environment,
        profile=record.profile,
        run=run,
        folder=folder,
        output=record.output,
        resume=begun,
        overwrite=not begun,  # what a run that was killed at once left is its own
        cards=training_cards.choose(
            session, session.knowledge.profile(record.profile), record.settings.cards
        ),
    )
    fetching = yield from training_models.fetching(session, record.settings, record.environment)
    return Plan(
        title=Message("Training, gone on with: {run}", run=run),
        profile=record.profile,
        steps=(*fetching, training),
    )


def _refuse_differences(
    session: Session, request: TrainingRequest, record: RunRecord
) -> Generator[AnyPayload, None, None]:
    """Raises ``InputError`` naming all that is asked for and is not as the run has it."""
    differs = []
    for name in record.settings.__struct_fields__:
        now, was = getattr(request, name, None), getattr(record.settings, name)
        if now is not None and now != was:
            differs.append(f"{name.replace('_', ' ')} was {was} and is {now}")
    if request.output is not None and request.output != record.output:
        differs.append(f"the output was {record.output} and is {request.output}")
    if request.data is not None:
        source = yield from read_source(
            request.data, request.read, record.environment, session.home.site()
        )
        folder = session.place.run(record.run)
        path = session.place.join(folder, DATA)
        trained = session.system.files.end(path, session.system.files.size(path) or 0)
        if source.canonical(request.agreed) != trained:
            differs.append("the data are others")
    if differs:
        raise InputError(
            Message(
                "The run {run} cannot be gone on with: {differs}.",
                run=record.run,
                differs="; ".join(differs),
            ),
            hint=Message("Leave these options out, or start a new run."),
        )


def _count_tokens(
    rows: bytes, wanted: TrainingSettings, environment: str, site: StepContext
) -> Generator[AnyPayload, None, dict[str, Any]]:
    """What the script's own ``--preview`` says of rows in canonical form."""
    files, folder = site.system.files, site.place.at("work", "preview")
    python = site.place.environment_python(environment)
    script, data = site.place.join(folder, SCRIPT), site.place.join(folder, DATA)
    try:
        files.write(script, site.resource("training/train.py"))
        files.write(data, rows)
        options = [
            part
            for name in wanted.__struct_fields__
            for part in ("--" + name.replace("_", "-"), str(getattr(wanted, name)))
        ]
        argv = (python, script, "--json", "--preview", "--data", data, *options)
        command = Command(argv=argv, env=training_environment(site, python, False), folder=folder)
        seen: dict[str, Any] = {}

        def takes(what: AnyPayload) -> bool:
            is_answer = isinstance(what, Measured) and what.name == "train.preview"
            if isinstance(what, Measured) and is_answer:
                seen.update(what.detail)
            return not is_answer

        ended = yield from relay(
            site, command, limits.PREVIEW, limits.TRAINING_EVENTS, passes=takes
        )
        if ended.code != 0 or not seen:
            raise fault(ended, "The preview")
        return seen
    finally:
        files.remove(folder)


def _expected_seconds(
    session: Session, wanted: TrainingSettings, profile: Profile, tokens: dict[str, Any] | None
) -> float | None:
    """From the tokens a second of the last run here with the same model and setup, if there was one."""
    if tokens is None:
        return None
    for one in training_records.runs(session):
        record = training_records.record_of(session, one.id)
        speed = training_records.progress(session, record).get("tokens_per_s")
        same = record.settings.model == wanted.model and record.profile == profile.id
        same = same and record.settings.cards == wanted.cards
        if same and isinstance(speed, int | float) and speed > 0 and tokens["training"]:
            a_row = tokens["tokens"] / tokens["training"]
            rows = tokens["steps"] * wanted.batch * wanted.accumulate
            return float(a_row * rows / speed)
    return None


def _refuse_output(session: Session, output: str, overwrite: bool) -> None:
    files = session.system.files
    if files.exists(output) and not files.is_folder(output):
        raise InputError(
            Message(
                "--output: {output} is a file; expected a folder that is new or empty.",
                output=output,
            )
        )
    if files.names(output) and not overwrite:
        raise InputError(
            Message(
                "--output: the folder {output} is not empty; expected one that is new or empty.",
                output=output,
            ),
            hint=Message("--overwrite writes into it all the same; --resume goes on with a run."),
        )


def _new_name(session: Session) -> str:
    first = name = session.system.clock.now().replace(":", "").replace("-", "")
    number = 1
    while session.system.files.exists(session.place.run(name)):
        number += 1
        name = f"{first}-{number}"
    return name


def _short_model_name(model: str) -> str:
    return model.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]


def _check_request(request: TrainingRequest) -> None:
    for name, (low, high) in _BOUNDS.items():
        value = getattr(request, name)
        if value is not None and not low <= value <= high:
            raise InputError(
                Message(
                    "--{option} is {value}; expected a number from {low} to {high}.",
                    option=name.replace("_", "-"),
                    value=value,
                    low=low,
                    high=high,
                )
            )


def saved_script(
    session: Session, request: TrainingRequest
) -> Generator[AnyPayload, None, tuple[bytes, bytes | None]]:
    """The script that a run of this request would run, and its ``data.jsonl`` where data are given.
    Raises as ``plan``.
    """
    environment, _ = active(session)
    wanted, _ = settings(session, request)
    script = with_settings(
        session.resource("training/train.py").decode("utf-8"), wanted, request.output
    ).encode("utf-8")
    if request.data is None:
        return script, None
    source = yield from read_source(request.data, request.read, environment, session.home.site())
    return script, source.canonical(request.agreed)
