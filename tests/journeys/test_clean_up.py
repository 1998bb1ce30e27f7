"""Clean-up on a realistic home.

A hash of the whole tree proves that nothing changes but what was ticked, and all comes back.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from app.adapters.computer import FAMILY
from app.decide.plans import builder
from app.engine.session import Session
from app.model.errors import InputError
from app.model.event import Failed
from app.model.home_layout import interpreter
from app.model.machine import Leftover
from app.model.plan import Plan, PutPackagesBack, UninstallPackages
from app.probe.leftovers import leftovers
from tests.fault_index import FaultIndex, lock_of, make_wheel
from tests.journeys import command, small
from tests.journeys.small import open_session

WINDOWS = sys.platform == "win32"
# Where programs keep these for a person, below his home.
OURS, USER_SITE, PIP, UV, EXTENSIONS, TRITON, TORCH, MODELS = (
    (
        "AppData/Local/UnslothSetup",
        "AppData/Roaming/Python/Python310/site-packages",
        "AppData/Local/pip/Cache",
        "AppData/Local/uv/cache",
        "AppData/Local/torch_extensions",
        ".triton",
        ".cache/torch",
        ".cache/huggingface",
    )
    if WINDOWS
    else (
        ".local/share/UnslothSetup",
        ".local/lib/python3.10/site-packages",
        ".cache/pip",
        ".cache/uv",
        ".cache/torch_extensions",
        ".triton",
        ".cache/torch",
        ".cache/huggingface",
    )
)
SITE = "Lib/site-packages" if WINDOWS else "lib/python3.10/site-packages"


def fill(folder: Path, *names: str, size: int = 40) -> None:
    """Files with bytes of their own; the last letters of a name say nothing."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(hashlib.sha256(str(path).encode()).digest() * size)


def link(path: Path, goal: str) -> None:
    """A link, where the system lets everybody make one."""
    if not WINDOWS:
        path.symlink_to(goal, target_is_directory=not Path(goal).suffix)


def environment(root: Path, *packages: str) -> None:
    """A virtual environment as it lies on a disk, with links, a read-only file and an empty folder."""
    programs = "Scripts" if WINDOWS else "bin"
    fill(
        root,
        f"{programs}/activate",
        *(f"{SITE}/{p}.dist-info/METADATA" for p in packages),
        *(f"{SITE}/{p.split('-')[0]}/__init__.py" for p in packages),
    )
    (root / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.10.12\n")
    if WINDOWS:
        fill(root, "Scripts/python.exe")
    link(root / "bin/python", "/usr/bin/python3")
    link(root / "lib64", "lib")
    (root / "include").mkdir()
    (root / programs / "activate").chmod(0o444)


@pytest.fixture
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person's home after a year of trying: environments, conda, caches, models, work, and an
    older setup of ours.
    """
    home = tmp_path / "Jürgen"
    environment(home / "unsloth_env", "torch-2.1.0", "unsloth-2024.8", "numpy-1.26.4")
    environment(home / "projects/other/.venv", "torch-2.4.0", "flask-3.0.0")
    environment(home / "projects/web/.venv", "flask-3.0.0")
    conda, site = home / "miniconda3", SITE.replace("3.10", "3.11")
    fill(conda, "condabin/conda", "conda-meta/history", "conda-meta/python-3.11.5-h.json")
    fill(
        conda / "envs/llm",
        "conda-meta/history",
        "conda-meta/python-3.11.5-h.json",
        "python.exe" if WINDOWS else "bin/python",
        f"{site}/unsloth-2024.8.dist-info/METADATA",
        f"{site}/unsloth/__init__.py",
    )
    fill(conda / "envs/data", "conda-meta/history", f"{site}/pandas-2.0.0.dist-info/METADATA")
    fill(
        home / USER_SITE,
        "torch-2.0.1.dist-info/METADATA",
        "torch/__init__.py",
        "requests/__init__.py",
    )
    fill(
        home,
        f"{PIP}/http/a/b/c",
        f"{UV}/wheels/x",
        f"{TORCH}/hub/y",
        f"{EXTENSIONS}/py310/z",
        ".cache/mozilla/places",
        f"{MODELS}/hub/models--a--b/blobs/0123",
        f"{MODELS}/token",
    )
    (home / MODELS / "hub/models--a--b/snapshots").mkdir()
    link(home / MODELS / "hub/models--a--b/snapshots/main", "../blobs/0123")
    fill(
        home,
        f"{TRITON}/cache/k",
        ".ssh/id_ed25519",
        ".bashrc",
        "Documents/letter.odt",
        "projects/tune/train.py",
        "projects/tune/unsloth_compiled_cache/UnslothTrainer.py",
        "projects/tune/outputs/adapter.safetensors",
    )
    os.link(home / "Documents/letter.odt", home / "Documents/letter (link).odt")
    link(home / "Documents/broken", "nowhere")
    ours = home / OURS
    environment(ours / "envs/small-old", "torch-2.3.0")
    environment(ours / "envs/small-now", "torch-2.8.0")
    (ours / "active.json").write_text(
        '{"schema":"pointer/1","active":"small-now","profile":"small"}'
    )
    for name in [
        n
        for n in os.environ
        if n.startswith(("XDG_", "PIP_", "UV_", "CONDA_", "HF_", "TORCH_", "TRITON_", "VIRTUAL_"))
    ]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("UNSLOTH_SETUP_HOME", str(ours))
    return home


def tree(home: Path, *without: Path) -> dict[str, str]:
    """Everything below a folder: kind, permissions, time of files, bytes or the link's goal, by
    relative path.
    """
    found = {}
    for path in sorted(home.rglob("*")):
        if any(path == one or one in path.parents for one in without):
            continue
        own = path.lstat()
        if path.is_symlink():
            what = f"link {path.readlink()}"
        elif stat.S_ISDIR(own.st_mode):
            what = f"folder {own.st_mode:o}"
        else:
            what = (
                f"{own.st_mode:o} {own.st_mtime_ns} {own.st_nlink} "
                f"{hashlib.sha256(path.read_bytes()).hexdigest()}"
            )
        found[path.relative_to(home).as_posix()] = what
    return found


@pytest.fixture
def session(person: Path) -> Session:
    """A session on that home whose survey has found the leftovers."""
    one = open_session(str(person / OURS), "", "")
    if WINDOWS:  # which asks the system for these, and not a variable
        known = {
            "profile": "",
            "local": "AppData/Local",
            "roaming": "AppData/Roaming",
            "temp": "AppData/Local/Temp",
        }
        one.system.computer.known_folder = lambda name: (  # type: ignore[method-assign]
            str(person / known[name]) if name in known else None
        )
    found = leftovers(one.system, one.place, seconds=60.0).leftovers
    assert one.facts is not None
    one.facts = msgspec.structs.replace(one.facts, leftovers=found)
    return one


def ticked(session: Session, *ends: str) -> list[Leftover]:
    """The leftovers whose paths end so."""
    assert session.facts is not None
    chosen = [one for one in session.facts.leftovers if one.path.replace("\\", "/").endswith(ends)]
    assert len(chosen) == len(ends), [one.path for one in session.facts.leftovers]
    return chosen


def test_what_older_attempts_left_is_found_with_its_true_size(
    person: Path, session: Session
) -> None:
    assert session.facts is not None
    found = {
        Path(one.path).relative_to(person).as_posix(): (one.kind, one.size)
        for one in session.facts.leftovers
        if Path(one.path).is_relative_to(person)
    }
    assert {path: kind for path, (kind, _) in found.items()} == {
        f"{OURS}/envs/small-old": "own",
        "unsloth_env": "venv",
        "projects/other/.venv": "venv",
        "miniconda3/envs/llm": "conda",
        USER_SITE: "user-site",
        PIP: "cache",
        UV: "cache",
        EXTENSIONS: "cache",
        TRITON: "cache",
        TORCH: "cache",
        MODELS: "model-cache",
        "projects/tune/unsloth_compiled_cache": "cache",
    }
    for path, (_, size) in found.items():
        files = [
            p for p in (person / path).rglob("*") if not p.is_dir()
        ]  # a link to a folder has no size of its own
        assert size == sum(p.lstat().st_size for p in files), path


TICKED = (
    "/unsloth_env",
    "/miniconda3/envs/llm",
    f"/{PIP}",
    f"/{TRITON}",
    "/unsloth_compiled_cache",
    f"/{USER_SITE}",
)


def test_only_what_was_ticked_changes_and_all_of_it_comes_back(
    person: Path, session: Session
) -> None:
    ours = person / OURS
    chosen = ticked(session, *TICKED)
    whole, outside = tree(person, ours), tree(person, ours, *(Path(one.path) for one in chosen))
    environments = tree(ours / "envs")
    assert len(whole) > len(outside) + 30
    assert session.facts is not None
    events = list(
        session.execution.run(
            builder.clean_up_plan(session.facts, session.place, [one.id for one in chosen])
        )
    )
    assert session.execution.outcome == "finished", [
        e.what for e in events if isinstance(e.what, Failed)
    ]
    assert tree(person, ours) == outside
    assert tree(ours / "envs") == environments
    kept = session.undo.quarantined()
    assert sorted(path for _, path in kept) == sorted(one.path for one in chosen)
    for shelf, path in kept:
        assert session.undo.put_back(shelf) == path
    assert tree(person, ours) == whole
    assert tree(ours / "envs") == environments
    assert session.undo.quarantined() == ()
    assert not list((ours / "quarantine").rglob("*"))


def test_only_a_ticked_setup_of_our_own_is_deleted(person: Path, session: Session) -> None:
    chosen = ticked(session, "/envs/small-old")
    ours = person / OURS
    outside, active = tree(person, ours), tree(ours / "envs/small-now")
    assert session.facts is not None
    list(session.execution.run(builder.clean_up_plan(session.facts, session.place, [chosen[0].id])))
    assert session.execution.outcome == "finished"
    assert not (ours / "envs/small-old").exists()
    assert (tree(person, ours), tree(ours / "envs/small-now")) == (outside, active)


@pytest.mark.parametrize("hostile", ["/", "/home", "C:\\", "~", "..", ""])
def test_a_plan_that_names_what_is_no_leftover_moves_nothing(
    person: Path, session: Session, hostile: str
) -> None:
    before = tree(person, person / OURS)
    assert session.facts is not None
    with pytest.raises(InputError, match="there is no leftover"):
        builder.clean_up_plan(session.facts, session.place, [hostile])
    assert tree(person, person / OURS) == before


# ---- the guide's own clean-up, in a real environment

OLD = [
    make_wheel(name, version, size=3000)
    for name, version in (
        ("torch", "2.1.0"),
        ("torchvision", "0.16.0"),
        ("unsloth", "2024.8"),
        ("unsloth-zoo", "2024.8.1"),
        ("numpy", "1.26.4"),
        ("flask", "3.0"),
    )
]


@pytest.fixture
def used(tmp_path: Path) -> Iterator[tuple[Session, Path, FaultIndex]]:
    """A real environment with the guide's packages and others, outside of home."""
    with FaultIndex(OLD) as index:
        session = open_session(str(tmp_path / "home"), index.url, lock_of(OLD))
        uv, root, lock = session.system.computer.uv(), tmp_path / "old env", tmp_path / "lock.txt"
        lock.write_text(lock_of(OLD))
        quiet = {
            **os.environ,
            "UV_NO_CONFIG": "1",
            "UV_CACHE_DIR": str(tmp_path / "cache"),
            "UV_DEFAULT_INDEX": index.url,
        }
        subprocess.run(
            [uv, "venv", "-q", "--python", sys.executable, str(root)], check=True, env=quiet
        )
        subprocess.run(
            [
                uv,
                "pip",
                "install",
                "-q",
                "--python",
                interpreter(str(root), FAMILY),
                "-r",
                str(lock),
            ],
            check=True,
            env=quiet,
        )
        yield session, root, index


def test_the_guides_clean_up_takes_out_five_packages_and_its_list_puts_them_back(
    used: tuple[Session, Path, FaultIndex], tmp_path: Path
) -> None:
    session, root, index = used
    site = (
        root / "Lib" / "site-packages"
        if WINDOWS
        else next((root / "lib").iterdir()) / "site-packages"
    )
    names = [(wheel.name.replace("-", "_"), wheel.version) for wheel in OLD[:4]]
    taken = tuple(
        site / part for name, version in names for part in (name, f"{name}-{version}.dist-info")
    )
    assert all(path.is_dir() for path in taken)
    whole, others = tree(root), tree(root, *taken)
    step = UninstallPackages(
        id="u",
        title="Take out",
        python=interpreter(str(root), FAMILY),
        packages=builder.GUIDE_PACKAGES,
    )
    list(session.execution.run(Plan(title="Clean up", steps=(step,))))
    assert session.execution.outcome == "finished"
    assert tree(root) == others
    [found] = session.undo.removed_packages()
    assert found.python == step.python
    assert set(found.packages) == {f"{w.name}=={w.version}" for w in OLD[:4]}
    assert set(Path(found.saved).read_text().splitlines()[1:]) == {
        f"{w.name}=={w.version}" for w in OLD
    }
    again = session.plans.packages_back(found.saved)
    assert [(s.kind, s.packages) for s in again.steps if isinstance(s, PutPackagesBack)] == [
        ("put-packages-back", found.packages)
    ]
    list(session.execution.run(again))
    assert session.execution.outcome == "finished"
    assert {
        k: v.split()[-1] for k, v in tree(root).items() if "RECORD" not in k and "uv_cache" not in k
    } == {k: v.split()[-1] for k, v in whole.items() if "RECORD" not in k and "uv_cache" not in k}
    effects = [
        (e.effect, e.values["list"])
        for e in session.home.journal.entries()
        if e.kind == "effect" and "list" in e.values
    ]
    assert effects == [("removed-packages", found.saved), ("put-back-packages", found.saved)]
    assert list(session.undo.removed_packages()) == []
    asked = len(index.requests)
    list(
        session.execution.run(session.plans.packages_back(found.saved))
    )  # all is there: nothing is asked
    assert session.execution.outcome == "finished" and len(index.requests) == asked
    assert not list((tmp_path / "home").rglob("put-back.txt"))


def test_a_list_of_somebody_else_is_refused(
    used: tuple[Session, Path, FaultIndex], tmp_path: Path
) -> None:
    session, root, _ = used
    before = tree(root)
    other = tmp_path / "packages-2026-11-24T150000Z.txt"
    other.write_text(f"# {interpreter(str(root), FAMILY)}\nevil==1.0\n")
    for path in (
        str(other),
        session.place.join(session.place.quarantine, "..", other.name),
        "packages-2026-11-24T150000Z.txt",
    ):
        with pytest.raises(InputError, match="no saved list"):
            session.plans.packages_back(path)
    assert tree(root) == before
    shutil.rmtree(root)


# ---- from outside, with an answer file


def cli(
    home: Path, lock: Path, url: str, answers: Path, *words: str, person: Path
) -> subprocess.CompletedProcess[str]:
    """The command line on that person's computer."""
    env = {**os.environ, "SMALL_LOCK": str(lock), "HOME": str(person), "USERPROFILE": str(person)}
    options = ["--home", str(home), "--answers", str(answers), "--index", url]
    if words[0] in ("plan", "install"):
        options += ["--profile", "small"]
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.journeys.command",
            *words,
            *options,
        ],
        cwd=Path(__file__).parents[2],
        env=env,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.slow
@pytest.mark.posix
@pytest.mark.skipif(WINDOWS, reason="the system is asked for these folders there, not a variable")
def test_the_whole_clean_up_is_in_the_answer_file(person: Path, tmp_path: Path) -> None:
    """Ticked leftovers and the guide's five packages, also when the setup itself is in place
    already.
    """
    wheels = command.wheels()
    with FaultIndex([*wheels, *OLD]) as index:
        lock, home, answers = (
            tmp_path / "lock.txt",
            tmp_path / "new home",
            tmp_path / "answers.toml",
        )
        lock.write_text(lock_of(wheels))
        old = person / "old env"
        session = open_session(str(home), index.url, "")
        quiet = {
            **os.environ,
            "UV_NO_CONFIG": "1",
            "UV_CACHE_DIR": str(tmp_path / "cache"),
            "UV_DEFAULT_INDEX": index.url,
        }
        subprocess.run(
            [session.system.computer.uv(), "venv", "-q", "--python", sys.executable, str(old)],
            check=True,
            env=quiet,
        )
        python = interpreter(str(old), FAMILY)
        both = [f"{w.name}=={w.version}" for w in OLD]
        subprocess.run(
            [session.system.computer.uv(), "pip", "install", "-q", "--python", python, *both],
            check=True,
            env=quiet,
        )
        answers.write_text('verify = "none"\n')
        assert (
            cli(home, lock, index.url, answers, "install", "--yes", person=person).returncode == 0
        )
        [verified] = (home / "verified").iterdir()
        verified.write_text(json.dumps({**json.loads(verified.read_text()), "overall": "works"}))
        before = tree(person)
        ids = {
            left["path"]: left["id"]
            for left in json.loads(
                cli(home, lock, index.url, answers, "detect", "--json", person=person).stdout
            )["leftovers"]
        }
        ticked = [person / "unsloth_env", person / PIP]
        answers.write_text(
            f'verify = "none"\nuninstall_from = {json.dumps(python)}\n'
            f"clean_up = {json.dumps([ids[str(path)] for path in ticked])}\n"
        )
        asked = cli(home, lock, index.url, answers, "install", person=person)  # nobody says yes
        assert asked.returncode == 6 and tree(person) == before, asked.stderr
        done = cli(home, lock, index.url, answers, "install", "--yes", person=person)
        assert done.returncode == 0 and "All is in place" in done.stderr, done.stderr
        taken = {name for name, _ in before.items() ^ tree(person).items()}
        assert not any(path.exists() for path in ticked)
        site = f"old env/lib/python{small.PYTHON}/site-packages"
        gone = ("unsloth_env", PIP, *(f"{site}/{w.name.replace('-', '_')}" for w in OLD[:4]))
        assert all(name.startswith(gone) for name in taken), sorted(
            name for name in taken if not name.startswith(gone)
        )
        for line in cli(
            home, lock, index.url, answers, "uninstall", person=person
        ).stdout.splitlines():
            if "--put-back " in line:
                what = line.rpartition("--put-back ")[2]
                back = cli(
                    home, lock, index.url, answers, "uninstall", "--put-back", what, person=person
                )
                assert back.returncode == 0, back.stderr
        unlike = {name for name, _ in before.items() ^ tree(person).items()}
        assert all(
            name.startswith("old env/") for name in unlike
        )  # times of files, RECORD, uv's own note
        assert {name for name in before if name not in tree(person)} == set()


def test_a_python_that_is_not_there_is_named_and_not_passed_over(
    tmp_path: Path, used: tuple[Session, Path, FaultIndex]
) -> None:
    session, root, _ = used
    shutil.rmtree(root)
    step = UninstallPackages(
        id="u",
        title="Take out",
        python=interpreter(str(root), FAMILY),
        packages=builder.GUIDE_PACKAGES,
    )
    events = list(session.execution.run(Plan(title="Clean up", steps=(step,))))
    [failed] = [e.what for e in events if isinstance(e.what, Failed)]
    assert str(root) in failed.message
    assert not list((tmp_path / "home").glob("quarantine/*"))


def test_a_login_in_a_packages_address_is_not_told(
    used: tuple[Session, Path, FaultIndex], tmp_path: Path
) -> None:
    """A list has to hold it, or the package could not come back; nothing else does."""
    session, root, _ = used
    saved = tmp_path / "home" / "quarantine" / "packages-2026-11-24T150000Z.txt"
    saved.parent.mkdir(parents=True)
    line = "secretive @ https://jan:geheim99@index.invalid/secretive-1.0-py3-none-any.whl"
    saved.write_text(f"# {interpreter(str(root), FAMILY)}\n{line}\n")
    [found] = session.undo.removed_packages()
    assert found.packages == (
        "secretive @ https://***@index.invalid/secretive-1.0-py3-none-any.whl",
    )
    list(session.execution.run(session.plans.packages_back(str(saved))))
    shown = [
        p
        for p in (tmp_path / "home").rglob("*")
        if p.is_file() and p != saved and b"geheim99" in p.read_bytes()
    ]
    assert shown == []
