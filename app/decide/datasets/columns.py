"""Which column plays which role: known names in any case, or a mapping by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from app.model.dataset import ROLES, Role, Shape
from app.model.errors import InputError
from app.model.message import Message

# Names in the order in which they are taken where a file has several; the others are then named as unused. Collected from
# the data formats that Unsloth, LLaMA-Factory, axolotl and trl document, and from Alpaca, Dolly, OpenOrca and ShareGPT.
NAMES: dict[Role, tuple[str, ...]] = {
    "messages": (
        "messages",
        "conversations",
        "conversation",
        "dialogue",
        "dialog",
        "chat",
        "turns",
    ),
    "question": ("instruction", "prompt", "question", "query", "user", "human", "request", "input"),
    "answer": (
        "output",
        "completion",
        "response",
        "answer",
        "reply",
        "assistant",
        "gpt",
        "target",
        "chosen",
    ),
    "context": ("input", "context"),
    "system": ("system", "system_prompt", "system_message"),
    "history": ("history",),
    "text": ("text", "content", "document", "body"),
}
REQUIRED: tuple[tuple[Role, ...], ...] = (("messages",), ("question", "answer"), ("text",))
_BESIDE: dict[Role, tuple[Role, ...]] = {
    "messages": ("system",),
    "question": ("context", "system", "history"),
    "text": (),
}
_PAIRS: dict[tuple[str, str], Shape] = {
    ("instruction", "output"): "instruction", ("prompt", "completion"): "prompt-completion",
    ("question", "answer"): "question-answer",
}  # fmt: skip


def normalise(name: str) -> str:
    """A column's name without case, spaces around it, and with one sign between words."""
    return "_".join(name.strip().lower().replace("-", " ").replace("_", " ").split())


def find_roles(names: Sequence[str]) -> dict[Role, str]:
    """Role to normalised name for one set of columns; empty where no shape is complete."""
    return next((roles for required in REQUIRED if (roles := _assign_roles(required, names))), {})


def choose_roles(key_sets: Mapping[frozenset[str], int]) -> dict[Role, str]:
    """Role to normalised name for rows with different keys: the shape that the most rows have whole.

    ``key_sets``: how many rows have which normalised keys.
    """
    everything = sorted({name for keys in key_sets for name in keys})
    best: dict[Role, str] = {}
    most = 0
    for required in REQUIRED:
        roles = _assign_roles(required, everything)
        whole = (
            sum(
                n
                for keys, n in key_sets.items()
                if all(roles.get(role) in keys for role in required)
            )
            if roles
            else 0
        )
        if whole > most:
            best, most = roles, whole
    return best


def map_by_hand(mapping: Mapping[Role, str], names: Iterable[str]) -> dict[Role, str]:
    """Role to normalised name from a person's words. Raises ``InputError`` for a role or a column that there is not."""
    known = {normalise(name): name for name in names}
    roles: dict[Role, str] = {}
    for role, column in mapping.items():
        if role not in ROLES:
            raise InputError(
                Message(
                    "A column cannot be mapped to {role}; expected one of {roles}.",
                    role=repr(role),
                    roles=", ".join(ROLES),
                )
            )
        if normalise(column) not in known:
            raise InputError(
                Message(
                    "There is no column {column}; the file has {names}.",
                    column=repr(column),
                    names=list_names(known.values()),
                )
            )
        roles[role] = normalise(column)
    used = list(roles.values())
    if len(set(used)) < len(used):
        raise InputError(
            Message(
                "The mapping names one column twice; expected a column of its own for each role."
            )
        )
    if not any(all(role in roles for role in required) for required in REQUIRED):
        raise InputError(
            Message(
                "The mapping is not complete; expected question and answer, or messages, or text."
            )
        )
    return roles


def shape_of(roles: Mapping[Role, str], turns_are_sharegpt: bool = False) -> Shape:
    """The name of the shape that a set of roles makes."""
    if "messages" in roles:
        return "sharegpt" if turns_are_sharegpt else "messages"
    if "text" in roles and "answer" not in roles:
        return "text"
    exact = _PAIRS.get((roles["question"], roles["answer"]))
    return exact or ("instruction" if roles["question"] == "instruction" else "question-answer")


def is_columns(values: Mapping[str, object]) -> bool:
    """Whether an object holds a whole table: for each column a list (or numbered cells, as pandas writes them) of one length."""
    cells = [list(v.values()) if isinstance(v, dict) else v for v in values.values()]
    lists = [column for column in cells if isinstance(column, list)]
    whole = (
        len(lists) == len(values) and len({len(column) for column in lists}) == 1 and bool(lists[0])
    )
    return (
        whole
        and bool(find_roles(list(values)))
        and not any(isinstance(c, dict) for column in lists for c in column)
    )


def list_names(names: Iterable[str]) -> str:
    """Names for a sentence: ``'a', 'b' and 'c'``."""
    quoted = [f"'{name}'" for name in names]
    return (
        quoted[0]
        if len(quoted) == 1
        else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
        if quoted
        else "none"
    )


def _assign_roles(required: tuple[Role, ...], names: Sequence[str]) -> dict[Role, str]:
    present = {normalise(name) for name in names}
    roles: dict[Role, str] = {}
    for role in (*required, *_BESIDE[required[0]]):
        found = next(
            (name for name in NAMES[role] if name in present and name not in roles.values()), None
        )
        if found is not None:
            roles[role] = found
        elif role in required:
            return {}
    return roles
