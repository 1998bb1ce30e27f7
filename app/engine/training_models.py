"""The model of a training run: which folder or name is meant, whether it is here, what fetches it."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from app.model.errors import InputError
from app.model.event import AnyPayload
from app.model.plan import FetchModel
from app.model.training import ModelInfo, TrainingSettings
from app.steps import fetch_model, model_cache

if TYPE_CHECKING:
    from app.engine.visit import Visit


def resolve(session: Visit, model: str) -> tuple[str, str]:
    """The model as the script is to load it, and the cache in which it lies or will lie."""
    if session.system.files.is_folder(model):
        missing = model_cache.what_is_missing(model, session.system, session.place)
        if missing:
            raise InputError(f"The folder {model} {missing}; expected a model's folder.")
        return model, model_cache.own_cache(session.place)
    name = model_cache.check_name(model)
    found = model_cache.find(name, session.system, session.place)
    return name, found[0] if found is not None else model_cache.own_cache(session.place)


def is_here(session: Visit, model: str) -> bool:
    """Whether a model is a folder, or whole in one of the caches."""
    folder = session.system.files.is_folder(model)
    return folder or model_cache.find(model, session.system, session.place) is not None


def look(
    session: Visit, model: str, environment: str
) -> Generator[AnyPayload, None, ModelInfo | None]:
    """What the hub says of a model, ``None`` for a folder or one that is here. Raises ``InputError``
    for a name that is none, ``ExpectedError`` where it is not given to this user or has no room.
    """
    name, cache = resolve(session, model)
    if is_here(session, name):
        return None
    return (yield from fetch_model.look(environment, name, cache, session.site()))


def fetching(
    session: Visit, wanted: TrainingSettings, environment: str
) -> Generator[AnyPayload, None, tuple[FetchModel, ...]]:
    """The step that brings the model, where it is not here; the hub is asked about it before."""
    if is_here(session, wanted.model):
        return ()
    cache = wanted.models
    info = yield from fetch_model.look(environment, wanted.model, cache, session.site())
    licence = f", licence {info.licence}" if info.licence else ""
    step = FetchModel(
        id="model",
        title=f"Model {wanted.model}{licence}",
        download_bytes=info.bytes,
        disk_bytes=info.bytes,
        touches=(cache,),
        environment=environment,
        model=wanted.model,
        cache=cache,
    )
    return (step,)
