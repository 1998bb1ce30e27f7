"""Take a model out of a bundle into the home's own cache.

Each file is compared with the bundle's list.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.model.encoding import encode
from app.model.errors import ExpectedError, StoppedError
from app.model.event import AnyPayload, Progress
from app.model.message import Message
from app.model.plan import TakeModel
from app.steps import model_cache
from app.steps.step_context import StepContext
from app.steps.subprocesses import say


def done(step: TakeModel, site: StepContext) -> str | None:
    """Found when all files are there that were written down at the end of a fetch or of this step."""
    there = model_cache.fetched(step.model.name, step.cache, site.system, site.place)
    return f"{step.model.name} is in {step.cache}." if there else None


def run(step: TakeModel, site: StepContext) -> Iterator[AnyPayload]:
    """File by file; what came right is not copied again. Raises ``ExpectedError('model-damaged')``."""
    files, place, model = site.system.files, site.place, step.model
    folder = place.join(step.cache, model.folder)
    snapshot = place.join(folder, "snapshots", model.revision)
    if not files.exists(place.models):
        site.record("made", {"path": place.models})
    arrived = 0
    for one in model.files:
        if site.system.stop.is_set():
            raise StoppedError
        target = place.join(snapshot, one.name)
        if not _is_right(target, one.sha256, site):
            source = place.join(step.source, one.name)
            if not files.exists(source):
                raise ExpectedError(
                    "model-damaged",
                    Message(
                        "{file} of {model} is missing from the bundle; copy it again.",
                        file=one.name,
                        model=model.name,
                    ),
                )
            files.copy(source, target)
            if not _is_right(target, one.sha256, site):
                files.remove(target)
                raise ExpectedError(
                    "model-damaged",
                    Message(
                        "{file} of {model} differs from the bundle's list; copy the bundle again.",
                        file=one.name,
                        model=model.name,
                    ),
                )
        arrived += one.size
        yield Progress(done=arrived, total=model.size, unit="bytes", note=one.name)
    files.write(place.join(folder, "refs", "main"), model.revision.encode("ascii"))
    listed = {"revision": model.revision, "files": [one.name for one in model.files]}
    files.write(place.join(folder, model_cache.COMPLETE), encode(listed))
    yield say(f"{model.name}: {len(model.files)} files in {snapshot}")


def _is_right(path: str, sha256: str, site: StepContext) -> bool:
    return site.system.files.exists(path) and site.system.files.sha256(path) == sha256
