"""Steps on a real environment.

Made by the real uv, checked by real scripts, made active only when proven.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.model.errors import ExitCode, ExpectedError, InputError
from app.model.event import Line, Measured
from app.model.plan import (
    Activate,
    CloseMapper,
    CreateEnvironment,
    FetchWheels,
    FirstImport,
    FixOpenmp,
    InstallWheels,
    ProvidePython,
    Quarantine,
    RemoveTree,
    RunCheck,
    SetVariables,
    UninstallPackages,
)
from app.model.verdict import Verification
from app.ports import Command
from app.steps import (
    activate,
    close_mapper,
    create_environment,
    fetch_wheels,
    first_import,
    fix_openmp,
    install_wheels,
    provide_python,
    quarantine,
    remove_tree,
    run_check,
    script_events,
    set_variables,
    uninstall_packages,
)
from app.steps.step_context import StepContext
from tests.steps.conftest import PYTHON

Effects = list[tuple[str, dict[str, str]]]
CREATE = CreateEnvironment(
    id="environment", title="Own environment", environment="small-1", python=PYTHON
)


def check(name: str) -> RunCheck:
    return RunCheck(
        id=f"check-{name}",
        title=name,
        environment="small-1",
        check=name,
        profile="small",
        limit_seconds=60,
    )


@pytest.fixture
def made(site: StepContext) -> StepContext:
    list(create_environment.run(CREATE, site))
    return site


def test_an_environment_is_made_once(site: StepContext, effects: Effects) -> None:
    assert create_environment.done(CREATE, site) is None
    list(create_environment.run(CREATE, site))
    assert create_environment.done(CREATE, site) is not None
    assert effects[0] == (
        "made",
        {"path": site.place.environment("small-1"), "what": "environment"},
    )


def test_a_begun_environment_that_does_not_start_is_made_anew(site: StepContext) -> None:
    site.system.files.write(site.place.environment_python("small-1"), b"not a program")
    assert create_environment.done(CREATE, site) is None
    list(create_environment.run(CREATE, site))
    assert create_environment.done(CREATE, site) is not None


@pytest.mark.parametrize("lacking", [("pyvenv.cfg", "made.txt"), ("pyvenv.cfg",), ("made.txt",)])
def test_half_an_environment_is_made_anew_and_never_handed_to_uv(
    made: StepContext, lacking: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without ``pyvenv.cfg`` its interpreter is the Python behind the link, whose packages uv would
    take away.
    """

    def cut() -> None:
        for name in lacking:
            made.system.files.remove(made.place.join(made.place.environment("small-1"), name))

    cut()
    assert create_environment.done(CREATE, made) is None
    list(create_environment.run(CREATE, made))
    assert create_environment.done(CREATE, made) is not None and create_environment.is_complete(
        "small-1", made
    )
    cut()
    handed: list[bool] = []

    def run_child(site: StepContext, argv: Sequence[str], *_: Any, **__: Any) -> Iterator[Line]:
        handed.append(create_environment.is_complete("small-1", site))
        yield Line(text=b"")

    monkeypatch.setattr(install_wheels, "run_child", run_child)
    step = InstallWheels(
        id="install", title="Packages", environment="small-1", profile="small", parts=("packages",)
    )
    list(install_wheels.run(step, made))
    assert handed == [True]


def test_an_environment_that_was_filled_before_there_was_a_mark_is_whole(made: StepContext) -> None:
    folder = made.place.environment("small-1")
    made.system.files.remove(made.place.join(folder, "made.txt"))
    made.system.files.write(made.place.join(folder, create_environment.INSTALLED), b"lock")
    assert create_environment.done(CREATE, made) is not None


@pytest.mark.parametrize("name", ["one", "pip"])
def test_an_install_that_was_cut_off_is_not_gone_on_with(made: StepContext, name: str) -> None:
    record = made.place.join(made.place.site_packages("small-1", PYTHON), f"{name}-1.0.dist-info")
    made.system.files.write(made.place.join(record, "METADATA"), f"Name: {name}\n".encode())
    made.system.files.write(made.place.join(record, ".tmpLX3z3O"), b"half")
    step = InstallWheels(
        id="install", title="Packages", environment="small-1", profile="small", parts=("packages",)
    )
    list(install_wheels.run(step, made))
    assert not made.system.files.exists(record)
    assert create_environment.done(CREATE, made) is not None


def test_a_check_gives_measurements_and_lines(made: StepContext) -> None:
    events = list(run_check.run(check("good"), made))
    assert [t for t in events if isinstance(t, Measured)] == [Measured(name="n", value=3, unit="x")]
    assert any(isinstance(t, Line) and b"plain words" in t.text for t in events)


def test_a_failed_check_carries_its_own_sentence(made: StepContext) -> None:
    with pytest.raises(ExpectedError, match="Memory ran out") as caught:
        list(run_check.run(check("bad"), made))
    assert caught.value.code == "cuda_oom"


def test_an_end_with_exit_code_0_before_the_check_is_through_is_no_success(
    made: StepContext,
) -> None:
    with pytest.raises(ExpectedError, match="ended before it was through, with exit code 0"):
        list(run_check.run(check("gone"), made))


def test_an_import_that_ends_the_process_with_exit_code_0_is_no_good_import(
    made: StepContext,
) -> None:
    python = made.place.environment_python("small-1")
    answer = made.system.processes.capture(
        [python, "-I", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    )
    for name in ("torch", "transformers", "datasets", "peft"):
        made.system.files.write(made.place.join(answer.out.strip(), f"{name}.py"), b"")
    step = FirstImport(id="first", title="Import", environment="small-1", profile="small")
    list(first_import.run(step, made))
    made.system.files.write(
        made.place.join(answer.out.strip(), "peft.py"), b"import os\nos._exit(0)\n"
    )
    with pytest.raises(ExpectedError, match="ended before all was imported, with exit code 0"):
        list(first_import.run(step, made))


@pytest.mark.skipif(sys.platform == "win32", reason="abort opens a dialog under Wine")
def test_a_crash_is_a_result_with_the_last_words(made: StepContext) -> None:
    with pytest.raises(ExpectedError, match="signal 6: abort") as caught:
        list(run_check.run(check("crash"), made))
    assert "about to crash" in caught.value.details


def test_only_a_proven_environment_becomes_active(made: StepContext, effects: Effects) -> None:
    step = Activate(id="activate", title="Switch", environment="small-1", profile="small")
    with pytest.raises(ExpectedError) as caught:
        list(activate.run(step, made))
    assert caught.value.exit_code == ExitCode.NOT_WORKING
    assert activate.read_pointer(made) is None
    made.system.files.write(
        made.place.verification("small-1"), msgspec.json.encode(Verification(overall="works"))
    )
    list(activate.run(step, made))
    pointer = activate.read_pointer(made)
    assert pointer is not None and (pointer.active, pointer.previous) == ("small-1", None)
    assert activate.done(step, made) is not None
    assert effects[-1][0] == "swapped"


def test_a_hostile_pointer_is_refused(site: StepContext) -> None:
    site.system.files.write(
        site.place.pointer, b'{"schema":"pointer/1","active":"../../etc","profile":"x"}'
    )
    with pytest.raises(InputError, match="active"):
        activate.read_pointer(site)
    site.system.files.write(site.place.pointer, b"half a file")
    with pytest.raises(InputError, match="pointer/1"):
        activate.read_pointer(site)


def test_the_missing_openmp_file_is_made_from_the_wheels_own(site: StepContext) -> None:
    library = site.place.join(site.place.environment("old"), "Lib", "site-packages", "torch", "lib")
    step = FixOpenmp(id="mend-openmp", title="OpenMP file", environment="old")
    with pytest.raises(ExpectedError, match="libiomp5md"):
        list(fix_openmp.run(step, site))
    site.system.files.write(site.place.join(library, "libiomp5md.dll"), b"MZ openmp")
    list(fix_openmp.run(step, site))
    assert site.system.files.read(site.place.join(library, "libomp140.x86_64.dll")) == b"MZ openmp"
    assert fix_openmp.done(step, site) is not None


MAPPER = """def _get_new_mapper():
    try:
        import asked

        return asked.network()
    except ImportError:
        return None


def get_model_name(name):
    return _get_new_mapper()
"""


@pytest.mark.parametrize(
    "end", ["\n", "\r\n"]
)  # 2024.9 and 2025.3 have the second, 2025.11 the first
def test_unsloth_fetches_no_code_any_more(site: StepContext, tmp_path: Path, end: str) -> None:
    """Nobody is asked, the RECORD fits again, a second run has nothing to do, and a file of the same
    data elsewhere (uv's cache) stays as it was.
    """
    step = CloseMapper(
        id="close-mapper",
        title="m",
        environment="old",
        python="3.12",
        file="unsloth/models/loader.py",
    )
    place, files = site.place, site.system.files
    packages = place.site_packages("old", "3.12")
    path = place.join(packages, "unsloth", "models", "loader.py")
    record = place.join(packages, "unsloth-2025.11.3.dist-info", "RECORD")
    with pytest.raises(ExpectedError, match=r"loader\.py"):
        list(close_mapper.run(step, site))
    cached = tmp_path / "cached.py"
    cached.write_text(MAPPER, "utf-8", newline=end)
    Path(path).parent.mkdir(parents=True)
    os.link(cached, path)
    files.write(record, b"unsloth/a.py,sha256=x,1\nunsloth/models/loader.py,sha256=y,2\n")
    assert close_mapper.done(step, site) is None
    list(close_mapper.run(step, site))
    assert close_mapper.done(step, site) is not None
    names: dict[str, Any] = {}
    exec(compile(files.read(path) or b"", path, "exec"), names)  # noqa: S102 - our own text
    assert names["get_model_name"]("org/name") == ({}, {}, {})
    assert cached.read_bytes() == MAPPER.replace("\n", end).encode()
    data = files.read(path) or b""
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    assert (
        files.read(record)
        == (
            f"unsloth/a.py,sha256=x,1\nunsloth/models/loader.py,sha256={digest},{len(data)}\n"
        ).encode()
    )


def test_a_leftover_moves_to_the_quarantine_and_back(site: StepContext, tmp_path: Path) -> None:
    old = tmp_path / "old env"
    (old / "bin").mkdir(parents=True)
    (old / "bin" / "python").write_text("x")
    (tmp_path / "beside.txt").write_text("untouched")
    step = Quarantine(id="q", title="Old", leftover="env:1", path=str(old))
    list(quarantine.run(step, site))
    assert not old.exists()
    assert (tmp_path / "beside.txt").read_text() == "untouched"
    shelf = site.place.join(site.place.quarantine, "001")
    assert quarantine.shelves(site) == ((shelf, str(old)),)
    assert quarantine.put_back(shelf, site) == str(old)
    assert quarantine.shelves(site) == ()
    assert (old / "bin" / "python").read_text() == "x"
    assert quarantine.done(step, site) is None


@pytest.mark.parametrize("note", [b"", b"\xff", b"[]", b"{}", b'{"path": 3}', b"half"])
def test_a_note_that_cannot_be_read_hides_a_shelf_and_breaks_nothing(
    site: StepContext, note: bytes
) -> None:
    shelf = site.place.join(site.place.quarantine, "001")
    site.system.files.write(site.place.join(shelf, "content"), b"old")
    site.system.files.write(site.place.join(shelf, "from.json"), note)
    assert quarantine.shelves(site) == ()
    with pytest.raises(InputError, match="no quarantined item"):
        quarantine.put_back(shelf, site)
    assert site.system.files.exists(site.place.join(shelf, "content"))


def test_a_move_that_fails_leaves_no_shelf(
    site: StepContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "old"
    old.mkdir()
    monkeypatch.setattr(
        type(site.system.files),
        "move",
        lambda *_: (_ for _ in ()).throw(ExpectedError("file_in_use", "In use.")),
    )
    with pytest.raises(ExpectedError, match="In use"):
        list(quarantine.run(Quarantine(id="q", title="Old", leftover="env:1", path=str(old)), site))
    assert old.is_dir() and not site.system.files.exists(site.place.quarantine)


def test_putting_back_never_overwrites(site: StepContext, tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.mkdir()
    list(quarantine.run(Quarantine(id="q", title="Old", leftover="env:1", path=str(old)), site))
    old.mkdir()
    with pytest.raises(InputError, match="exists again"):
        quarantine.put_back(site.place.join(site.place.quarantine, "001"), site)


def test_nothing_outside_home_is_removed(site: StepContext, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    for path in (str(outside), site.place.at("..", "outside"), site.place.home):
        with pytest.raises(InputError, match="not below the home folder"):
            list(remove_tree.run(RemoveTree(id="r", title="Remove", path=path), site))
    assert outside.exists()


def test_packages_are_listed_before_they_are_taken_out(made: StepContext, effects: Effects) -> None:
    python = made.place.environment_python("small-1")
    step = UninstallPackages(id="u", title="Take out", python=python, packages=("torch", "unsloth"))
    assert uninstall_packages.done(step, made) is not None  # none of them is there


def test_a_python_that_was_found_and_tried_is_not_looked_for_again(
    site: StepContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = ProvidePython(id="p", title="Python", version=site.profiles["small"].python)
    asked: list[str] = []
    usual = site.system.processes.capture

    def capture(argv: Sequence[str], *rest: Any, **more: Any) -> Any:
        asked.append(argv[0])
        return usual(argv, *rest, **more)

    monkeypatch.setattr(site.system.processes, "capture", capture)
    first = provide_python.done(step, site)
    assert first is not None and len(asked) >= 2
    note = Path(site.place.at("locks", f"python-{step.version}.json"))
    output = json.loads(note.read_text())
    asked.clear()
    monkeypatch.setattr(provide_python, "_known", {})  # as in the next run
    assert provide_python.done(step, site) == first and asked == []
    assert (
        provide_python.last_found(step.version, site) == output["path"]
    )  # the steps after it need not look either
    for other in (
        {**output, "stamp": "1:2:3"},
        {**output, "path": output["path"] + "-gone"},
        {"path": 3},
    ):
        note.write_text(json.dumps(other))
        asked.clear()
        assert (
            provide_python.done(step, site) == first and asked
        )  # another file, none, or no such note
        assert json.loads(note.read_text()) == output
    (Path(site.place.pythons) / f"cpython-{step.version}.9-own").mkdir(parents=True)
    asked.clear()
    assert (
        provide_python.done(step, site) is not None and asked
    )  # one that uv manages here would come first


def test_an_environment_gets_variables_of_its_own(made: StepContext, effects: Effects) -> None:
    step = SetVariables(
        id="v",
        title="Variables",
        environment="small-1",
        python=PYTHON,
        variables=(("TORCHDYNAMO_DISABLE", "1"), ("ODD", 'it\'s \\ "so"'), ("CC", "")),
    )
    assert set_variables.done(step, made) is None
    list(set_variables.run(step, made))
    assert set_variables.done(step, made) is not None
    assert any(
        kind == "made" and values["path"].endswith("unsloth_setup_variables.pth")
        for kind, values in effects
    )
    asked = (
        "import json, os; print(json.dumps([os.environ.get(n) for n in "
        "('TORCHDYNAMO_DISABLE', 'ODD', 'CC', 'KEPT')]))"
    )
    completed = made.system.processes.capture(
        [made.place.environment_python("small-1"), "-I", "-c", asked],
        60.0,
        {**os.environ, "CC": "C:/none", "KEPT": "yes"},
    )
    assert json.loads(completed.out) == ["1", 'it\'s \\ "so"', None, "yes"]


@pytest.mark.parametrize(
    "line",
    [
        b'{"what": "\xff"}',
        b'{"what": ' + b"[" * 100_000,
        b"{\x00}",
        b'{"what": "measured", "name": 3}',
        b"{}",
    ],
)
def test_whatever_a_package_prints_is_output_and_no_fault(line: bytes) -> None:
    assert script_events.read_event(line) is None


def test_the_line_end_before_an_event_is_no_line_of_the_log(site: StepContext) -> None:
    """Scripts write one, because a progress bar may stand half written there; an empty line that a
    package printed stays."""
    script = (
        "import sys, json; event = json.dumps({'what': 'measured', 'name': 'a', 'value': 1});"
        "sys.stdout.write('first\\n\\nsecond\\n' + '\\n' + event + '\\n' + 'bar 10 %' + '\\n' + event"
        " + '\\n' + '\\n' + event + '\\n' + 'last\\n')"
    )
    said = list(
        script_events.relay(site, Command(argv=(sys.executable, "-c", script)), 60.0, 1_000_000)
    )
    lines = [one.text.strip() for one in said if isinstance(one, Line)]
    assert lines == [b"first", b"", b"second", b"bar 10 %", b"last"]
    assert len([one for one in said if isinstance(one, Measured)]) == 3


def test_notes_of_an_earlier_run_that_cannot_be_read_are_no_fault(site: StepContext) -> None:
    version = site.profiles["small"].python
    for path in (
        site.place.python_note(version),
        site.place.at("locks", "small-packages.fetched.json"),
    ):
        site.system.files.write(path, b'{"path": "\xff", "lock": "\xff"}')
    assert (
        provide_python.done(ProvidePython(id="p", title="Python", version=version), site)
        is not None
    )
    assert (
        fetch_wheels.done(FetchWheels(id="f", title="F", profile="small", part="packages"), site)
        is None
    )
