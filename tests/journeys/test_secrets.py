"""Secrets planted wherever people keep them never come out.

Not in logs, events, journal, plan, script or report.

Real runs of the program, finishing and failing, with passwords in pip's and uv's settings, in the
answers, in proxies and in variables. Then every byte that the program wrote, below home and on both
streams, is searched for each of them in every spelling that addresses, headers, JSON and Windows
programs use.
"""

from __future__ import annotations

import base64
import json
import os
import random
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from tests.fault_index import FaultIndex, lock_of, make_wheel

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.slow]
LETTERS = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
STRANGE = "%+ äß&=/?#:;'\"\\"
MACHINE = str(ROOT / "resources/machines/rtx3090-windows.json")
# A check of a hostile or merely talkative package: it prints all that it can see, in several
# spellings.
TALKATIVE = """import base64, json, os, sys, time, urllib.parse
for name, value in os.environ.items():
    print(name, value, urllib.parse.unquote(value), base64.b64encode(value.encode()).decode())
    sys.stdout.flush()
    sys.stdout.buffer.write(value.encode("utf-16-le") + b"\\n")
    half = len(value) // 2
    sys.stdout.flush(); os.write(1, value[:half].encode()); time.sleep(0.05); os.write(1, value[half:].encode() + b"\\n")
    print(json.dumps({"what": "measured", "name": name, "value": value, "detail": {"again": value}}))
print(json.dumps({"what": "failed", "code": "told-all", "message": "All: " + " ".join(os.environ.values()),
                  "details": repr(dict(os.environ)), "hint": " ".join(os.environ.values())}))
sys.exit(1)
"""


class Planted:
    """The secrets of one trial: by where they lie, as plain text."""

    def __init__(self, seed: int) -> None:
        chance = random.Random(seed)

        def word(strange: bool = True) -> str:
            letters = "".join(chance.choice(LETTERS) for _ in range(18))
            return (
                letters[:9] + "".join(chance.sample(STRANGE, 3)) + letters[9:]
                if strange
                else letters
            )

        self.index, self.extra, self.proxy, self.pip = word(), word(), word(), word()
        self.hf, self.github, self.own = "hf_" + word(False), "ghp_" + word(False) * 2, word(False)

    def all(self) -> dict[str, str]:
        return dict(vars(self))

    @staticmethod
    def spellings(user: str, secret: str) -> set[bytes]:
        """A secret as it could stand in a file."""
        texts = {
            secret,
            quote(secret),
            quote(secret, safe=""),
            quote_plus(secret),
            json.dumps(secret)[1:-1],
            json.dumps(secret, ensure_ascii=False)[1:-1],
            repr(secret)[1:-1],
        }
        texts |= {
            base64.b64encode(t.encode()).decode().rstrip("=") for t in (secret, f"{user}:{secret}")
        }
        return {
            form
            for text in texts
            for form in (text.encode(), text.encode("utf-16-le"), text.encode("utf-16-be"))
        }


def found_in(data: bytes, planted: Planted) -> list[str]:
    """The names of the secrets that stand in some bytes."""
    return [
        name
        for name, secret in planted.all().items()
        if any(form in data for form in Planted.spellings("jan", secret))
    ]


def all_bytes(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file below a folder, and what is packed in its zip files."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            data = path.read_bytes()
            yield str(path), data
            if data[:4] == b"PK\x03\x04" and path.suffix == ".zip":
                with zipfile.ZipFile(BytesIO(data)) as archive:
                    for name in archive.namelist():
                        yield f"{path}:{name}", archive.read(name)


def searched(
    folder: Path, planted: Planted, *completed: subprocess.CompletedProcess[bytes]
) -> list[str]:
    """Where secrets came out: files by name, streams by their place."""
    streams = [
        (f"{one.args} {name}", data)
        for one in completed
        for name, data in (("out", one.stdout), ("err", one.stderr))
    ]
    return [
        f"{name} in {where}"
        for where, data in [*all_bytes(folder), *streams]
        for name in found_in(data, planted)
    ]


@pytest.fixture(params=[1, 2])
def planted(request: pytest.FixtureRequest) -> Planted:
    return Planted(request.param)


@pytest.fixture
def person(tmp_path: Path, planted: Planted) -> dict[str, str]:
    """The variables of a person who keeps secrets in them and in his settings."""
    settings = tmp_path / "settings"
    (settings / "uv").mkdir(parents=True)
    pip, safe = settings / "pip.conf", quote(planted.pip, safe="").replace("%", "%%")
    pip.write_text(
        f"[global]\nextra-index-url = https://jan:{safe}@pip.invalid/simple/\n"
        f"proxy = http://jan:{safe}@proxy.invalid:3128\n",
        encoding="utf-8",
    )
    clean = {
        k: v
        for k, v in os.environ.items()
        if not k.upper().startswith(("PIP_", "UV_")) and "proxy" not in k.lower()
    }
    extra = f"https://jan:{quote(planted.extra, safe='')}@uv.invalid/simple/"
    return {
        **clean,
        "PIP_CONFIG_FILE": str(pip),
        "UV_EXTRA_INDEX_URL": extra,
        "HF_TOKEN": planted.hf,
        "GITHUB_TOKEN": planted.github,
        "MY_API_KEY": planted.own,
        "HTTPS_PROXY": f"http://jan:{quote(planted.proxy, safe='')}@proxy.invalid:3128",
        "NO_PROXY": "127.0.0.1",
    }


def app(env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        cwd=ROOT,
        env=env,
        capture_output=True,
        check=False,
    )


def small(
    env: dict[str, str], home: Path, url: str, lock: Path, **more: str
) -> subprocess.CompletedProcess[bytes]:
    """The small profile through the real program, fetching with little patience."""
    hasty = {
        "SMALL_PATIENCE": json.dumps(
            {"connect": 2.0, "read": 2.0, "attempts": 2, "first_attempts": 2, "backoff": 0.05}
        )
    }
    return subprocess.run(
        [sys.executable, "-m", "tests.journeys.small", str(home), url, str(lock), "small-1"],
        cwd=ROOT,
        env={**env, **hasty, **more},
        capture_output=True,
        check=False,
    )


@pytest.mark.fault("planted secrets")
def test_installs_that_finish_and_fail_tell_no_secret(
    tmp_path: Path, planted: Planted, person: dict[str, str]
) -> None:
    wheels = [make_wheel(f"piece-{n}", size=20_000) for n in range(3)]
    lock, home = tmp_path / "lock.txt", tmp_path / "home"
    lock.write_text(lock_of(wheels))
    person.pop("UV_EXTRA_INDEX_URL")
    person["PIP_CONFIG_FILE"] = os.devnull
    with FaultIndex(wheels) as index:
        url = index.url.replace("//", f"//jan:{quote(planted.index, safe='')}@")
        found = [small(person, home, url, lock)]
        assert found[0].returncode == 0, found[0].stderr[-2000:]
        asked = index.asked(".whl")
        assert asked and all(
            "Authorization" in r.headers for r in asked
        )  # the secret was really used
        found.append(small(person, home, url, lock, SMALL_CHECK=TALKATIVE))
        assert found[-1].returncode == 4 and b"told-all" in found[-1].stdout
        for where, kind, code in (
            ("/simple/", "status", 403),
            ("/simple/", "circle", 0),
            ("whl$", "captive", 0),
            ("whl$", "corrupt", 0),
            ("whl$", "status", 404),
        ):
            index.rules.clear()
            index.fail(where, kind, code=code)
            found.append(small(person, home / f"{kind}{len(found)}", url, lock))
            assert found[-1].returncode == 4, (kind, found[-1].stderr[-1000:])
    nobody = f"https://jan:{quote(planted.index, safe='')}@index.invalid/simple/"
    found.append(small(person, tmp_path / "home" / "dns", nobody, lock))
    assert found[-1].returncode == 4
    assert (home / "journal.jsonl").exists() and list((home / "logs").glob("*.log"))
    assert searched(home, planted, *found) == []


@pytest.mark.fault("planted secrets")
def test_looking_planning_and_reporting_tell_no_secret(
    tmp_path: Path, planted: Planted, person: dict[str, str]
) -> None:
    home, answers = tmp_path / "home", tmp_path / "answers.toml"
    answers.write_text(
        f'index = "https://jan:{quote(planted.index, safe="")}@index.invalid/simple/"\n'
        f'extra_indexes = ["https://jan:{quote(planted.extra, safe="")}@extra.invalid/simple/"]\n'
        f'proxy = "http://jan:{quote(planted.proxy, safe="")}@proxy.invalid:3128"\n'
    )
    common = ("--home", str(home), "--answers", str(answers))
    found = [
        app(person, *words, *(common if words != ("profiles",) else ()))
        for words in (
            ("detect", "--json"),
            ("detect",),
            ("plan", "--json"),
            ("plan",),
            ("script", "--shell", "sh"),
            ("script", "--shell", "powershell"),
            ("report", "--output", str(home / "report.zip")),
            ("record",),
            ("profiles",),
            ("plan", "--machine", MACHINE, "--json"),
        )
    ]
    assert [one.returncode for one in found if one.returncode not in (0, 3)] == [], [
        one.stderr for one in found
    ]
    assert any(b"index.invalid" in one.stdout for one in found)  # the settings were really read
    assert (home / "report.zip").exists()
    assert searched(home, planted, *found) == []


CRASH = """import sys, app.__main__ as program
def fails(arguments): raise RuntimeError("with " + " ".join(arguments))
program._run_command = fails
sys.exit(program.main())
"""


@pytest.mark.fault("planted secrets")
def test_a_crash_report_holds_the_command_line_without_its_secrets(
    tmp_path: Path, planted: Planted, person: dict[str, str]
) -> None:
    address = f"https://jan:{quote(planted.index, safe='')}@index.invalid/simple/"
    words = ["plan", "--index", address, "--home", str(tmp_path / "home"), planted.hf]
    crashed = subprocess.run(
        [sys.executable, "-c", CRASH, *words],
        cwd=ROOT,
        env=person,
        capture_output=True,
        check=False,
    )
    assert crashed.returncode == 1
    [written] = (tmp_path / "home" / "reports").iterdir()
    assert b"index.invalid" in written.read_bytes()
    assert searched(tmp_path / "home", planted, crashed) == []


def test_the_search_itself_finds_what_is_planted(tmp_path: Path, planted: Planted) -> None:
    """Each spelling, in a file and in a zip: a search that finds nothing proves nothing until it
    can find something.
    """
    for name, secret in planted.all().items():
        for form in Planted.spellings("jan", secret):
            assert name in found_in(b"before " + form + b" after", planted)
    packed = tmp_path / "r.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.txt", planted.hf)
    assert searched(tmp_path, planted) == [f"hf in {packed}:inner.txt"]
