"""The check scripts: what they say, how they end, and that a fault does not pass.

Those with torch need PRACTICE_PYTHON.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import math
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from app.model.checks import CHECKS as CHECK_ROWS
from app.model.checks import Check
from app.model.event import Failed, Measured
from app.steps.script_events import read_event

CHECKS = Path(__file__).parents[2] / "resources" / "checks"
PRACTICE = os.environ.get("PRACTICE_PYTHON", "")
with_torch = pytest.mark.skipif(
    not PRACTICE, reason="PRACTICE_PYTHON names no interpreter of practice-cpu"
)


def load(name: str) -> ModuleType:
    """A script as a module, without running it."""
    if str(CHECKS) not in sys.path:
        sys.path.insert(0, str(CHECKS))
    spec = importlib.util.spec_from_file_location(f"check_{name}", CHECKS / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(
    name: str, *arguments: str, python: str = sys.executable, code: str | None = None
) -> tuple[int, list[Any]]:
    """Run a script as the step does (``python -I``); exit code and events."""
    what = ["-c", code] if code else ["-I", str(CHECKS / f"{name}.py"), *arguments]
    done = subprocess.run([python, *what], capture_output=True, check=False, timeout=300)
    return done.returncode, [e for e in map(read_event, done.stdout.splitlines()) if e is not None]


def values(events: list[Any]) -> dict[str, Any]:
    """Measured values by name."""
    return {e.name: e.value for e in events if isinstance(e, Measured)}


def imported(file: str) -> set[str]:
    """Every file below ``CHECKS`` that one of them imports, directly or by another."""
    found, waiting = set[str](), [file]
    while waiting:
        now = waiting.pop()
        found.add(now)
        for node in ast.walk(ast.parse((CHECKS / now).read_text("utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [one.name for one in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module, *(f"{node.module}.{one.name}" for one in node.names)]
            for name in names:
                path = name.replace(".", "/")
                there = [f"{path}.py", f"{path}/__init__.py"]
                waiting += [f for f in there if (CHECKS / f).is_file() and f not in found]
    return found


@pytest.mark.parametrize("check", CHECK_ROWS, ids=lambda check: check.name)
def test_a_check_brings_every_file_that_it_imports(check: Check) -> None:
    """Its row names them: nothing else is laid into the home folder for it."""
    assert check.scripts[0] == f"{check.name}.py"
    assert imported(check.scripts[0]) == {*check.scripts}


def test_every_script_belongs_to_a_check() -> None:
    there = {p.relative_to(CHECKS).as_posix() for p in CHECKS.rglob("*.py")}
    assert there == {file for check in CHECK_ROWS for file in check.scripts}


def test_versions_of_this_very_interpreter(tmp_path: Path) -> None:
    """A lock that says what is installed passes; markers of other systems are left out."""
    import msgspec

    lock = tmp_path / "lock.txt"
    lock.write_text(
        f"msgspec=={msgspec.__version__} \\\n    --hash=sha256:{'0' * 64}\n"
        "nowhere==1.0 ; sys_platform == 'plan9' \\\n    --hash=sha256:00\n",
        encoding="utf-8",
    )
    code, events = run("versions", "--lock", str(lock))
    assert code == 0
    assert values(events)["packages.checked"] == 1


def test_versions_name_what_differs(tmp_path: Path) -> None:
    """Another version and a missing package fail, each named with what was wanted."""
    lock = tmp_path / "lock.txt"
    lock.write_text("msgspec==0.0.1\nno-such-thing==2.0\n", encoding="utf-8")
    code, events = run("versions", str(lock))
    failed = events[-1]
    assert code == 1
    assert isinstance(failed, Failed) and failed.code == "packages-differ"
    assert "no-such-thing missing instead of 2.0" in failed.message


@pytest.mark.parametrize(
    ("change", "files"), [("nothing", 0), ("gone", 1), ("cut", 1), ("byte code", 0)]
)
def test_versions_name_files_that_are_lost(tmp_path: Path, change: str, files: int) -> None:
    """The versions are right; a file that a virus scanner has taken, or half a file, is named all
    the same.
    """
    package = tmp_path / "thing"
    info = tmp_path / "thing-1.0.dist-info"
    (package / "__pycache__").mkdir(parents=True)
    info.mkdir()
    (package / "__init__.py").write_bytes(b"VALUE = 1\n")
    (package / "__pycache__" / "x.pyc").write_text("code")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n")
    (info / "RECORD").write_text(
        "thing/__init__.py,sha256=x,10\nthing/__pycache__/x.pyc,sha256=x,4\n"
        "thing-1.0.dist-info/RECORD,,\n"
    )
    if change == "gone":
        (package / "__init__.py").unlink()
    elif change == "cut":
        (package / "__init__.py").write_text("VAL")
    elif change == "byte code":
        (package / "__pycache__" / "x.pyc").unlink()
    (tmp_path / "lock.txt").write_text("thing==1.0\n")
    code = (
        f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {str(CHECKS)!r}]; "
        f"sys.argv[1:] = [{str(tmp_path / 'lock.txt')!r}]; import telling, versions; "
        f"telling.run(versions.check)"
    )
    ended, events = run("versions", code=code)
    assert values(events)["packages.damaged"] == files
    assert ended == (1 if files else 0)
    if files:
        assert events[-1].code == "packages-damaged"
        assert "thing/__init__.py" in events[-1].message


@pytest.mark.parametrize(
    ("declared", "names"),
    [
        ("nowhere>=2", ["nowhere"]),
        ("nowhere ; extra == 'more'", []),
        ("nowhere ; sys_platform == 'plan9'", []),
        ("packaging<1", ["packaging"]),
        ("packaging>=1", []),
    ],
)
def test_versions_name_requirements_that_nothing_meets(
    tmp_path: Path, declared: str, names: list[str]
) -> None:
    """As ``pip check``: what a package declares for this system, without its extras."""
    info = tmp_path / "thing-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: thing\nVersion: 1.0\nRequires-Dist: {declared}\n"
    )
    (info / "RECORD").write_text("thing-1.0.dist-info/RECORD,,\n")
    (tmp_path / "lock.txt").write_text("thing==1.0\n")
    code = (
        f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {str(CHECKS)!r}]; "
        f"sys.argv[1:] = ['--lock', {str(tmp_path / 'lock.txt')!r}, '--without', 'nowhere']; "
        f"import telling, versions; telling.run(versions.check)"
    )
    ended, events = run("versions", code=code)
    unmet = next(e for e in events if isinstance(e, Measured) and e.name == "packages.unmet")
    assert [r["name"] for r in unmet.detail["rows"] if r["by"] == "thing"] == names
    assert unmet.detail["without"] == ["nowhere"]
    assert ended == 0


def test_versions_without_a_readable_lock(tmp_path: Path) -> None:
    """That is no verdict: exit code 2."""
    code, events = run("versions", str(tmp_path / "none.txt"))
    assert (code, events[-1].code) == (2, "lock-unreadable")


def test_missing_torch_is_an_answer() -> None:
    """This interpreter has no torch: one event with the reason, exit code 1, no traceback on the
    way.
    """
    if importlib.util.find_spec("torch"):
        pytest.skip("this interpreter has torch")
    code, events = run("torch_basics")
    assert (code, events[-1].code) == (1, "import-failed")
    assert "torch" in events[-1].message


@pytest.mark.parametrize(
    ("capability", "arch_list", "fits"),
    [
        ((8, 6), ["sm_50", "sm_80", "sm_86", "sm_90"], True),
        ((8, 9), ["sm_80", "sm_86", "sm_90"], True),
        ((12, 0), ["sm_80", "sm_86", "sm_90"], False),
        ((12, 0), ["sm_80", "sm_90", "compute_90"], True),
        ((7, 0), ["sm_75", "sm_80"], False),
        ((6, 1), ["sm_60", "sm_70"], True),
        ((9, 0), ["sm_90a"], True),
        ((10, 0), ["sm_90a", "compute_90a"], False),
        ((12, 1), ["sm_120f"], True),
        ((9, 0), [], False),
    ],
)
def test_code_for_a_card(capability: tuple[int, int], arch_list: list[str], fits: bool) -> None:
    """Binary code within one major version, PTX for everything newer, lettered code for its own
    only.
    """
    assert load("card").covered(capability, arch_list)[0] is fits


@pytest.mark.parametrize(
    ("losses", "norms", "equal", "again", "passes"),
    [
        ([8.4, 7.0, 6.3, 6.2, 6.1], [1.0], True, 6.0, True),
        ([8.4, 8.3, 8.4, 8.4, 8.3], [1.0], True, 8.0, False),
        ([8.4, math.nan, 6.0, 6.0, 6.0], [1.0], True, 6.0, False),
        ([8.4, 7.0, 6.3, 6.2, 6.1], [math.inf], True, 6.0, False),
        ([8.4, 7.0, 6.3, 6.2, 6.1], [1.0], False, 6.0, False),
        ([8.4, 7.0, 6.3, 6.2, 6.1], [1.0], True, 8.3, False),
        ([], [], True, 0.0, False),
    ],
)
def test_when_a_fine_tune_passes(
    losses: list[float], norms: list[float], equal: bool, again: float, passes: bool
) -> None:
    """Falling loss, finite gradients, same logits, and a reloaded adapter that has learned."""
    assert (load("fine_tune").judge(losses, norms, equal, 0.0, again) == []) is passes


def test_not_a_number_stays_readable() -> None:
    """JSON has no NaN; a failing card still gives a report."""
    clean = load("telling").clean({"a": [math.nan, 1.0, math.inf], 3: None})
    assert json.loads(json.dumps(clean, allow_nan=False)) == {"a": ["nan", 1.0, "inf"], "3": None}


@with_torch
@pytest.mark.real
@pytest.mark.parametrize(
    "name",
    ["torch_basics", "card", "kernel", "triton_kernel", "attention", "bnb_4bit", "unsloth_import"],
)
def test_checks_on_the_processor(name: str) -> None:
    """Each passes without a card and says what it left out."""
    code, events = run(name, python=PRACTICE)
    assert code == 0
    assert events


@with_torch
@pytest.mark.real
def test_first_fine_tune_on_the_processor() -> None:
    """20 steps for real: the loss falls, the adapter comes back with the same logits."""
    code, events = run("fine_tune", python=PRACTICE)
    result = next(e for e in events if isinstance(e, Measured) and e.name == "fine_tune.result")
    assert code == 0
    assert result.detail["steps"] == 20
    assert result.detail["loss_last"] < result.detail["loss_first"] - 0.5
    assert result.detail["reloaded_equal"] and result.detail["device"] == "cpu"


FAULT = """
import sys; sys.path.insert(0, {folder!r}); sys.argv = ["benchmark.py", "--only", "products"]
import torch, telling, benchmark
real, calls = torch.matmul, [0]
def faulty(a, b, out=None):
    got = real(a, b, out=out) if out is not None else real(a, b)
    calls[0] += 1
    if calls[0] % 9 == 0:
        got.view(-1)[12345] {fault}
    return got
torch.matmul = faulty
telling.run(benchmark.check)
"""


@with_torch
@pytest.mark.real
@pytest.mark.parametrize("fault", ["*= 1.001", "= float('nan')"])
def test_one_wrong_element_under_load_is_found(fault: str) -> None:
    """A single element off by a thousandth, or not a number, in one of nine products fails the
    benchmark.
    """
    code, events = run(
        "benchmark", python=PRACTICE, code=FAULT.format(folder=str(CHECKS), fault=fault)
    )
    assert code == 1
    assert events[-1].code == "wrong-result"


def of_two(**changes: Any) -> dict[str, Any]:
    """What two processes write down when all is well."""
    card = {"card": "NVIDIA H200", "product": 600.0, "unit": "TFLOP/s", "ok": True, "error": 1e-3}
    good = {
        "processes": 2,
        "cards": [{**card, "number": n, "weights": "aa"} for n in range(2)],
        "losses": [8.4, 7.0, 6.3, 6.2, 6.1],
        "norms": [1.0],
    }
    return {**good, **changes}


@pytest.mark.parametrize(
    ("result", "wrong"),
    [
        (of_two(), []),
        (of_two(processes=1), ["1 of 2 processes trained together"]),
        (
            of_two(cards=[{"weights": "aa", "ok": True}, {"weights": "ab", "ok": True}]),
            ["the cards did not end with the same weights"],
        ),
        (
            of_two(
                cards=[
                    of_two()["cards"][0],
                    {**of_two()["cards"][1], "ok": False, "error": "1 of 4 products differ"},
                ]
            ),
            ["card 1 (NVIDIA H200) computed wrongly (1 of 4 products differ)"],
        ),
        (of_two(losses=[8.4, 8.4, 8.3]), ["the loss did not fall clearly (8.40 to 8.30)"]),
        (of_two(losses=[8.4, math.nan]), ["the loss is not a number"]),
        (of_two(norms=[math.inf]), ["a gradient is not finite"]),
    ],
)
def test_when_several_cards_pass(result: dict[str, Any], wrong: list[str]) -> None:
    """As many processes as cards, right products, a falling loss, and the same weights in the end."""
    assert load("several_cards").judge(result, 2) == wrong


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "NCCL error in: ProcessGroupNCCL.cpp:3690, unhandled cuda error (run with "
            "NCCL_DEBUG=INFO for details), NCCL version 2.27.5\nncclUnhandledCudaError: Call to "
            "CUDA function failed.\nLast error:\nCuda failure 217 'peer access is not supported'",
            "NCCL: Cuda failure 217 'peer access is not supported'",
        ),
        (
            "NCCL error in: x.cpp:1, invalid usage\nncclInvalidUsage: This usually reflects "
            "invalid usage of NCCL library.\nLast error:\n",
            "NCCL: ncclInvalidUsage: This usually reflects invalid usage of NCCL library",
        ),
        (
            "NCCL error in: x.cpp:1\nncclSystemError: System call failed.",
            "NCCL: ncclSystemError: System call failed",
        ),
        ("CUDA out of memory.", "RuntimeError: CUDA out of memory"),
    ],
)
def test_a_fault_of_nccl_is_told_in_its_own_words(text: str, said: str) -> None:
    """The last error where it names one, else the kind of error, else the first line."""
    assert load("several_cards").reason(RuntimeError(text)) == said


def test_the_first_failure_is_told_and_not_what_the_others_saw_of_it(tmp_path: Path) -> None:
    """And where no process left a word: what NCCL or torch's watchdog printed."""
    check = load("several_cards")
    with pytest.raises(check.telling.CheckFailed, match="One of the processes was ended from"):
        check.conclude(str(tmp_path), 2, 1, [])
    line = "[Rank 1] Watchdog caught collective operation timeout: WorkNCCL(OpType=ALLREDUCE)"
    said = [check.words_of_nccl(line)]
    with pytest.raises(check.telling.CheckFailed, match="stopped: Watchdog caught collective"):
        check.conclude(str(tmp_path), 2, -6, said)
    line = "pc:1:2 [0] misc/shmutils.cc:72 NCCL WARN Error: failed to extend /dev/shm/nccl-x"
    assert check.words_of_nccl(line) == "NCCL: Error: failed to extend /dev/shm/nccl-x"
    assert check.words_of_nccl("a line of the log") == ""
    for rank, (at, text) in enumerate(
        [(1.0, "RuntimeError: Connection closed by peer."), (2.0, "NCCL: no room.")]
    ):
        words = {"text": "{reason}", "values": {"reason": text}}
        (tmp_path / f"failed-{rank}.json").write_text(
            json.dumps({"at": at, "code": f"c{rank}", "reason": words, "details": ""})
        )
    with pytest.raises(check.telling.CheckFailed) as failed:
        check.conclude(str(tmp_path), 2, 1, [])
    assert (failed.value.code, str(failed.value)) == (
        "c1",
        "Training on 2 cards stopped: NCCL: no room.",
    )
