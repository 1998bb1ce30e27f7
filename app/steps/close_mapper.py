"""Unsloth up to 2025.11: keep its loader from fetching a list from the network and executing it."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator

from app.model.errors import ExpectedError
from app.model.event import AnyPayload
from app.model.message import Message
from app.model.plan import CloseMapper
from app.steps.step_context import StepContext
from app.steps.subprocesses import say

_RECORD = re.compile(r"unsloth-[^/\\]+\.dist-info")


def _site_packages(step: CloseMapper, site: StepContext) -> str:
    return site.place.site_packages(step.environment, step.python)


def _read_loader(step: CloseMapper, site: StepContext) -> str | None:
    path = site.place.join(_site_packages(step, site), *step.file.split("/"))
    data = site.system.files.read(path)
    return None if data is None else data.decode("utf-8")


def done(step: CloseMapper, site: StepContext) -> str | None:
    """Found when the function answers before it asks."""
    text = _read_loader(step, site)
    return Message("The list is not fetched.") if text is not None and step.after in text else None


def run(step: CloseMapper, site: StepContext) -> Iterator[AnyPayload]:
    """Let ``_get_new_mapper`` give its own answer for "offline" at once, in the file and its RECORD.

    For any model that is not in its list, also a folder such as ``outputs/adapter``, this Unsloth
    fetches ``mapper.py`` of today from a network address and executes it: code that no lock pins.
    The file is replaced, not written into: uv may share it with its cache. Raises ``ExpectedError``
    where the file is not the one that was read for this.
    """
    text, files, place = _read_loader(step, site), site.system.files, site.place
    packages = _site_packages(step, site)
    if text is None or text.count(step.before) != 1:
        raise ExpectedError(
            "unsloth_mapper_differs",
            Message(
                "{file} is not the file that this setup pins, so its fetching of code "
                "could not be closed.",
                file=step.file,
            ),
            details=place.join(packages, *step.file.split("/")),
            hint=Message("Repair the environment, so that its packages are installed again."),
        )
    data = text.replace(step.before, step.after).encode("utf-8")
    path = place.join(packages, *step.file.split("/"))
    site.record("made", {"path": path})
    files.write(path, data)
    for folder in files.names(packages):
        record = place.join(packages, folder, "RECORD")
        listed = files.read(record) if _RECORD.fullmatch(folder) else None
        if listed is not None:
            files.write(
                record, _update_record(listed.decode("utf-8"), step.file, data).encode("utf-8")
            )
    yield say(f"{step.file}: a list of models is no longer fetched from the network and executed")


def _update_record(record: str, file: str, data: bytes) -> str:
    """The RECORD with the file's new hash and size (PEP 376)."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    line = re.compile(rf"^{re.escape(file)},.*$", re.MULTILINE)
    return line.sub(f"{file},sha256={digest},{len(data)}", record, count=1)
