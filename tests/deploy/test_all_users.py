"""One home for every user of a PC, with two real users.

An administrator installs, both run it, neither changes it, and what they write is their own.

Everything happens in a namespace of mounts with its own /etc, /home and /opt (``private_root.sh``).
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import stat
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.adapters.computer import LocalComputer
from app.adapters.local_system import open_system
from app.adapters.windows.registry import SystemRegistry
from app.engine import home_folder, shared_home
from app.model.home_layout import HomeLayout
from app.steps import model_cache
from tests.fault_index import FaultIndex, lock_of
from tests.journeys import command
from tests.rights import is_root

pytestmark = [pytest.mark.slow, pytest.mark.posix]
ROOT = Path(__file__).parents[2]
HOME = "/opt/unsloth-setup"
HERE = Path(__file__).parent
if sys.platform == "win32":
    pytest.skip("mount namespaces and useradd are of Linux", allow_module_level=True)


def _may() -> str:
    """Why a namespace with users of its own cannot be made here; empty where it can."""
    if not is_root():
        return "needs root: it makes users in a namespace of mounts"
    if not shutil.which("useradd") or not shutil.which("unshare"):
        return "needs useradd and unshare"
    tried = subprocess.run(
        ["unshare", "--mount", "mount", "--make-rprivate", "/"], capture_output=True, check=False
    )
    return "" if tried.returncode == 0 else "this system lets nobody make a namespace of mounts"


@dataclass
class Pc:
    """A computer with an administrator and two users; ``sh`` runs one script in it to its end."""

    folder: Path
    lock: Path
    index: FaultIndex
    mirror: Path

    def sh(self, script: str) -> subprocess.CompletedProcess[str]:
        """Run a shell script as its root, with the functions ``as`` and ``program``."""
        head = "\n".join(
            (
                "set -u",
                "umask 077",  # an administrator's own habit must not close the home
                f"export SMALL_LOCK=/opt/seen/mirror/{self.lock.name}",
                "export PYTHONDONTWRITEBYTECODE=1",
                "cd /opt/seen/root",
                "program='/opt/seen/venv/bin/python -m tests.journeys.command'",
                'as() { user=$1; shift; setpriv --reuid "$user" --regid "$user" --clear-groups '
                "env HOME=/home/$user USER=$user "
                'PATH=/usr/bin:/bin PIP_CONFIG_FILE=/dev/null SMALL_LOCK="$SMALL_LOCK" '
                'PYTHONDONTWRITEBYTECODE=1 "$@"; }',
            )
        )
        seen = {
            "ROOT": str(ROOT),
            "PYTHON": sys.base_prefix,
            "SITE": sysconfig.get_path("purelib"),
            "MIRROR": str(self.mirror),
            "UV": LocalComputer(SystemRegistry()).uv(),
            "VERSION": f"python{sys.version_info[0]}.{sys.version_info[1]}",
        }
        bare = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "UV_"))}
        return subprocess.run(
            [
                *("unshare", "--mount", "sh", str(HERE / "private_root.sh"), str(self.folder)),
                *("sh", "-c", f"{head}\n{script}"),
            ],
            env={**bare, **seen, "PIP_CONFIG_FILE": "/dev/null"},
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )

    @property
    def install(self) -> str:
        """The words of an administrator's install."""
        return (
            f"$program install --yes --json --index {self.index.url} "
            "--answers /opt/seen/mirror/answers.toml"
        )


@pytest.fixture(scope="module")
def pc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pc]:
    """The computer, its package index, and a mirror with one real Python."""
    why = _may()
    if why:
        pytest.skip(why)
    path = ROOT / "tests" / "journeys" / "test_bundled_python.py"
    spec = importlib.util.spec_from_file_location("pythons", path)
    assert spec is not None and spec.loader is not None
    pythons = importlib.util.module_from_spec(spec)
    sys.modules["pythons"] = pythons
    spec.loader.exec_module(pythons)
    folder = tmp_path_factory.mktemp("pc")
    made = pythons.Mirror(folder / "mirror")
    pythons.pack_own(made.archive("linux"))
    made.list.write_text(json.dumps(dict([pythons.entry("linux", made.archive("linux"))])))
    room = (ROOT / "resources" / "deploy" / "answers" / "class-room.toml").read_text("utf-8")
    (made.folder / "answers.toml").write_text(
        room.replace('"practice-cpu"', '"small"') + 'python_mirror = "/opt/seen/mirror"\n'
        'python_list = "/opt/seen/mirror/pythons.json"\n'
    )
    wheels = command.wheels()
    lock = made.folder / "lock.txt"
    lock.write_text(lock_of(wheels))
    with FaultIndex(wheels) as index:
        yield Pc(folder / "root", lock, index, made.folder)


def administrators_line(pc: Pc) -> str:
    """The page's own words for an install, on this computer's index and with this test's answers."""
    page = (ROOT / "docs" / "ADMINISTRATORS.md").read_text("utf-8")
    line = next(line for line in page.splitlines() if line.startswith("sudo unsloth-setup "))
    more = f" --json --index {pc.index.url} --answers /opt/seen/mirror/answers.toml"
    return line.replace("sudo unsloth-setup", "$program") + more


def test_two_users_run_what_an_administrator_installed_and_change_nothing(pc: Pc) -> None:
    done = pc.sh(
        f"""
        {pc.install} > /opt/out/install.json 2> /opt/out/install.txt \\
            || {{ cat /opt/out/install.* >&2; exit 90; }}
        {administrators_line(pc)} > /opt/out/again.json 2>/opt/out/again.txt || exit 91
        echo "python $(readlink -f {HOME}/current/bin/python)"
        tail -n 1 /opt/out/again.json
        for user in anna berta; do
            as $user $program status --json > /opt/out/$user.json 2>/opt/out/$user.txt || {{ cat /opt/out/$user.* >&2; exit 92; }}
            as $user $program run -- python -c 'import torch, sys; print("uses", sys.prefix)' || exit 93
            as $user $program env path || exit 94
            as $user $program verify --quick --json > /opt/out/verify.json 2>/opt/out/verify.txt \\
                || {{ cat /opt/out/verify.txt >&2; exit 95; }}
            as $user $program install --yes --all-users --profile small > /dev/null 2>/opt/out/no.txt
            echo "install $?: $(tail -n 2 /opt/out/no.txt | tr '\\n' ' ')"
            as $user $program rollback --home {HOME} --yes > /dev/null 2>/opt/out/no.txt; echo "rollback $?"
            as $user $program uninstall --home {HOME} --remove all --yes > /dev/null 2>&1; echo "uninstall $?"
            as $user sh -c 'touch {HOME}/x {HOME}/envs/x {HOME}/current/x {HOME}/active.json.x \\
                2>/dev/null; rm -rf {HOME}/envs {HOME}/python 2>/dev/null'
            as $user $program status --json >> /opt/out/$user.json
            echo "own $user $(cd /home/$user/.local/share && echo *)"
        done
        as berta sh -c 'ls /home/anna/.local/share/UnslothSetup-shared 2>/dev/null && echo seen'
        as anna find {HOME} -writable ! -type l -printf 'loose %p\\n' 2>/dev/null
        as anna find {HOME} ! -readable -printf 'closed %P\\n'
        as anna find {HOME}/envs {HOME}/python -type d ! -executable -printf 'dark %P\\n'
        cat /opt/out/anna.json
        """
    )
    assert done.returncode == 0, (done.returncode, done.stdout[-3000:], done.stderr[-3000:])
    lines = done.stdout.splitlines()
    python = next(line for line in lines if line.startswith("python "))
    assert python.startswith(f"python {HOME}/python/cpython-"), python
    again = next(json.loads(line) for line in lines if line.startswith('{"schema":"result/1"'))
    assert again["outcome"] == "finished" and again["changed"] is False
    assert sum(line.startswith(f"uses {HOME}/envs/") for line in lines) == 2
    assert lines.count(f"{HOME}/current") == 2
    refused = [line for line in lines if line.startswith("install ")]
    assert len(refused) == 2
    assert all(line.startswith("install 3: ") and "administrator" in line for line in refused)
    assert lines.count("rollback 3") == 2
    assert lines.count("uninstall 0") == 2
    assert [line for line in lines if line.startswith(("loose", "dark"))] == []
    closed = {line.split()[1].split("/")[0] for line in lines if line.startswith("closed")}
    assert closed <= {"cache", "logs", "wheels", "work", "reports", "quarantine"}, closed
    assert "seen" not in lines
    answer = json.loads(
        done.stdout[done.stdout.index('{\n  "schema": "status/1"') :].split("\n}\n")[0] + "}"
    )
    assert answer["scope"] == "all-users" and answer["installed"] and answer["verdict"] == "works"
    assert answer["path"] == f"{HOME}/current"


def test_a_folder_that_others_may_write_to_is_no_home_for_all(pc: Pc) -> None:
    done = pc.sh(
        f"mkdir -m 777 {HOME}; {pc.install} | tail -n 1; chmod 755 {HOME}; chown anna {HOME}; "
        f"{pc.install} | tail -n 1"
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["error"]["code"] for one in found] == ["home-not-ours"] * 2
    assert all("cannot be trusted" in one["error"]["message"] for one in found)


def test_a_home_and_all_users_exclude_each_other(pc: Pc) -> None:
    done = pc.sh(f"{pc.install} --home /home/anna/x; echo code $?")
    assert "code 2" in done.stdout and "all_users: the home of all users is" in done.stdout


def test_a_system_accounts_profile_is_refused_with_the_way_that_serves() -> None:
    home = r"C:\Windows\system32\config\systemprofile\AppData\Local\UnslothSetup"
    refusal = home_folder.explain_refusal("system", home, HomeLayout(home, "windows"))
    assert "account of the system" in refusal and "install --all-users" in refusal
    other = home_folder.explain_refusal(
        "system", r"C:\Windows\x", HomeLayout(r"C:\Windows\x", "windows")
    )
    assert "--all-users" not in other


def test_a_guest_writes_only_below_an_own_folder() -> None:
    place = HomeLayout(HOME, "linux", own="/home/anna/.local/share/UnslothSetup-shared")
    for path in (place.logs, place.cache, place.lock, place.journal, place.at("work", "x")):
        assert path.startswith(place.own)
    assert place.environments not in place.layout
    for path in (place.environments, place.pythons, place.pointer, place.marker, place.current):
        assert path.startswith(HOME)
    assert place.holds(place.logs) and place.holds(place.environments)


def test_models_of_the_home_come_first_and_new_ones_are_the_users_own(tmp_path: Path) -> None:
    home, own = tmp_path / "home", tmp_path / "own"
    place = HomeLayout(str(home), "linux", own=str(own))
    system = open_system()
    first, second, *_ = model_cache.caches(system, place)
    assert (first, second) == (str(home / "models" / "hub"), str(own / "models" / "hub"))
    assert model_cache.own_cache(place) == second
    for cache in (second, first):
        folder = Path(cache) / "models--a--b"
        snapshot = folder / "snapshots" / "1"
        snapshot.mkdir(parents=True)
        listed = {"revision": "1", "files": ["config.json", "model.safetensors"]}
        (folder / model_cache.COMPLETE).write_text(json.dumps(listed))
        (snapshot / "config.json").write_text("{}")
        (snapshot / "model.safetensors").write_text("")
        found = model_cache.find("a/b", system, place)
        assert found is not None and found[0] == cache
    alone = HomeLayout(str(home), "linux")
    assert model_cache.caches(system, alone)[0] == model_cache.own_cache(alone)


def test_a_policy_that_any_user_could_have_made_is_not_obeyed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As below %ProgramData%, where users may make files: Linux keeps its policy in /etc."""
    path = tmp_path / "policy.toml"
    path.write_text('profile = "practice-cpu"\n')
    monkeypatch.setattr(LocalComputer, "policy_file", lambda _: str(path))
    assert shared_home.policy(open_system()) == str(path)  # a folder that no user may write to
    monkeypatch.setattr(LocalComputer, "shared_folder", lambda _: str(tmp_path))
    path.chmod(0o666)
    assert shared_home.policy(open_system()) is None
    path.unlink()
    assert shared_home.policy(open_system()) is None


def test_rights_of_a_tree_are_those_that_all_users_need(tmp_path: Path) -> None:
    from app.adapters.files import LocalFiles

    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "run.log").write_text("mine")
    (tmp_path / "bin").mkdir(mode=0o777)
    (tmp_path / "bin" / "tool").write_text("")
    (tmp_path / "bin" / "tool").chmod(0o777)
    (tmp_path / "data").write_text("")
    (tmp_path / "data").chmod(0o600)
    (tmp_path / "outside").symlink_to("/etc/hostname")
    before = os.stat("/etc/hostname").st_mode
    LocalFiles().open_to_all(str(tmp_path), [str(tmp_path / "logs")])

    def mode(name: str) -> int:
        return stat.S_IMODE(os.lstat(tmp_path / name).st_mode)

    assert (mode("bin"), mode("bin/tool"), mode("data"), mode("logs")) == (
        0o755,
        0o755,
        0o644,
        0o700,
    )
    assert os.stat("/etc/hostname").st_mode == before
