"""The Ansible collection with real hosts.

Ansible-core against three sshd of the test's own, each started as root in namespaces of its own:
one good, one whose network has no index, one whose disk is small.

Marked ``real``: ansible-core and ansible-lint come from the package index, into a folder of the test's.
It takes some minutes on a busy PC, so CI leaves it out, and the closing note has its output.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import pytest

from app.adapters.computer import LocalComputer
from app.adapters.windows.registry import SystemRegistry
from tests.fault_index import FaultIndex, lock_of
from tests.journeys import command
from tests.rights import is_root

ROOT = Path(__file__).parents[2]
COLLECTION = Path("ansible_collections", "unsloth_setup", "fleet")
SSHD = shutil.which("sshd") or ("/usr/sbin/sshd" if Path("/usr/sbin/sshd").exists() else None)
pytestmark = [
    pytest.mark.real,
    pytest.mark.posix,
    pytest.mark.slow,
    pytest.mark.skipif(not is_root(), reason="needs root: sshd in namespaces of its own"),
    pytest.mark.skipif(SSHD is None, reason="needs sshd"),
    pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare"),
]


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of ansible-core and ansible-lint, in a virtual environment of the test's own."""
    folder = tmp_path_factory.mktemp("ansible") / "venv"
    uv = LocalComputer(SystemRegistry()).uv()
    for words in (
        [uv, "venv", "-q", "--python", sys.executable, str(folder)],
        [uv, "pip", "install", "-q", "--python", str(folder), "ansible-core", "ansible-lint"],
    ):
        subprocess.run(words, check=True)
    return folder / "bin"


@dataclass
class Fleet:
    """The controller's folder, as ``deploy-files`` wrote it, and an inventory of three hosts."""

    folder: Path
    tools: Path
    outputs: list[str] = field(default_factory=list)

    def play(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a playbook on all hosts."""
        done = subprocess.run(
            [str(self.tools / "ansible-playbook"), "-i", "inventory.yml", *words],
            cwd=self.folder / "deploy" / "ansible",
            env={
                **os.environ,
                "PATH": f"{self.tools}:/usr/sbin:/usr/bin:/sbin:/bin",
                "ANSIBLE_NOCOLOR": "1",
                "ANSIBLE_HOST_KEY_CHECKING": "0",
                "ANSIBLE_LOCAL_TEMP": str(self.folder / "tmp"),
                "ANSIBLE_SSH_CONTROL_PATH_DIR": str(self.folder / "cp"),
                "LC_ALL": "C.UTF-8",
            },
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=1200,
            check=False,
        )
        self.outputs.append(f"$ ansible-playbook {' '.join(words)}\n{done.stdout}{done.stderr}")
        return done

    def recap(self, done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, int]]:
        """Ansible's own counts of a run, by host."""
        lines = done.stdout.partition("PLAY RECAP")[2].splitlines()[1:]
        assert lines, done.stdout[-3000:] + done.stderr[-3000:]
        return {
            line.split(":")[0].strip(): {
                word.split("=")[0]: int(word.split("=")[1]) for word in line.split(":")[1].split()
            }
            for line in lines
            if ":" in line
        }


class Words(HTMLParser):
    """The words of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def handle_data(self, data: str) -> None:
        """One stretch of text."""
        self.seen.append(data)


@pytest.fixture(scope="module")
def fleet(tools: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Three hosts that the controller reaches by ssh: each connection is one sshd, started as root."""
    folder = tmp_path_factory.mktemp("fleet")
    done = subprocess.run(
        [sys.executable, "-m", "app", "deploy-files", str(folder / "deploy")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for name in ("host", "user"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True
        )
    (folder / "sshd.conf").write_text(
        f"HostKey {folder}/host\nAuthorizedKeysFile {folder}/user.pub\nPermitRootLogin yes\n"
        "StrictModes no\nUsePAM no\nPidFile none\nPasswordAuthentication no\n"
        "Subsystem sftp internal-sftp\n"
    )
    Path("/run/sshd").mkdir(exist_ok=True)
    wheels = command.wheels()
    (folder / "lock.txt").write_text(lock_of(wheels))
    (folder / "answers.toml").write_text('schema = "answers/1"\nverify = "quick"\n')
    program = folder / "unsloth-setup"
    program.write_text(
        f"#!/bin/sh\ncd {ROOT}\nunset PYTHONPATH\nexport PIP_CONFIG_FILE=/dev/null "
        f'SMALL_LOCK={folder}/lock.txt\nexec {sys.executable} -m tests.journeys.command "$@"\n'
    )
    program.chmod(0o755)
    sshd = f"{SSHD} -i -f {folder}/sshd.conf -E {folder}/sshd.log"
    (folder / "small-disk").mkdir()
    starts = {
        "good": sshd,
        "no-index": f"unshare --net sh -c 'ip link set lo up; exec {sshd}'",
        "full": f"unshare --mount --propagation private sh -c 'mount -t tmpfs -o size=20m tmpfs "
        f"{folder}/small-disk; exec {sshd}'",
    }
    homes = {"good": "good", "no-index": "no-index", "full": "small-disk/home"}
    with FaultIndex(wheels) as index:
        lines = ["all:", "  hosts:"]
        for name, start in starts.items():
            script = folder / f"connect-{name}"
            script.write_text(f"#!/bin/sh\n{start}\n")
            script.chmod(0o755)
            lines += [
                f"    {name}:",
                f"      ansible_ssh_common_args: -o ProxyCommand={script}",
                f"      unsloth_setup_home: {folder}/{homes[name]}",
            ]
        lines += [
            "  vars:",
            "    ansible_user: root",
            f"    ansible_ssh_private_key_file: {folder}/user",
            f"    ansible_python_interpreter: {sys.executable}",
            f"    unsloth_setup_program: [{program}]",
            "    unsloth_setup_profile: small",
            f"    unsloth_setup_index: {index.url}",
            f"    unsloth_setup_answers: {folder}/answers.toml",
            f"    unsloth_setup_report_folder: {folder}",
        ]
        inventory = folder / "deploy" / "ansible" / "inventory.yml"
        inventory.write_text("\n".join(lines) + "\n")
        yield Fleet(folder, tools)


def test_ansible_lint_finds_nothing(fleet: Fleet) -> None:
    done = subprocess.run(
        [str(fleet.tools / "ansible-lint"), "--offline", "--nocolor", "--profile", "production"],
        cwd=fleet.folder / "deploy" / "ansible" / COLLECTION,
        env={
            **os.environ,
            "PATH": f"{fleet.tools}:/usr/bin:/bin",
            "ANSIBLE_COLLECTIONS_PATH": str(fleet.folder / "deploy" / "ansible"),
            "ANSIBLE_HOME": str(fleet.folder / "ansible-home"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    assert "0 failure(s), 0 warning(s)" in done.stdout + done.stderr


def test_three_hosts_two_runs_and_one_report(fleet: Fleet, figures: list[str]) -> None:
    home = fleet.folder / "good"
    checked = fleet.play("unsloth_setup.fleet.site", "--check", "--diff")
    counts = fleet.recap(checked)
    assert counts["good"]["changed"] >= 1 and counts["good"]["failed"] == 0, fleet.outputs[-1][
        -6000:
    ]
    assert not (home / "envs").exists()  # a check changes nothing
    assert '"profile": "small"' in checked.stdout  # the diff

    first = fleet.play("unsloth_setup.fleet.site")
    counts = fleet.recap(first)
    assert counts["good"]["failed"] == 0 and counts["good"]["changed"] >= 1
    assert counts["no-index"]["failed"] == 1 and counts["full"]["failed"] == 1
    assert (home / "active.json").exists()
    report = json.loads((fleet.folder / "fleet.json").read_text())
    rows = {row["host"]: row for row in report["hosts"]}
    assert rows["good"]["verdict"] == "works" and rows["good"]["proven_at"]
    assert rows["good"]["profile"] == "small" and rows["good"]["cause"] is None
    assert rows["full"]["cause"] == "disk-low", rows["full"]
    assert rows["no-index"]["cause"] == "offline", rows["no-index"]  # its network has no index
    assert (report["total"], report["proven"]) == (3, 1)
    assert sum(report["causes"].values()) == 2

    parser = Words()
    page = (fleet.folder / "fleet.html").read_bytes()
    parser.feed(page.decode("utf-8"))
    assert {"good", "full", "no-index"} <= set(parser.seen)
    assert "1 of 3 hosts are proven" in parser.seen

    second = fleet.play("unsloth_setup.fleet.site")
    counts = fleet.recap(second)
    assert all(one["changed"] == 0 for one in counts.values()), second.stdout[-4000:]
    assert json.loads((fleet.folder / "fleet.json").read_text()) == report
    assert (fleet.folder / "fleet.html").read_bytes() == page

    package = next((home / "envs").rglob("peft/__init__.py"))
    package.unlink()
    output = fleet.play("unsloth_setup.fleet.report")
    assert fleet.recap(output)["good"]["failed"] == 0
    drifted = json.loads((fleet.folder / "fleet.json").read_text())
    row = next(row for row in drifted["hosts"] if row["host"] == "good")
    assert row["drift"] and row["verdict"] == "not_checked"

    gone = fleet.play(
        "unsloth_setup.fleet.site", "-e", "unsloth_setup_state=absent", "--limit", "good,localhost"
    )
    assert fleet.recap(gone)["good"]["failed"] == 0
    assert not (home / "envs").exists()
    keep = os.environ.get("UNSLOTH_FLEET_OUTPUT")
    if keep:
        Path(keep).write_text("\n".join(fleet.outputs), "utf-8")
        shutil.copy(fleet.folder / "fleet.html", f"{keep}.html")
    figures.append("Fleet: 3 hosts by ssh; second run changed 0")
