"""Each command of docs/ADMINISTRATORS.md is run.

Here with the small profile in place of real ones, the rest by the test that is named.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from app.cli.parser import read
from tests.deploy import test_all_users, test_ansible
from tests.fault_index import FaultIndex, lock_of
from tests.journeys import command

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "ADMINISTRATORS.md").read_text("utf-8")
LINES = [
    line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()
]
OWN = [line for line in LINES if line.startswith("unsloth-setup ")]
# Run elsewhere: as root among two users, and by ansible-playbook on three hosts.
ELSEWHERE = {
    "sudo unsloth-setup install --yes --all-users": test_all_users,
    "ansible-playbook -i inventory.yml unsloth_setup.fleet.site --check --diff": test_ansible,
    "ansible-playbook -i inventory.yml unsloth_setup.fleet.site": test_ansible,
    "ansible-playbook -i inventory.yml unsloth_setup.fleet.report": test_ansible,
}


def test_every_command_is_run_by_a_test() -> None:
    assert len(OWN) >= 10
    assert set(LINES) == {*OWN, *ELSEWHERE}
    for line, module in ELSEWHERE.items():
        source = Path(module.__file__ or "").read_text("utf-8")
        words = line.split()[-1] if "ansible" in line else "administrators_line"
        assert words.strip('"') in source, line


def test_the_page_is_one_page() -> None:
    assert len(PAGE.splitlines()) < 110


@pytest.mark.posix
@pytest.mark.slow
def test_the_commands_do_what_the_page_says(tmp_path: Path) -> None:
    """In the page's order, in one home. An install in place ends at once, so that the order is free."""
    wheels = command.wheels()
    (tmp_path / "lock.txt").write_text(lock_of(wheels))
    bare = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "UV_"))}
    env = {
        **bare,
        "PIP_CONFIG_FILE": "/dev/null",
        "SMALL_LOCK": str(tmp_path / "lock.txt"),
        "UNSLOTH_SETUP_HOME": str(tmp_path / "home"),
        "UV_PYTHON_INSTALL_MIRROR": "https://127.0.0.1:9",
        "PYTHONPATH": str(ROOT),
    }
    with FaultIndex(wheels) as index:
        (tmp_path / "answers.toml").write_text(
            f'profile = "small"\nindex = "{index.url}"\nverify = "quick"\n'
        )
        env["UNSLOTH_SETUP_ANSWERS"] = str(tmp_path / "answers.toml")
        instance = {"home": str(tmp_path / "other"), "profile": "small", "index": index.url}
        (tmp_path / "instance.json").write_text(json.dumps(instance))
        for line in OWN:
            words, _, source = line.partition(" < ")
            given = re.sub(r"practice-cpu|torch28-\S+", "small", words).split()[1:]
            if given[:2] == ["install", "--yes"] and "--offline" in given:
                env["UNSLOTH_SETUP_ANSWERS"] = _quick(
                    tmp_path
                )  # the bundle alone says what to take
            read(given)
            done = subprocess.run(
                [sys.executable, "-m", "tests.journeys.command", *given],
                cwd=tmp_path,
                env=env,
                input=(tmp_path / source).read_text() if source else "",
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
            )
            assert done.returncode == 0, (line, done.stdout[-1500:], done.stderr[-1500:])
            if "--json" in given:
                last = json.loads(
                    done.stdout if done.stdout.startswith("{\n") else done.stdout.splitlines()[-1]
                )
                assert last["schema"] in ("plan/1", "result/1", "status/1"), line
            if given[:2] == ["dsc", "set"]:
                assert json.loads(done.stdout)["verdict"] == "works"
    assert (tmp_path / "DIR" / "intune" / "README.md").exists()
    assert (tmp_path / "unsloth-bundle" / "sbom" / "small.cdx.json").exists()


def _quick(folder: Path) -> str:
    path = folder / "quick.toml"
    path.write_text('verify = "quick"\n')
    return str(path)
