"""One contract for every adapter.

What the real one answers, its record plays back, through JSON and again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from app import ports
from app.adapters.clock import SystemClock
from app.adapters.computer import LocalComputer
from app.adapters.files import LocalFiles
from app.adapters.nvml import SystemNvml
from app.adapters.processes.local_processes import LocalProcesses
from app.adapters.replay import Player, Recorder, load, save
from app.adapters.windows.registry import SystemRegistry
from app.model.errors import ExpectedError, InputError, StoppedError

Ask = Callable[[Any], Any]


class Silent:
    """A registry that has what this machine may lack: numbers, texts, bytes and lists in one key."""

    def key(self, root: str, path: str, wow64: bool = False) -> ports.RegistryKey | None:
        if root != "HKLM":
            return None
        return ports.RegistryKey(
            values={"qw": 25769803776, "raw": b"\x00\xff", "many": ["a", "b"], "text": "ü"},
            subkeys=("0000",),
        )


def _outcome(door: Any, ask: Ask) -> Any:
    try:
        answer = ask(door)
        return list(answer) if hasattr(answer, "__next__") else answer
    except ExpectedError as error:
        return (type(error).__name__, error.code, error.message, error.hint)
    except StoppedError:
        return "stopped"


def _stopped() -> threading.Event:
    stop = threading.Event()
    stop.set()
    return stop


def _doors(folder: Path) -> list[tuple[str, Any, type, Sequence[Ask]]]:
    (folder / "tree" / "deep").mkdir(parents=True)
    (folder / "tree" / "deep" / "a.bin").write_bytes(b"\x00\x01\xfe")
    here = str(folder / "tree")
    python = ports.Command(
        argv=("python3", "-c", "print('ü')"), env={"PATH": "/usr/bin:/bin", "PYTHONUTF8": "1"}
    )
    missing = ports.Command(argv=(str(folder / "no-such-program"),))
    return [
        (
            "files",
            LocalFiles(),
            ports.Files,
            (
                lambda door: door.read(here + "/deep/a.bin"),
                lambda door: door.read(here + "/none"),
                lambda door: door.names(here),
                lambda door: door.walk(here),
                lambda door: door.size(here),
                lambda door: door.sha256(here + "/none"),
                lambda door: door.exists(path=here),
                lambda door: door.disk(here),
            ),
        ),
        (
            "processes",
            LocalProcesses(threading.Event()),
            ports.Processes,
            (
                lambda door: door.stream(python),
                lambda door: door.stream(missing),
                lambda door: door.capture(["git", "--version"]),
                lambda door: door.capture(("git", "--version"), seconds=10.0),
            ),
        ),
        (
            "stopped",
            LocalProcesses(_stopped()),
            ports.Processes,
            (lambda door: door.stream(python),),
        ),
        (
            "registry",
            Silent(),
            ports.Registry,
            (
                lambda door: door.key("HKLM", "A"),
                lambda door: door.key("HKCU", "A"),
                lambda door: door.key("HKLM", "A", wow64=True),
            ),
        ),
        (
            "real-registry",
            SystemRegistry(),
            ports.Registry,
            (lambda door: door.key("HKLM", "SOFTWARE\\None\\Of\\This"),),
        ),
        (
            "nvml",
            SystemNvml(LocalProcesses(threading.Event())),
            ports.Nvml,
            (lambda door: door.cards(),),
        ),
        (
            "computer",
            LocalComputer(SystemRegistry()),
            ports.Computer,
            (
                lambda door: door.family,
                lambda door: door.variables(),
                lambda door: door.which("git"),
                lambda door: door.uv(),
                lambda door: door.known_folder("profile"),
                lambda door: door.known_folder("no such"),
                lambda door: door.pci_cards(),
                lambda door: door.data_folder(),
                lambda door: door.open(here + "/none"),
            ),
        ),
        (
            "clock",
            SystemClock(),
            ports.Clock,
            (lambda door: door.now(), lambda door: door.monotonic()),
        ),
    ]


def test_a_played_door_answers_as_the_real_one_did(tmp_path: Path) -> None:
    recorder = Recorder()
    doors = _doors(tmp_path)
    seen = {
        name: [_outcome(recorder.door(name, real), ask) for ask in asks]
        for name, real, _, asks in doors
    }
    record = load(save(recorder.record()), "record.json")
    for name, _, like, asks in doors:
        player = Player(name, record, like)
        played = [_outcome(player, ask) for ask in asks]
        assert played == seen[name], name
        assert [type(one) for one in played] == [type(one) for one in seen[name]], name
    assert seen["stopped"] == ["stopped"]
    assert seen["processes"][1][:2] == ("ExpectedError", "not-started")


def test_the_same_question_gets_its_answers_in_order_and_the_last_for_ever(tmp_path: Path) -> None:
    recorder = Recorder()
    door = recorder.door("files", LocalFiles())
    path = str(tmp_path / "x")
    for data in (b"one", b"two"):
        Path(path).write_bytes(data)
        door.read(path)
    player = Player("files", recorder.record(), ports.Files)
    assert [player.read(path) for _ in range(4)] == [b"one", b"two", b"two", b"two"]


def test_a_question_that_was_never_asked_is_a_named_fault() -> None:
    player = Player("files", Recorder().record(), ports.Files)
    with pytest.raises(ExpectedError, match=r"no answer of files\.read to this question"):
        player.read("/x")


def test_a_stream_that_is_left_early_is_recorded_as_far_as_it_went(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / name).write_bytes(b"1")
    recorder = Recorder()
    walking = recorder.door("files", LocalFiles()).walk(str(tmp_path))
    first = next(walking)
    walking.close()
    assert list(Player("files", recorder.record(), ports.Files).walk(str(tmp_path))) == [first]


def test_contexts_have_no_effect_when_played() -> None:
    with Player("computer", Recorder().record(), ports.Computer).keep_awake():
        pass


@pytest.mark.parametrize(
    "data", [b"{", b'{"schema": "record/2"}', b'{"schema": "record/1", "more": 1}']
)
def test_a_wrong_record_is_refused(data: bytes) -> None:
    with pytest.raises(InputError, match=r"^r\.json"):
        load(data, "r.json")


def test_a_record_cannot_name_foreign_kinds() -> None:
    data = (
        b'{"schema": "record/1", "calls": [{"door": "clock", "method": "now", "arguments": [], '
        b'"answer": {"$value": "Popen", "fields": {}}}]}'
    )
    with pytest.raises(InputError, match="unknown kind 'Popen'"):
        Player("clock", load(data, "r.json"), ports.Clock).now()


def test_only_plain_values_can_be_recorded() -> None:
    class Door:
        def now(self) -> Any:
            return object()

    with pytest.raises(TypeError, match="cannot be recorded"):
        Recorder().door("clock", Door()).now()
