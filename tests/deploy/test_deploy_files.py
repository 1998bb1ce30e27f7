"""What ``deploy-files`` writes: all of it, as its readers read it.

PowerShell parsed, answer files run.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import tree_sitter
import tree_sitter_powershell

from app.__main__ import main
from app.adapters.resources import resource_names, resource_reader
from app.cli.endings import MEANINGS
from app.cli.parser import read
from app.engine.answer_file import load_answers
from app.engine.deploy_files import LIST
from app.knowledge import load
from app.model.status import Status
from build.make_installer import installer_name
from tests.fault_index import FaultIndex, lock_of
from tests.journeys import command

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "resources" / "deploy"
SCRIPTS = sorted(DEPLOY.rglob("*.ps1"))
ANSWERS = sorted((DEPLOY / "answers").glob("*.toml"))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that an administrator gets."""
    folder = tmp_path_factory.mktemp("written") / "deploy"
    assert main(["deploy-files", str(folder)]) == 0
    return folder


def test_every_file_is_listed_and_written(written: Path) -> None:
    kept = {
        path.relative_to(DEPLOY).as_posix()
        for path in DEPLOY.rglob("*")
        if path.is_file() and not {".ansible", "__pycache__"} & set(path.parts)
    }
    listed = (resource_reader()(LIST) or b"").decode().split()
    assert set(listed) == kept - {"files.txt"} and listed == sorted(listed)
    assert {p.relative_to(written).as_posix() for p in written.rglob("*") if p.is_file()} == set(
        listed
    )
    for name in listed:
        data = (written / name).read_bytes()
        if not name.endswith(".ps1"):
            assert data == (DEPLOY / name).read_bytes()


def test_files_of_others_stay_and_only_overwrite_goes_beside_them(tmp_path: Path) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("mine")
    mine.chmod(0o600)
    assert main(["deploy-files", str(tmp_path)]) == 2
    assert list(tmp_path.iterdir()) == [mine]
    assert main(["deploy-files", str(tmp_path), "--overwrite"]) == 0
    assert mine.read_text() == "mine"
    if sys.platform != "win32":  # which knows only whether a file may be written
        assert mine.stat().st_mode & 0o777 == 0o600
    assert main(["deploy-files", str(mine)]) == 2


def test_a_powershell_script_is_read_by_powershell_5(written: Path) -> None:
    assert SCRIPTS
    for path in SCRIPTS:
        data = (written / path.relative_to(DEPLOY)).read_bytes()
        assert data.startswith(b"\xef\xbb\xbf") and data.count(b"\n") == data.count(b"\r\n")


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_powershell_script_parses_and_runs_only_what_is_known(path: Path) -> None:
    language = tree_sitter.Language(tree_sitter_powershell.language())
    source = path.read_bytes()
    assert source.isascii()
    tree = tree_sitter.Parser(language).parse(source).root_node
    assert not tree.has_error
    broken = tree_sitter.Parser(language).parse(source + b"\nif (").root_node
    assert broken.has_error  # the grammar does refuse
    commands: list[str] = []
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        waiting += node.children
        if node.type == "command_name" and node.text is not None:
            commands.append(node.text.decode())
    known = {
        *("Set-StrictMode", "Get-ChildItem", "Sort-Object", "Select-Object", "Write-Error"),
        *("Start-Process", "Join-Path", "Test-Path", "Out-String", "ConvertFrom-Json"),
        *("Write-Output", "Remove-Item"),
    }
    assert set(commands) <= known, set(commands) - known


def test_the_scripts_words_are_those_of_the_program_and_the_installer() -> None:
    install = (DEPLOY / "intune" / "install.ps1").read_text("utf-8")
    pattern = re.search(r"-Filter '([^']+)'", install)
    assert pattern is not None
    assert Path(installer_name("1.2.3", everybody=True)).match(pattern[1])
    assert not Path(installer_name("1.2.3", everybody=False)).match(pattern[1])
    words = re.search(r"\$words = @\(([^)]*)\)", install)
    assert words is not None
    assert read([word.strip(" '") for word in words[1].split(",")]).all_users
    for name in ("detect.ps1", "uninstall.ps1"):
        script = (DEPLOY / "intune" / name).read_text("utf-8")
        called = re.search(r"& \$program (.+?) --home \$place", script)
        assert called is not None
        assert read([*called[1].split(), "--home", "x"]).home == "x"


def test_the_table_of_codes_is_the_programs_and_the_installers() -> None:
    page = (DEPLOY / "intune" / "README.md").read_text("utf-8")
    codes = {int(code) for code in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)}
    source = (ROOT / "build" / "packing" / "installer.nsi").read_text("utf-8")
    header = source.split("Unicode true")[0]
    installers = {int(c) for c in re.findall(r"(?:^;   |   )(\d) ", header, re.MULTILINE)} - {0}
    assert codes == {int(code) for code in MEANINGS} | {100 + code for code in installers}


def test_status_tells_what_the_detection_script_reads() -> None:
    script = (DEPLOY / "intune" / "detect.ps1").read_text("utf-8")
    fields = set(re.findall(r"\$status\.(\w+)", script))
    assert fields and fields <= set(Status.__struct_fields__)


@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: path.name)
def test_an_answer_file_is_valid_and_names_a_profile_that_exists(path: Path) -> None:
    answers = load_answers(path.read_bytes(), path.name)
    known = {one.id for one in load(resource_reader(), resource_names()).profiles}
    assert answers.profile is None or answers.profile in known


@pytest.fixture(scope="module")
def index() -> Iterator[FaultIndex]:
    """The company's mirror: the small profile's packages."""
    with FaultIndex(command.wheels()) as made:
        yield made


@pytest.mark.posix
@pytest.mark.slow
@pytest.mark.parametrize("name", ["class-room", "company", "air-gapped-lab"])
def test_an_answer_file_installs(name: str, index: FaultIndex, tmp_path: Path) -> None:
    """Each file as it is, but its example names: the profile is the small one, addresses are loopback's,
    and the home is the test's (two users in a home for all have a test of their own)."""
    lock = tmp_path / "lock.txt"
    lock.write_text(lock_of(command.wheels()))
    text = (DEPLOY / "answers" / f"{name}.toml").read_text("utf-8")
    bundle = tmp_path / "bundle"
    text = text.replace('"practice-cpu"', '"small"').replace("all_users = true\n", "")
    text = text.replace("https://packages.example.com/simple", index.url)
    text = text.replace("https://packages.example.com/pytorch", index.url)
    text = text.replace("https://packages.example.com/pythons", str(tmp_path))
    text = text.replace("http://proxy.example.com:3128", "http://127.0.0.1:9")
    text = text.replace("/srv/share/unsloth-bundle", str(bundle))
    text = text.replace('verify = "full"', 'verify = "quick"')
    assert "example.com" not in text and "/srv/" not in text
    tomllib.loads(text)
    (tmp_path / "answers.toml").write_text(text)
    own = {"PIP_CONFIG_FILE": "/dev/null", "SMALL_LOCK": str(lock)}
    common = ["--profile", "small"] if name != "class-room" else []
    if name != "company":
        common += [] if name == "air-gapped-lab" else ["--index", index.url]
    if name == "air-gapped-lab":
        (tmp_path / "empty.toml").write_text("")
        made = _run(
            [
                *("bundle", "--profile", "small", "--output", str(bundle), "--index", index.url),
                *("--home", str(tmp_path / "maker"), "--answers", str(tmp_path / "empty.toml")),
            ],
            {**own, "UV_PYTHON_INSTALL_MIRROR": "https://127.0.0.1:9"},
        )
        assert made.returncode == 0, made.stderr[-2000:]
        index.rules.clear()
        index.fail("", "status", code=503)  # nothing is asked of the network any more
    done = _run(
        [
            *("install", "--yes", "--json", "--home", str(tmp_path / "home"), *common),
            *("--answers", str(tmp_path / "answers.toml")),
        ],
        own,
    )
    index.rules.clear()
    assert done.returncode == 0, (done.stdout[-1500:], done.stderr[-1500:])
    last = json.loads(done.stdout.splitlines()[-1])
    assert (last["outcome"], last["verdict"]["overall"]) == ("finished", "works")


def _run(words: list[str], env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    bare = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "UV_"))}
    return subprocess.run(
        [sys.executable, "-m", "tests.journeys.command", *words],
        cwd=ROOT,
        env={**bare, **env},
        capture_output=True,
        text=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
        timeout=300,
        check=False,
    )
