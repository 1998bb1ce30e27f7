"""From uv's answer to files.

The lock's hash counts, the best file is taken, nothing hostile gets through.
"""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.decide.plans.pylock import (
    WHEELHOUSE,
    add_hashes,
    choose_files,
    offline_lock,
    parse_pins,
    select_lines,
)
from app.model.errors import ExpectedError, InputError

A, B, C = "a" * 64, "b" * 64, "c" * 64
LOCK = f"""# made somewhere
torch==2.4.0+cu121 \\
    --hash=sha256:{A} \\
    --hash=sha256:{B}
    # via nobody
Typing_Extensions==4.12.2 ; python_version >= "3.8" --hash=sha256:{C}
torchvision==0.19.0+cu121
"""


def answer(**wheels: list[dict[str, Any]]) -> str:
    """A PEP 751 lock with these wheels; JSON strings and lists are TOML too."""
    text = 'lock-version = "1.0"\n'
    for name, entries in wheels.items():
        inner = ", ".join(
            "{" + ", ".join(f"{k} = {_toml(v)}" for k, v in one.items()) + "}" for one in entries
        )
        text += f"[[packages]]\nname = {json.dumps(name)}\nwheels = [{inner}]\n"
    return text


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k} = {_toml(v)}" for k, v in value.items()) + "}"
    return json.dumps(value)


def one(
    name: str = "one-1.0-py3-none-any.whl",
    sha256: str | None = A,
    host: str = "https://index.example/x/",
) -> dict[str, Any]:
    """One entry."""
    return {"url": host + name, "size": 7, **({"hashes": {"sha256": sha256}} if sha256 else {})}


def refused(pylock: str, lock: str = f"one==1.0 --hash=sha256:{A}", **how: Any) -> ExpectedError:
    """The fault that the answer is refused with."""
    with pytest.raises(ExpectedError) as caught:
        choose_files(pylock, parse_pins(lock), "3.11", "linux", **how)
    return caught.value


def test_pins_are_read_with_hashes_markers_and_odd_names() -> None:
    found = parse_pins(LOCK)
    assert list(found) == ["torch", "typing-extensions", "torchvision"]
    assert found["torch"].version == "2.4.0+cu121" and found["torch"].hashes == {A, B}
    assert found["typing-extensions"].hashes == {C} and found["torchvision"].hashes == frozenset()


@pytest.mark.parametrize(
    "line", ["torch>=2", "torch", "torch @ https://x.example/t.whl", "==2.4", "torch==2.*"]
)
def test_a_line_that_is_no_exact_pin_is_named(line: str) -> None:
    with pytest.raises(InputError, match="expected an exact pin"):
        parse_pins(line)


def test_missing_hashes_are_written_into_the_lock() -> None:
    whole = add_hashes(LOCK, {"torchvision": C, "torch": C})
    assert parse_pins(whole)["torchvision"].hashes == {C}
    assert parse_pins(whole)["torch"].hashes == {A, B}


@pytest.mark.parametrize(
    ("platform", "right"),
    [
        ("linux", "one-1.0-cp311-cp311-manylinux_2_28_x86_64.whl"),
        ("windows", "one-1.0-cp311-cp311-win_amd64.whl"),
    ],
)
def test_the_file_that_an_installer_would_take(platform: Any, right: str) -> None:
    tags = [
        "py3-none-any",
        "cp39-abi3-manylinux2014_x86_64",
        "cp311-cp311-manylinux_2_28_x86_64",
        "cp311-cp311-win_amd64",
        "cp311-cp311-manylinux_2_34_x86_64",
        "cp312-cp312-win_amd64",
        "cp311-cp311-manylinux_2_28_aarch64",
        "cp311-cp311-win32",
    ]
    names = [f"one-1.0-{tag}.whl" for tag in tags]
    found = choose_files(
        answer(one=[one(n) for n in names]),
        parse_pins(f"one==1.0 --hash=sha256:{A}"),
        "3.11",
        platform,
    )
    assert [f.file for f in found] == [right]


def test_only_a_file_with_a_hash_of_the_lock_counts() -> None:
    entries = [one("one-1.0-cp311-cp311-manylinux_2_28_x86_64.whl", B), one(sha256=A)]
    found = choose_files(
        answer(one=entries), parse_pins(f"one==1.0 --hash=sha256:{A}"), "3.11", "linux"
    )
    assert found[0].file == "one-1.0-py3-none-any.whl" and found[0].sha256 == (A,)
    assert refused(answer(one=[one(sha256=B)])).code == "pip_hash_mismatch"
    assert refused(answer(one=[one(sha256=None)]), "one==1.0").code == "pip_hash_mismatch"


def test_an_index_without_hashes_leaves_those_of_the_lock() -> None:
    found = choose_files(
        answer(one=[one(sha256=None)]),
        parse_pins(f"one==1.0 --hash=sha256:{A} --hash=sha256:{B}"),
        "3.11",
        "linux",
    )
    assert found[0].sha256 == (A, B) and not found[0].published


def test_an_unhashed_package_takes_what_the_index_published() -> None:
    found = choose_files(
        answer(one=[one(sha256=C)]), parse_pins("one==1.0"), "3.11", "linux", ("One",)
    )
    assert found[0].sha256 == (C,) and found[0].published


@pytest.mark.parametrize(
    "name",
    [
        "one-1.1-py3-none-any.whl",
        "two-1.0-py3-none-any.whl",
        "one-1.0.tar.gz",
        "one-1.0-py3-none-any.whl.exe",
        "",
        "..%5Cone-1.0-py3-none-any.whl",
        "one-1.0-py3-none-any%00.whl",
        "one-1.0-py3-none-any.whl%0a",
        "C:one-1.0-py3-none-any.whl",
        "one-1.0%2B%1b%5B31m-py3-none-any.whl",
    ],
)
def test_names_that_are_not_the_wheel_are_refused(name: str) -> None:
    error = refused(answer(one=[one(name)]))
    assert error.code == "index_unsafe" and error.message.isprintable()


@pytest.mark.parametrize(
    "host",
    [
        "ftp://x.example/",
        "file:///etc/",
        "file:///home/wheels/../../etc/",
        "data:x/",
        "//x.example/",
        "file://server/share/",
        "http://[",
    ],
)
def test_addresses_that_are_not_taken(host: str) -> None:
    assert (
        refused(answer(one=[one(host=host)]), local=("file:///home/wheels",)).code == "index_unsafe"
    )


def test_a_file_of_a_chosen_folder_is_taken() -> None:
    found = choose_files(
        answer(one=[one(host="file:///home/wheels/sub/")]),
        parse_pins(f"one==1.0 --hash=sha256:{A}"),
        "3.11",
        "linux",
        local=("file:///home/wheels",),
    )
    assert found[0].url.startswith("file:///home/wheels/")


def test_packages_more_or_fewer_than_locked() -> None:
    assert (
        refused(answer(one=[one()], two=[one("two-1.0-py3-none-any.whl")])).code == "index_unsafe"
    )
    assert refused(answer()).code == "package_missing"
    assert refused(answer(one=[])).code == "wheel_unsuitable"
    assert (
        refused(answer(one=[one("one-1.0-cp311-cp311-macosx_11_0_arm64.whl")])).code
        == "wheel_unsuitable"
    )
    assert refused("not toml [").code == "resolve_failed"


@given(
    st.text(max_size=60),
    st.text(max_size=30),
    st.sampled_from(["https://x.example/", "file:///", ""]),
)
def test_whatever_an_index_says_is_a_wheel_or_an_expected_fault(
    name: str, sha256: str, host: str
) -> None:
    try:
        found = choose_files(
            answer(one=[one(name, sha256, host)]),
            parse_pins(f"one==1.0 --hash=sha256:{A}"),
            "3.11",
            "linux",
        )
    except ExpectedError as error:
        assert error.message
    else:
        assert found[0].file == "one-1.0-py3-none-any.whl"


def test_some_lines_of_a_lock() -> None:
    assert list(parse_pins(select_lines(LOCK, {"typing-extensions", "torchvision"}))) == [
        "typing-extensions",
        "torchvision",
    ]
    assert parse_pins(select_lines(LOCK, {"torch"}))["torch"] == parse_pins(LOCK)["torch"]
    assert select_lines(LOCK, ()) == ""


def test_the_lock_of_fetched_files_names_each_with_its_hash_and_place() -> None:
    place = "file:///C:/J%C3%BCrgens%20home/torch-2.4.0%2Bcu121-cp311-cp311-win_amd64.whl"
    read = tomllib.loads(
        offline_lock(
            [
                ("torch-2.4.0+cu121-cp311-cp311-win_amd64.whl", A, place),
                ("Typing_Extensions-4.12.2-py3-none-any.whl", C, 'http://127.0.0.1:1/"x'),
            ]
        )
    )
    first, second = read["packages"]
    assert (first["name"], first["version"], first["index"]) == ("torch", "2.4.0+cu121", WHEELHOUSE)
    assert first["wheels"] == [{"url": place, "hashes": {"sha256": A}}]
    assert (
        second["name"] == "typing-extensions"
        and second["wheels"][0]["url"] == 'http://127.0.0.1:1/"x'
    )
