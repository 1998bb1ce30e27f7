"""Which models are on this computer: in the home's own cache of the hub, or in the user's."""

from __future__ import annotations

import re

import msgspec

from app.model.errors import InputError
from app.model.home_layout import HomeLayout
from app.model.message import Message
from app.ports import System

COMPLETE = "complete.json"  # what resources/training/fetch_model.py writes last
_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,95}(/[A-Za-z0-9][\w.-]{0,95})?\Z", re.ASCII)


def own_cache(place: HomeLayout) -> str:
    """The hub's cache below home, laid out as huggingface_hub lays it out."""
    return place.join(place.models, "hub")


def caches(system: System, place: HomeLayout) -> tuple[str, ...]:
    """Caches that may hold a model: the home's, in a home for all users then what this user fetched,
    then the user's own (huggingface_hub's rules for ``HF_HUB_CACHE``, ``HF_HOME`` and
    ``XDG_CACHE_HOME``).
    """
    shared = place.join(place.shared_models, "hub")
    own = system.computer.variables()
    if own.get("HF_HUB_CACHE"):
        theirs = own["HF_HUB_CACHE"]
    elif own.get("HF_HOME"):
        theirs = place.join(own["HF_HOME"], "hub")
    elif own.get("XDG_CACHE_HOME"):
        theirs = place.join(own["XDG_CACHE_HOME"], "huggingface", "hub")
    else:
        profile = system.computer.known_folder("profile")
        theirs = place.join(profile, ".cache", "huggingface", "hub") if profile else ""
    return tuple(dict.fromkeys(one for one in (shared, own_cache(place), theirs) if one))


def find(name: str, system: System, place: HomeLayout) -> tuple[str, str] | None:
    """The cache that holds a model whole and the folder of its files; ``None`` where none does."""
    for cache in caches(system, place):
        own = cache in (own_cache(place), place.join(place.shared_models, "hub"))
        snapshot = fetched(name, cache, system, place) if own else _find_in_user_cache(
            name, cache, system, place
        )  # fmt: skip
        if snapshot is not None:
            return cache, snapshot
    return None


def fetched(name: str, cache: str, system: System, place: HomeLayout) -> str | None:
    """The folder of a model's files where this program fetched all of them: its script writes down
    the list last.
    """
    folder = place.join(cache, "models--" + name.replace("/", "--"))
    data = system.files.read(place.join(folder, COMPLETE))
    try:
        listed = msgspec.json.decode(data or b"", type=_Complete)
    except msgspec.MsgspecError:
        return None
    snapshot = place.join(folder, "snapshots", listed.revision)
    return snapshot if set(listed.files) <= set(system.files.names(snapshot)) else None


def _find_in_user_cache(name: str, cache: str, system: System, place: HomeLayout) -> str | None:
    """The same in the user's own cache: configuration, tokenizer and every file of weights that the
    index names.
    """
    folder = place.join(cache, "models--" + name.replace("/", "--"))
    revision = system.files.read(place.join(folder, "refs", "main")) or b""
    snapshot = place.join(folder, "snapshots", revision.decode("utf-8", "replace").strip() or "-")
    names = system.files.names(snapshot)
    tokenizer = any(one in names for one in ("tokenizer.json", "tokenizer.model", "vocab.json"))
    return snapshot if tokenizer and not what_is_missing(snapshot, system, place) else None


class _Complete(msgspec.Struct, frozen=True, kw_only=True):
    revision: str
    files: tuple[str, ...]


def what_is_missing(folder: str, system: System, place: HomeLayout) -> str:
    """What a model's folder lacks, as the end of a sentence; empty where it can be trained."""
    files = system.files
    names = files.names(folder)
    if "config.json" not in names:
        adapter = "adapter_config.json" in names
        return "holds an adapter, no model" if adapter else "holds no model (no config.json)"
    if not any(name.endswith((".safetensors", ".bin")) for name in names):
        return "holds no weights (.safetensors)"
    index = files.read(place.join(folder, "model.safetensors.index.json")) or b""
    wanted = set(re.findall(rb'"([^"/\\]+\.safetensors)"', index))
    gone = sorted(wanted - {name.encode() for name in names})
    return f"lacks {gone[0].decode('utf-8', 'replace')}" if gone else ""


def check_name(model: str) -> str:
    """The model's name on the hub. Raises ``InputError`` where it is none."""
    if model.lower().endswith(".gguf"):
        raise InputError(
            Message(
                "{model} is a GGUF file, which can be run but not trained; expected a "
                "model's folder or its name on the hub.",
                model=model,
            )
        )
    if not _NAME.match(model) or ".." in model or "--" in model:
        raise InputError(
            Message(
                "There is no folder {model}; expected a model's folder, or its name on the "
                "hub such as unsloth/Llama-3.2-1B-Instruct.",
                model=model,
            )
        )
    return model
