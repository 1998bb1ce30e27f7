"""The journal of what has happened to this computer, on disk.

Append-only, synced before each effect, readable backwards.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from app.model.encoding import encode
from app.model.errors import InputError
from app.model.message import Message
from app.model.plan import Plan, read_plan
from app.model.stored_messages import MessageParts, collect_messages, restore_messages
from app.model.value import Value
from app.ports import Clock, Files

VERSION = 2  # of the lines that are written here; lines of the first programs carry none
_MOVED = ("made", "chosen", "set-aside", "gone")  # effects whose paths move with the home folder


class Entry(Value, frozen=True, kw_only=True):
    """One line of the journal. ``kind`` is ``began``, ``effect``, ``step-done`` or ``ended``;
    ``effect`` says what kind, ``values`` what undoing it needs. ``understood`` is false where a
    newer program wrote steps into the plan that this one does not know. ``messages``, in the file,
    are what the plan's sentences are made of.
    """

    at: str
    run: str
    kind: str
    step: str = ""
    effect: str = ""
    outcome: str = ""
    values: dict[str, str] = {}
    plan: Plan | None = None
    version: int = VERSION
    understood: bool = True
    messages: tuple[MessageParts, ...] | msgspec.UnsetType = msgspec.UNSET


class _Line(msgspec.Struct, frozen=True, kw_only=True):
    """A line as any version of this program wrote it; what it says beside this is left aside."""

    at: str
    run: str
    kind: str
    step: str = ""
    effect: str = ""
    outcome: str = ""
    values: dict[str, Any] = {}
    plan: msgspec.Raw = msgspec.Raw(b"null")
    version: int = 1
    messages: msgspec.Raw = msgspec.Raw(b"[]")


class _Version(msgspec.Struct, frozen=True, kw_only=True):
    version: int = 1


def read_entry(line: bytes) -> Entry | None:
    """One line; ``None`` where a newer program wrote one of a shape that this one does not know.
    Raises ``msgspec.MsgspecError`` where it is no line of a journal.
    """
    try:
        read = msgspec.json.decode(line, type=_Line)
        plan, understood = (
            (None, True) if bytes(read.plan) == b"null" else read_plan(bytes(read.plan))
        )
    except msgspec.ValidationError:
        if msgspec.json.decode(line, type=_Version).version > VERSION:
            return None
        raise
    return Entry(
        at=read.at,
        run=read.run,
        kind=read.kind,
        step=read.step,
        effect=read.effect,
        outcome=read.outcome,
        values={name: value for name, value in read.values.items() if isinstance(value, str)},
        plan=restore_messages(plan, _read_messages(read.messages)),
        version=read.version,
        understood=understood,
    )


def _read_messages(data: msgspec.Raw) -> tuple[MessageParts, ...]:
    """What a line says of its sentences; nothing where a newer program says it otherwise."""
    try:
        return msgspec.json.decode(data, type=tuple[MessageParts, ...])
    except msgspec.ValidationError:
        return ()


class Journal:
    """One home folder's journal. A half-written last line (the power failed) is left out when
    reading.
    """

    def __init__(self, files: Files, clock: Clock, path: str) -> None:
        self._files, self._clock, self._path = files, clock, path
        self._home = path[: max(path.rfind("/"), path.rfind("\\"))]

    def began(self, run: str, plan: Plan) -> None:
        """A plan starts: it is kept whole, so that a cut-off run can be gone on with."""
        self._append(
            Entry(
                at=self._clock.now(),
                run=run,
                kind="began",
                plan=plan,
                messages=collect_messages(plan) or msgspec.UNSET,
            )
        )

    def effect(self, run: str, step: str) -> Callable[[str, dict[str, str]], None]:
        """A function that records one effect of a step before it happens."""

        def record(effect: str, values: dict[str, str]) -> None:
            if effect in _MOVED:
                values = {"home": self._home, **values}
            self._append(
                Entry(
                    at=self._clock.now(),
                    run=run,
                    kind="effect",
                    step=step,
                    effect=effect,
                    values=values,
                )
            )

        return record

    def step_done(self, run: str, step: str) -> None:
        """A step ended well."""
        self._append(Entry(at=self._clock.now(), run=run, kind="step-done", step=step))

    def ended(self, run: str, outcome: str) -> None:
        """The run ended: ``finished``, ``failed`` or ``stopped``."""
        self._append(Entry(at=self._clock.now(), run=run, kind="ended", outcome=outcome))

    def entries(self) -> tuple[Entry, ...]:
        """All entries, oldest first. Raises ``InputError`` naming the line when one in the middle is
        no entry.
        """
        data = self._files.read(self._path) or b""
        lines = data.split(b"\n")
        found = []
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                entry = read_entry(line)
                if entry is not None:
                    found.append(entry)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                if number == len(lines):
                    break  # cut off while it was written: that effect never began
                raise InputError(
                    Message(
                        "The journal {path} cannot be read at line {number}: {error}.",
                        path=self._path,
                        number=number,
                        error=error,
                    ),
                    hint=Message(
                        "Take that line out of the file; uninstalling goes by the others."
                    ),
                ) from error
        return tuple(found)

    def unfinished(self) -> tuple[Plan, tuple[str, ...]] | None:
        """The last plan that made an environment and did not finish, with the steps it did. One that
        this program does not understand whole is none to go on with.
        """
        plan: Plan | None = None
        run, done = "", list[str]()
        for entry in self.entries():
            if entry.kind == "began" and entry.plan is not None and entry.plan.environment:
                plan, run, done = entry.plan if entry.understood else None, entry.run, []
            elif entry.run != run:
                continue  # a training run or an export between two goes of an install
            elif entry.kind == "step-done" and plan is not None:
                done.append(entry.step)
            elif entry.kind == "ended" and entry.outcome == "finished":
                plan = None
        return None if plan is None else (plan, tuple(done))

    def runs(self) -> tuple[str, ...]:
        """The names of all runs in the order in which they began, which a clock that jumps cannot
        change.
        """
        return tuple(dict.fromkeys(e.run for e in self.entries() if e.kind == "began"))

    def made(self) -> tuple[str, ...]:
        """Every path that runs have made and no uninstall has taken away since, newest first, each
        once. What lay in a home folder that was moved lies in this one.
        """
        return self._paths_still_there("made")

    def _paths_still_there(self, *effects: str) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for entry in self.entries():
            if entry.kind != "effect" or "path" not in entry.values:
                continue
            path = self._current_path(entry.values)
            if entry.effect in (*effects, "gone"):
                found.pop(path, None)
            if entry.effect in effects:
                found[path] = None
        return tuple(reversed(found))

    def set_aside(self) -> tuple[tuple[str, str], ...]:
        """Everything that was renamed to be removed: where it lay, and the name it got."""
        return tuple(
            (self._current_path(e.values), self._current_path(e.values, "to"))
            for e in self.entries()
            if e.kind == "effect" and e.effect == "set-aside" and {"path", "to"} <= e.values.keys()
        )

    def moved(self) -> tuple[str, ...]:
        """Where everything went that was moved into quarantine, or out of it."""
        return tuple(
            self._current_path(e.values, "to")
            for e in self.entries()
            if e.kind == "effect" and e.effect == "moved" and "to" in e.values
        )

    def lists(self, path: str) -> bool:
        """Whether a path is one that runs have made or a person chose to be deleted, or lies below
        one.
        """
        listed = self._paths_still_there("made", "chosen")
        return any(path == one or path.startswith((one + "/", one + "\\")) for one in listed)

    def _current_path(self, values: dict[str, str], which: str = "path") -> str:
        path, home = values[which], values.get("home")
        if not home or path[: len(home) + 1] not in (home + "/", home + "\\"):
            return path
        rest = path[len(home) :]
        if self._home[1:3] == ":\\" or self._home.startswith("\\\\"):
            # Crash files of 1.0 wrote a slash before their folder, which Windows takes for the same.
            rest = rest.replace("/", "\\")
        return self._home + rest

    def made_hash(self, path: str) -> str | None:
        """The SHA-256 of what the last run wrote to a path, where it was written down."""
        return self._last_made(path).get("sha256")

    def made_folder(self, path: str) -> str | None:
        """The outermost folder that was made for a file, where it was written down."""
        return self._last_made(path).get("new")

    def _last_made(self, path: str) -> dict[str, str]:
        made = (e.values for e in self.entries() if e.kind == "effect" and e.effect == "made")
        found = [values for values in made if values.get("path") == path]
        return found[-1] if found else {}

    def made_for(self, environment: str) -> tuple[str, ...]:
        """What runs have made outside of an environment that is of no use without it."""
        return tuple(
            dict.fromkeys(
                e.values["path"]
                for e in self.entries()
                if e.kind == "effect" and e.effect == "made" and e.values.get("for") == environment
            )
        )

    def _append(self, entry: Entry) -> None:
        """Append and sync. A line left half-written by a crash is closed first, so that it cannot
        swallow this one.
        """
        data = self._files.read(self._path) or b""
        mend = b"" if not data or data.endswith(b"\n") else b"\n"
        if mend:
            kept = data[: data.rfind(b"\n") + 1]
            self._files.write(self._path, kept)
        self._files.append(self._path, encode(entry) + b"\n")
