"""The survey as a whole: pretended, and of this very machine."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from app.model.encoding import encode
from app.model.errors import InputError, StoppedError
from app.model.home_layout import HomeLayout
from app.model.machine import Gpu, MachineFacts, Os, decode_machine
from app.probe.survey import PROBES, Probe, survey

PLACE = HomeLayout("C:\\home", "windows")


def _facts(sightings: list[Any]) -> MachineFacts:
    assert sightings[-1].subject == "all"
    assert isinstance(sightings[-1].facts, MachineFacts)
    return sightings[-1].facts


def test_every_subject_comes_once_and_all_comes_last(pc: Any) -> None:
    seen = list(survey(pc(), PLACE))
    assert sorted(one.subject for one in seen[:-1]) == sorted(probe.subject for probe in PROBES)
    assert _facts(seen).os.family == "windows"


def test_a_hanging_and_a_dying_probe_become_notes(pc: Any) -> None:
    system = pc(facts={"name": "Windows 11 Pro"})

    def die(at: Any) -> None:
        raise ZeroDivisionError("no reason")

    probes = (
        Probe("graphics", 0.2, lambda at: at.system.stop.wait(60)),
        Probe("tools", 5.0, die),
        PROBES[0],
    )
    began = time.monotonic()
    facts = _facts(list(survey(system, PLACE, probes=probes)))
    assert (
        time.monotonic() - began < 40
    )  # the hanging probe would take 60 s; how busy this machine is does not matter
    system.stop.set()
    notes = {note.about: note.text for note in facts.notes}
    assert notes["graphics"] == "did not answer within 0.2 s"
    assert notes["tools"] == "could not be looked at: ZeroDivisionError: no reason"
    assert (facts.os.name, facts.gpus) == ("Windows 11 Pro", ())


def test_what_resolves_first_is_told_first(pc: Any) -> None:
    system = pc()
    probes = (
        Probe("graphics", 9.0, lambda at: at.system.stop.wait(0.3) and None),
        Probe("variables", 1.0, lambda _: {}),
    )
    assert [one.subject for one in survey(system, PLACE, probes=probes)] == [
        "variables",
        "graphics",
        "all",
    ]


def test_stop_ends_a_survey(pc: Any) -> None:
    system = pc()
    asking = survey(
        system,
        PLACE,
        probes=(Probe("home", 30.0, lambda _: time.sleep(3)), Probe("cpu", 1.0, PROBES[1].look)),
    )
    assert next(asking).subject == "cpu"
    system.stop.set()
    with pytest.raises(StoppedError):
        next(asking)


def test_a_hanging_probe_does_not_hold_up_the_end_of_the_program() -> None:
    text = (
        "import time, threading\nfrom types import SimpleNamespace as N\nfrom app.adapters.clock "
        "import SystemClock\n"
        "from app.model.home_layout import HomeLayout\nfrom app.probe.survey import Probe, survey\n"
        "w = N(clock=SystemClock(), stop=threading.Event(), simulated=None, "
        "computer=N(family='linux'))\n"
        "print(list(survey(w, HomeLayout('/x', 'linux'), probes=(Probe('home', 0.1, lambda at: "
        "time.sleep(600)),)))[-1].subject)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", text],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "all")


def test_a_simulated_machine_shows_its_file(pc: Any) -> None:
    facts = MachineFacts(
        os=Os(family="windows", name="Windows 11"), gpus=(Gpu(vendor="amd", pci_id="1002:744c"),)
    )
    system = pc("linux", files={"/m.json": encode(facts), "/bad.json": b"{"})
    system.simulated = "/m.json"
    seen = list(survey(system, PLACE))
    assert _facts(seen) == facts
    assert next(one for one in seen if one.subject == "graphics").part.gpus == facts.gpus
    assert system.processes.started == []
    system.simulated = "/bad.json"
    with pytest.raises(InputError, match=r"/bad\.json is not a machine file"):
        list(survey(system, PLACE))
    system.simulated = "/none.json"
    with pytest.raises(InputError, match=r"/none\.json does not exist"):
        list(survey(system, PLACE))


def test_this_machine(tmp_path: Path) -> None:
    from app.adapters.local_system import open_system

    system = open_system()
    facts = _facts(list(survey(system, HomeLayout(str(tmp_path), system.computer.family))))
    assert facts.os.name
    assert (facts.memory.total or 0) > 1 << 28
    assert facts.disks
    assert any(python.version for python in facts.pythons)
    assert sys.platform != "win32" or sys.executable.lower() in {
        python.path.lower() for python in facts.pythons
    }
    assert facts.home is not None
    assert facts.home.writable is True
    data = encode(facts)
    assert decode_machine(data, "record.json") == facts
    assert not [note for note in facts.notes if "could not be looked at" in note.text]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"{", "it is not JSON"),
        (b"\xff\xfe", "it is not"),
        (b"[]", "a JSON object with"),
        (b"[" * 100_000, "nested"),
        (
            b'{"os": {"family": "linux"}}',
            'the field "schema" was expected to be "machine/1", but is nothing',
        ),
        (
            b'{"schema": "machine/2"}',
            'the field "schema" was expected to be "machine/1", but is "machine/2"',
        ),
        (b'{"schema": "machine/1"}', 'the field "os" is missing; expected an object'),
        (
            b'{"schema": "machine/1", "os": {"family": "beos"}}',
            'the field "os.family" is wrong: expected one of windows, linux, macos, but found '
            '"beos"',
        ),
        (
            b'{"schema": "machine/1", "os": {"family": "linux"}, "gpus": [{"memory": 1}]}',
            'the field "gpus[0].memory" is not known; expected one of index, vendor, name',
        ),
        (
            b'{"schema": "machine/1", "os": {"family": "linux"}, "memory": {"total": "8 GB"}}',
            'the field "memory.total" is wrong: expected a whole number or null, but found "8 GB"',
        ),
        (
            b'{"schema": "machine/1", "os": {"family": "linux"}, "memory": {"total": -1}}',
            'the field "memory.total" is wrong: expected a whole number, 0 or more, but found -1',
        ),
        (
            b'{"schema": "machine/1", "os": {"family": "linux"}, "variables": {"A": "1", "B": 2}}',
            'the field "variables.B" is wrong: expected a text, but found 2',
        ),
        (
            b'{"schema": "machine/1", "os": {"family": "linux"}, "gpus": {}}',
            'the field "gpus" is wrong: expected a list, but found an object',
        ),
        (
            b'{"schema": "machine/1", "os": {"family": "linux"}, "home": {}}',
            'the field "home.path" is missing; expected a text',
        ),
        (
            b'{"schema": "machine/1", "os": "linux"}',
            'the field "os" is wrong: expected an object, but found "linux"',
        ),
        (
            b'{"schema": "machine/1", "os": {"family": "linux"}, "colour": 1}',
            'the field "colour" is not known',
        ),
    ],
)
def test_a_wrong_machine_file_is_named_with_its_field(data: bytes, said: str) -> None:
    with pytest.raises(InputError) as caught:
        decode_machine(data, "pc.json")
    assert caught.value.message.startswith("pc.json")
    assert said in caught.value.message
    assert int(caught.value.exit_code) == 2
