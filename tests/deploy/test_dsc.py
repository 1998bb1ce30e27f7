"""The DSC v3 resource.

Its manifest against the published schema, its operations with a real install over standard input
and output.

``dsc`` itself was not run: the manifest and every answer are held to Microsoft's schemas (MIT; their
licence lies beside them).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from app.cli import desired_state
from app.cli.endings import MEANINGS
from app.cli.parser import read
from tests.fault_index import FaultIndex, lock_of
from tests.journeys import command

ROOT = Path(__file__).parents[2]
DSC = ROOT / "resources" / "deploy" / "dsc"
SCHEMAS = Path(__file__).parent / "schemas"
MANIFEST = json.loads((DSC / "unsloth-setup.dsc.resource.json").read_text("utf-8"))


def schema(name: str) -> jsonschema.Draft202012Validator:
    """A published schema as a validator."""
    return jsonschema.Draft202012Validator(json.loads((SCHEMAS / name).read_text("utf-8")))


def test_the_manifest_is_valid_by_the_published_schema() -> None:
    checked = schema("dsc-manifest-3.1.json")
    assert [fault.message for fault in checked.iter_errors(MANIFEST)] == []
    assert list(checked.iter_errors({**MANIFEST, "type": "no-type"}))  # the schema does refuse
    without = {key: value for key, value in MANIFEST.items() if key != "version"}
    assert list(checked.iter_errors(without))


@pytest.mark.parametrize("path", sorted(DSC.glob("*.yaml")), ids=lambda path: path.name)
def test_the_example_documents_name_properties_that_exist(path: Path) -> None:
    lines = [line.rstrip() for line in path.read_text("utf-8").splitlines()]
    begin = next(n for n, line in enumerate(lines) if line.strip() == "properties:")
    properties = dict(line.strip().split(": ") for line in lines[begin + 1 :] if line.strip())
    assert properties
    jsonschema.validate(properties, desired_state.schema())
    document = {
        "$schema": next(x.split(": ")[1] for x in lines if x.startswith("$schema")),
        "resources": [{"name": "x", "type": MANIFEST["type"], "properties": properties}],
    }
    assert any(line.strip() == f"type: {MANIFEST['type']}" for line in lines)
    checked = schema("dsc-document-3.1.json")
    assert [fault.message for fault in checked.iter_errors(document)] == []


def test_the_manifests_commands_and_codes_are_the_programs() -> None:
    for name in ("get", "test", "set", "whatIf", "export"):
        assert MANIFEST[name]["executable"] == "unsloth-setup"
        assert read(MANIFEST[name]["args"]).operation == name.lower()
    assert read(MANIFEST["schema"]["command"]["args"]).operation == "schema"
    assert set(MANIFEST["exitCodes"]) == {str(int(code)) for code in MEANINGS}


class Host:
    """One home, asked as DSC asks."""

    def __init__(self, folder: Path, lock: Path, url: str) -> None:
        self.folder, self.lock = folder, lock
        (folder / "answers.toml").write_text('verify = "none"\n')
        self.instance = {
            "home": str(folder / "home"),
            "profile": "small",
            "index": url,
            "answers": str(folder / "answers.toml"),
        }

    def ask(self, operation: str, **more: Any) -> tuple[int, dict[str, Any], str]:
        """Exit code, the object on standard output, the messages."""
        given = json.dumps({**self.instance, **more}, separators=(",", ":"))
        done = subprocess.run(
            [sys.executable, "-m", "tests.journeys.command", "dsc", operation],
            cwd=ROOT,
            input=given,
            env={**os.environ, "SMALL_LOCK": str(self.lock)},
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=300,
            check=False,
        )
        lines = done.stdout.splitlines()
        assert len(lines) <= 1, lines
        state = json.loads(lines[0]) if lines else {}
        if state:
            jsonschema.validate(state, desired_state.schema())
        return done.returncode, state, done.stderr


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A home that is not there yet, and an index with the small packages."""
    folder, wheels = tmp_path_factory.mktemp("dsc"), command.wheels()
    (folder / "lock.txt").write_text(lock_of(wheels))
    with FaultIndex(wheels) as index:
        yield Host(folder, folder / "lock.txt", index.url)


@pytest.mark.posix
@pytest.mark.slow
def test_get_test_whatif_set_export_and_away_again(host: Host) -> None:
    code, state, _ = host.ask("get")
    assert (code, state["_exist"]) == (0, False)
    code, state, _ = host.ask("test")
    assert (code, state["_inDesiredState"]) == (0, False)
    code, state, stderr = host.ask("whatif")
    assert code == 0 and state["_exist"] and state["profile"] == "small", stderr
    assert state["_metadata"]["whatIf"]
    assert not Path(host.instance["home"]).exists()  # nothing was changed by asking
    code, state, stderr = host.ask("set")
    assert code == 0, stderr
    assert state["_exist"] and state["profile"] == "small"
    assert Path(state["python"]).exists() and state["path"].endswith("current")
    code, listed, _ = host.ask("export")
    assert (code, listed["_exist"], listed["profile"]) == (0, True, "small")
    code, state, _ = host.ask("test")
    assert (code, state["_inDesiredState"]) == (0, True)
    code, state, _ = host.ask("whatif")
    assert (code, state["_metadata"]) == (0, {"whatIf": []})
    code, again, stderr = host.ask("set")
    assert (code, again["environment"]) == (
        0,
        str(Path(state["home"], "envs", again["environment"].rsplit("/", 1)[1])),
    )
    assert "Nothing to do" in stderr
    (Path(again["environment"]) / "lib").rename(Path(again["environment"]) / "lib-gone")
    code, state, _ = host.ask("test")
    assert (code, state["_inDesiredState"]) == (0, False)
    (Path(again["environment"]) / "lib-gone").rename(Path(again["environment"]) / "lib")
    code, state, _ = host.ask("whatif", _exist=False)
    assert code == 0 and not state["_exist"] and state["_metadata"]["whatIf"]
    code, state, stderr = host.ask("set", _exist=False)
    assert (code, state["_exist"]) == (0, False), stderr
    assert not Path(host.instance["home"], "envs").exists()
    assert host.ask("export")[:2] == (0, {})  # what is not there is no instance
    code, state, _ = host.ask("test", _exist=False)
    assert (code, state["_inDesiredState"]) == (0, True)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("[]", "no JSON object"),
        ("{", "no JSON object"),
        ('{"profile": 3}', "cannot be used"),
        ('{"colour": "red"}', "unknown field"),
        ('{"scope": "everybody"}', "cannot be used"),
        ('{"scope": "all-users", "home": "/x"}', "exclude each other"),
        ('{"profile": "no-such"}', "no-such"),
    ],
)
def test_a_wrong_instance_gets_one_sentence(given: str, said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "app", "dsc", "whatif"],
        cwd=ROOT,
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert said in done.stderr and "Traceback" not in done.stderr and done.stdout == ""
