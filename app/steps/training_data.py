"""Reading a person's training data.

The bytes of a file, Parquet through the environment, rows in the one form that the script reads.
"""

from __future__ import annotations

from collections.abc import Generator

import msgspec

from app.decide.datasets import file_format, recognise
from app.model import limits
from app.model.dataset import Confirmation, Dataset, ReadOptions
from app.model.errors import ExitCode, ExpectedError, InputError
from app.model.event import AnyPayload
from app.model.message import Message
from app.ports import Command
from app.steps.child_environment import child_environment
from app.steps.script_events import relay
from app.steps.step_context import StepContext


class Source:
    """A file of training data as it was read. ``recognised`` says what it holds."""

    def __init__(
        self, name: str, data: bytes, options: ReadOptions, parquet_size: int | None
    ) -> None:
        self._name, self._data, self._options = name, data, options
        found = recognise.recognise(name, data, options)
        if parquet_size is not None:
            found = msgspec.structs.replace(
                found, format="parquet", size=parquet_size, encoding=None
            )
        self.recognised: Dataset = found

    def canonical(self, agreed: Confirmation) -> bytes:
        """``data.jsonl``. Raises ``InputError`` with the first question that is open."""
        return b"".join(recognise.canonical_lines(self._name, self._data, self._options, agreed))


def read_source(
    path: str, options: ReadOptions, environment: str, site: StepContext
) -> Generator[AnyPayload, None, Source]:
    """Read a file of training data. Raises ``InputError`` where it cannot be used at all."""
    files, name = site.system.files, path.replace("\\", "/").rsplit("/", 1)[-1]
    if files.is_folder(path):
        raise InputError(
            Message("{path} is a folder; expected a file with training data.", path=path)
        )
    size = files.size(path) if files.exists(path) else None
    if size is None:
        raise InputError(
            Message("There is no file {path}; expected one with training data.", path=path)
        )
    if size > limits.TRAINING_DATA:
        raise InputError(
            Message(
                "{name} has {size:.1f} GB; expected at most {limit} GB. Split it.",
                name=name,
                size=size / 2**30,
                limit=limits.TRAINING_DATA >> 30,
            )
        )
    try:
        data = files.end(path, size)
    except ExpectedError as error:  # a pipe, a device, no right to read
        raise InputError(
            Message("{message} Expected a file with training data.", message=error.message),
            details=error.details,
        ) from error
    if not (file_format.is_parquet(data) or options.format == "parquet"):
        return Source(name, data, options, None)
    rows = yield from _from_parquet(path, environment, site)
    options = msgspec.structs.replace(options, format="json-lines", encoding="utf-8")
    return Source(name, rows, options, size)


def _from_parquet(
    path: str, environment: str, site: StepContext
) -> Generator[AnyPayload, None, bytes]:
    files, folder = site.system.files, site.place.at("work", "parquet")
    python = site.place.environment_python(environment)
    script, target = site.place.join(folder, "read_parquet.py"), site.place.join(folder, "rows")
    files.write(script, site.resource("training/read_parquet.py"))
    command = Command(
        argv=(python, "-I", script, path, target),
        env=child_environment(site, python),
        folder=folder,
    )
    try:
        ended = yield from relay(site, command, limits.PREVIEW, limits.CHECK_EVENTS)
        if ended.failed is not None:
            raise InputError(ended.failed.message)
        if ended.code != 0:
            raise ExpectedError(
                "parquet",
                Message(
                    "{path} could not be read as Parquet inside {environment}.",
                    path=path,
                    environment=environment,
                ),
                details=ended.tail,
                exit_code=ExitCode.STEP_FAILED,
            )
        size = files.size(target) or 0
        if size > limits.TRAINING_DATA:
            raise InputError(
                Message(
                    "{path} holds {size:.1f} GB of text; expected at most {limit} GB. Split it.",
                    path=path,
                    size=size / 2**30,
                    limit=limits.TRAINING_DATA >> 30,
                )
            )
        return files.end(target, size)
    finally:
        files.remove(folder)
