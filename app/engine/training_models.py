"""The model of a training run: which folder or name is meant, whether it is here, what fetches it."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import msgspec

from app.model.errors import InputError
from app.model.event import AnyPayload
from app.model.guide import Shape
from app.model.message import Message
from app.model.plan import FetchModel
from app.model.training import ModelInfo, TrainingSettings
from app.steps import fetch_model, model_cache

if TYPE_CHECKING:
    from app.engine.session import Session

_KNOWN = ("llama", "mistral", "qwen2", "qwen3")  # model_type of Llama-shaped decoders


def resolve(session: Session, model: str) -> tuple[str, str]:
    """The model as the script is to load it, and the cache in which it lies or will lie."""
    if session.system.files.is_folder(model):
        missing = model_cache.what_is_missing(model, session.system, session.place)
        if missing:
            raise InputError(
                Message(
                    "The folder {model} {missing}; expected a model's folder.",
                    model=model,
                    missing=missing,
                )
            )
        return model, model_cache.own_cache(session.place)
    name = model_cache.check_name(model)
    found = model_cache.find(name, session.system, session.place)
    return name, found[0] if found is not None else model_cache.own_cache(session.place)


def is_here(session: Session, model: str) -> bool:
    """Whether a model is a folder, or whole in one of the caches."""
    folder = session.system.files.is_folder(model)
    return folder or model_cache.find(model, session.system, session.place) is not None


def shape(session: Session, model: str) -> Shape | None:
    """The shape of a model that is here, from its ``config.json``; ``None`` where it is not here or
    of a kind that the memory estimate does not know.
    """
    found = model_cache.find(model, session.system, session.place)
    folder = model if session.system.files.is_folder(model) else found[1] if found else None
    data = session.system.files.read(session.place.join(folder, "config.json")) if folder else None
    try:
        told = msgspec.json.decode(data or b"null", type=_Config)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    if told.model_type not in _KNOWN or min(told.hidden_size, told.num_attention_heads) < 1:
        return None
    return Shape(
        width=told.hidden_size,
        inner=told.intermediate_size,
        layers=told.num_hidden_layers,
        heads=told.num_attention_heads,
        kv_heads=told.num_key_value_heads or told.num_attention_heads,
        vocabulary=told.vocab_size,
        tied=told.tie_word_embeddings,
        head_dim=told.head_dim or 0,
        head_norm=told.model_type == "qwen3",
    )


class _Config(msgspec.Struct, frozen=True, kw_only=True):
    model_type: str
    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    vocab_size: int
    num_key_value_heads: int | None = None
    head_dim: int | None = None
    tie_word_embeddings: bool = False


def look(
    session: Session, model: str, environment: str
) -> Generator[AnyPayload, None, ModelInfo | None]:
    """What the hub says of a model, ``None`` for a folder or one that is here. Raises ``InputError``
    for a name that is none, ``ExpectedError`` where it is not given to this user or has no room.
    """
    name, cache = resolve(session, model)
    if is_here(session, name):
        return None
    return (yield from fetch_model.look(environment, name, cache, session.home.site()))


def fetching(
    session: Session, wanted: TrainingSettings, environment: str
) -> Generator[AnyPayload, None, tuple[FetchModel, ...]]:
    """The step that brings the model, where it is not here; the hub is asked about it before."""
    if is_here(session, wanted.model):
        return ()
    cache = wanted.models
    info = yield from fetch_model.look(environment, wanted.model, cache, session.home.site())
    licence = Message(", licence {licence}", licence=info.licence) if info.licence else ""
    step = FetchModel(
        id="model",
        title=Message("Model {model}{licence}", model=wanted.model, licence=licence),
        download_bytes=info.bytes,
        disk_bytes=info.bytes,
        touches=(cache,),
        environment=environment,
        model=wanted.model,
        cache=cache,
    )
    return (step,)
