"""Models of a bundle: packed, and taken out.

They come from a folder, from a cache of this computer or from the hub.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator, Sequence

from app.model.bundled_model import BundledModel, ModelFile
from app.model.errors import ExpectedError, InputError, StoppedError
from app.model.event import AnyPayload
from app.model.home_layout import HomeLayout
from app.model.llama_cpp import LlamaCpp
from app.model.message import Message
from app.model.plan import FetchModel, TakeModel
from app.steps import fetch_llama_cpp, fetch_model, model_cache
from app.steps.step_context import StepContext
from app.steps.subprocesses import say

MODELS = "models"
_SMALL = (".json", ".jinja", ".model", ".txt", ".tiktoken", ".md")
_PAPERS = ("LICENSE", "LICENCE", "NOTICE", "USE_POLICY")


def check_wanted(wanted: Sequence[str], environment: str | None, site: StepContext) -> None:
    """Ask before anything is written: each model is a folder, on this computer, or can be fetched by
    the active environment's own client. Raises ``InputError``.
    """
    for one in wanted:
        name = _name_of(one, site)
        if site.system.files.is_folder(one):
            missing = model_cache.what_is_missing(one, site.system, site.place)
            if missing:
                raise InputError(
                    Message(
                        "The folder {folder} {missing}; expected a model's folder.",
                        folder=one,
                        missing=missing,
                    )
                )
        elif model_cache.find(name, site.system, site.place) is None and environment is None:
            raise InputError(
                Message(
                    "The model {name} is not on this computer, and no environment is active here to "
                    "fetch it with; expected a model's folder, or an environment.",
                    name=name,
                ),
                hint=Message("Install a setup first; its own client of the hub fetches the model."),
            )


def pack_models(
    wanted: Sequence[str],
    environment: str | None,
    target: HomeLayout,
    site: StepContext,
    packed: list[BundledModel],
) -> Iterator[AnyPayload]:
    """Each model's files into ``models/NAME`` of the bundle, as plain files that any disk can hold, in
    ``packed`` with their hashes. Raises as fetching does.
    """
    for one in wanted:
        name, revision = _name_of(one, site), ""
        if site.system.files.is_folder(one):
            folder = one
        else:
            found = model_cache.find(name, site.system, site.place)
            if found is None:
                cache = target.at("work", "hub")
                yield from _fetch(name, environment or "", cache, site)
                there = model_cache.fetched(name, cache, site.system, site.place)
                if there is None:
                    raise InputError(
                        Message(
                            "The model {name} was fetched, but its list is not there.", name=name
                        )
                    )
                found = cache, there
            folder = found[1]
            revision = folder.replace("\\", "/").rsplit("/", 1)[-1]
        model = yield from _copy(name, revision, folder, target, site)
        packed.append(model)
        yield say(f"{name}: {len(model.files)} files, {model.size:,} bytes")


def bring_converter(
    part: LlamaCpp, target: str, python: str, site: StepContext, notes: list[str]
) -> Iterator[AnyPayload]:
    """llama.cpp's converter into the wheelhouse; an index that lacks it is a note, since training does
    not need it.
    """
    try:
        yield from fetch_llama_cpp.bring(part, target, python, site)
    except StoppedError:
        raise
    except ExpectedError as error:
        notes.append(f"It cannot export GGUF: {error.message}")


def _fetch(name: str, environment: str, cache: str, site: StepContext) -> Iterator[AnyPayload]:
    yield from fetch_model.look(environment, name, cache, site)
    step = FetchModel(id="models", title=name, environment=environment, model=name, cache=cache)
    yield from fetch_model.run(step, site)


def _copy(
    name: str, revision: str, folder: str, target: HomeLayout, site: StepContext
) -> Generator[AnyPayload, None, BundledModel]:
    files = site.system.files
    made: list[ModelFile] = []
    goal = target.at(MODELS, BundledModel(name=name, revision="", files=()).folder)
    for file in _files_of(folder, site):
        source, copy = site.place.join(folder, file), site.place.join(goal, file)
        digest = files.sha256(source)
        if not files.exists(copy) or files.sha256(copy) != digest:
            yield say(f"Copying {file} of {name}")
            files.copy(source, copy)
        made.append(ModelFile(name=file, size=files.size(copy) or 0, sha256=digest))
    if not revision:
        told = "".join(f"{one.name} {one.sha256}\n" for one in made)
        revision = hashlib.sha256(told.encode()).hexdigest()[:40]
    return BundledModel(name=name, revision=revision, files=tuple(made))


def _files_of(folder: str, site: StepContext) -> list[str]:
    """What training needs of a model: its weights, once; configuration, tokenizer, licence."""
    names = [
        name
        for name in sorted(site.system.files.names(folder))
        if not site.system.files.is_folder(site.place.join(folder, name))
    ]
    weights = [name for name in names if name.endswith(".safetensors")]
    weights = weights or [name for name in names if name.endswith(".bin")]
    small = [
        name
        for name in names
        if name.endswith(_SMALL) or name.upper().startswith(_PAPERS)
        if name != model_cache.COMPLETE
    ]
    return sorted({*weights, *small})


def _name_of(wanted: str, site: StepContext) -> str:
    """The name by which ``train --model`` will know it. Raises ``InputError`` for one that is none."""
    if not site.system.files.is_folder(wanted):
        return model_cache.check_name(wanted)
    name = wanted.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    try:
        return model_cache.check_name(name)
    except InputError:
        raise InputError(
            Message(
                "The folder {folder} has a name that no model can have; expected letters, digits, dots "
                "and single hyphens, so that train --model can name it.",
                folder=wanted,
            )
        ) from None


def taking(models: Sequence[BundledModel], bundle: str, place: HomeLayout) -> tuple[TakeModel, ...]:
    """The steps that bring a bundle's models into the home's cache."""
    cache = model_cache.own_cache(place)
    return tuple(
        TakeModel(
            id=f"model-{number}",
            title=Message("Model {name} out of the bundle", name=model.name),
            disk_bytes=model.size,
            touches=(place.join(cache, model.folder),),
            model=model,
            source=place.join(bundle, MODELS, model.folder),
            cache=cache,
        )
        for number, model in enumerate(models, 1)
    )
