"""The machine file as other people write it: holes in every place, other encodings, several cards."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from app.adapters.resources import resource_names, resource_reader
from app.decide.findings.ranking import rank
from app.knowledge import Knowledge, load
from app.model.errors import InputError
from app.model.machine import Gpu, MachineFacts, decode_machine, main_card

GIB = 2**30
WHOLE: dict[str, Any] = {
    "schema": "machine/1",
    "taken_at": "2026-11-24T15:00:00Z",
    "os": {
        "family": "windows",
        "name": "Windows 11 Pro",
        "build": 22631,
        "arch": "x86_64",
        "long_paths": True,
        "is_admin": False,
        "locale": "de-DE",
        "wsl": False,
    },
    "cpu": {"name": "AMD Ryzen 7 5800X", "cores": 8, "threads": 16, "avx2": True},
    "memory": {"total": 32 * GIB, "available": 20 * GIB},
    "disks": [{"root": "C:\\", "total": 10**12, "free": 220 * 10**9, "filesystem": "NTFS"}],
    "gpus": [
        {
            "index": 0,
            "vendor": "nvidia",
            "name": "NVIDIA GeForce RTX 3090",
            "pci_id": "10de:2204",
            "compute_capability": "8.6",
            "memory_total": 24 * GIB,
            "memory_used": GIB,
            "power_limit_w": 350,
            "pcie_gen": 4,
            "pcie_width": 16,
            "display": True,
        }
    ],
    "driver": {"version": "581.80", "cuda_version": "13.0", "nvml": "ok"},
    "cuda_toolkits": [{"version": "12.1", "path": "C:\\CUDA\\v12.1"}],
    "tools": {
        "git": "2.45.1",
        "cmake": None,
        "msvc": "14.41.34120",
        "windows_sdk": None,
        "vc_runtime": "14.42.34433",
        "conda": None,
    },
    "pythons": [
        {
            "version": "3.11.9",
            "path": "C:\\Python311\\python.exe",
            "bits": 64,
            "origin": "python.org",
            "packages": {"torch": "2.8.0+cu128"},
        }
    ],
    "variables": {"CUDA_PATH": "C:\\CUDA"},
    "leftovers": [{"id": "own:1", "kind": "own", "path": "C:\\u", "size": 1, "detail": "x"}],
    "home": {"path": "C:\\Users\\J\u00fcrgen\\u", "on_onedrive": False},
    "network": {"proxy": None, "index": "reachable", "pytorch": "reachable"},
    "notes": [{"about": "tools.cmake", "text": "not on PATH"}],
}
NEEDED = {("schema",), ("os",), ("os", "family")}


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load(resource_reader(), resource_names())


def places(value: Any, where: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every field of a document, those of list items with them."""
    for key, inner in (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    ):
        if isinstance(value, dict):
            yield (*where, key)
        yield from places(inner, (*where, key))


def with_null(where: tuple[str | int, ...]) -> bytes:
    made = copy.deepcopy(WHOLE)
    inside: Any = made
    for key in where[:-1]:
        inside = inside[key]
    inside[where[-1]] = None
    return json.dumps(made).encode()


@pytest.mark.parametrize(
    "where", [p for p in places(WHOLE) if p not in NEEDED], ids=lambda p: ".".join(map(str, p))
)
def test_null_means_that_it_could_not_be_found_out(
    where: tuple[str | int, ...], knowledge: Knowledge
) -> None:
    """The contract's word on null counts for every field but the schema and the kind of system; it
    never blocks by itself.
    """
    facts = decode_machine(with_null(where), "pc.json")
    best = rank(facts, knowledge.profiles, knowledge.rules, knowledge.cards)[0]
    assert best.verdict != "blocked"
    assert best.profile.needs.gpu is (
        where != ("gpus",)
    )  # a card that may be there is never given up


@pytest.mark.parametrize("where", sorted(NEEDED))
def test_what_a_machine_file_cannot_do_without_is_named(where: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match=where[-1]):
        decode_machine(with_null(where), "pc.json")


def test_an_item_that_says_nothing_is_left_out_with_a_note() -> None:
    facts = decode_machine(with_null(("disks", 0, "root")), "pc.json")
    assert facts.disks == ()
    assert facts.notes[-1].about == "disks[0].root"


def test_a_null_in_place_of_an_item_is_still_wrong() -> None:
    with pytest.raises(InputError, match=r"gpus\[0\]"):
        decode_machine(json.dumps({**WHOLE, "gpus": [None]}).encode(), "pc.json")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le-bom"])
def test_what_windows_tools_save_is_read(encoding: str) -> None:
    """PowerShell 5 writes UTF-16 when output is redirected, Notepad puts a mark in front."""
    text = json.dumps(WHOLE, ensure_ascii=False)
    data = (
        b"\xff\xfe" + text.encode("utf-16-le")
        if encoding == "utf-16-le-bom"
        else text.encode(encoding)
    )
    facts = decode_machine(data, "pc.json")
    assert facts.home is not None
    assert facts.home.path == "C:\\Users\\Jürgen\\u"


def test_of_several_cards_the_one_that_can_train_is_the_main_one() -> None:
    old, new = (
        Gpu(vendor="nvidia", name="Tesla P40", compute_capability="6.1", memory_total=24 * GIB),
        Gpu(
            vendor="nvidia",
            name="NVIDIA GeForce RTX 4060",
            compute_capability="8.9",
            memory_total=8 * GIB,
        ),
    )
    strange = Gpu(vendor="nvidia", name="A card", compute_capability="sm_86 or so")
    assert main_card((old, new)) == new
    assert main_card((Gpu(vendor="amd", memory_total=48 * GIB), old)) == old
    assert main_card((strange, old)) == strange
    assert main_card(()) is None
    assert MachineFacts.main_card(decode_machine(json.dumps(WHOLE).encode(), "pc.json")) is not None
