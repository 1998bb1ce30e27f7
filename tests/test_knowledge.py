"""What ships in ``resources/`` is whole, and what is broken in it is named.

File, place, and what was expected.
"""

from __future__ import annotations

import re
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from app.decide.training.memory_estimate import beside_the_guide
from app.knowledge import Knowledge, check_lock, load
from app.model.errors import InputError

ROOT = Path(__file__).parents[1]
RESOURCES = ROOT / "resources"
IDS = {
    "guide-2024.9.post3",
    "legacy-2024.9.post4",
    "legacy-2024.9",
    "torch26-2025.3",
    "torch28-2025.11",
    "torch212-2026.10",
    "practice-cpu",
}


def names(path: str) -> tuple[str, ...]:
    folder = RESOURCES / path
    return tuple(sorted(p.name for p in folder.iterdir())) if folder.is_dir() else ()


def read(path: str) -> bytes | None:
    file = RESOURCES / path
    return file.read_bytes() if file.is_file() else None


def changed(path: str, change: Callable[[str], str | None]) -> Callable[[str], bytes | None]:
    """A reader for which one file is different; ``None`` takes it away."""

    def reader(asked: str) -> bytes | None:
        found = read(asked)
        if asked != path or found is None:
            return found
        text = change(found.decode())
        return None if text is None else text.encode()

    return reader


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load(read, names)


def test_all_profiles_are_there_for_both_systems(knowledge: Knowledge) -> None:
    assert {p.id for p in knowledge.profiles} >= IDS
    for profile in knowledge.profiles:
        assert {p.platform for p in profile.parts} == {"windows", "linux"}, profile.id
        for part in profile.parts:
            assert part.requirements
            assert part.download > 10**6
            assert part.disk > part.download
            assert part.wheels
            assert "{" not in part.title


def test_locks_hold_versions_that_the_profile_names(knowledge: Knowledge) -> None:
    for profile in knowledge.profiles:
        for family in ("windows", "linux"):
            pins = {
                n: v
                for p in profile.parts
                if p.platform == family
                for n, v in check_lock(p.requirements, p.lock, p.unhashed).items()
            }
            assert pins["torch"].split("+")[0] == profile.versions.torch.split("+")[0]
            for name in (
                "unsloth",
                "unsloth_zoo",
                "xformers",
                "bitsandbytes",
                "transformers",
                "trl",
                "peft",
                "datasets",
                "accelerate",
            ):
                wanted = getattr(profile.versions, name)
                assert pins.get(name.replace("_", "-")) == wanted, (profile.id, family, name)
            assert "torchaudio" not in pins


def test_each_lock_holds_one_pip_with_its_hash(knowledge: Knowledge) -> None:
    """``pip install`` of a person, a notebook or a tool ends in this environment and in no other."""
    for profile in knowledge.profiles:
        for family in ("windows", "linux"):
            texts = [p.requirements for p in profile.parts if p.platform == family]
            assert sum(text.count("\npip==") for text in texts) == 1, (profile.id, family)
            (pip,) = [text for text in texts if "\npip==" in text]
            assert pip.partition("\npip==")[2].splitlines()[1].strip().startswith("--hash=sha256:")


def test_on_windows_torch_never_comes_from_the_default_index_for_a_card(
    knowledge: Knowledge,
) -> None:
    for profile in knowledge.profiles:
        if profile.needs.gpu:
            torch = next(
                p for p in profile.parts if p.platform == "windows" and "torch==" in p.requirements
            )
            assert torch.index == f"pytorch/{profile.versions.cuda_tag}"
            assert f"+{profile.versions.cuda_tag}" in torch.requirements


def test_locks_hold_no_address_and_no_path() -> None:
    for file in (f for f in RESOURCES.glob("profiles/**/*") if f.is_file()):
        text = file.read_text("utf-8")
        if (
            file.name != "profile.toml"
        ):  # there sources have addresses; `source_fault` looks at them
            assert "://" not in text, file
        assert "/home/" not in text, file


def test_driver_marks_agree_with_the_limits(knowledge: Knowledge) -> None:
    from app.model.condition import parse_version

    for system, limit in (("windows", "limit.driver_windows"), ("linux", "limit.driver_linux")):
        floors = [
            getattr(p.needs, f"driver_floor_{system}") for p in knowledge.profiles if p.needs.gpu
        ]
        assert min(floors, key=lambda f: parse_version(f) or ()) == knowledge.rules.limit(limit)
    highest = max(
        (p.needs.compute_max or "0" for p in knowledge.profiles),
        key=lambda c: parse_version(c) or (),
    )
    assert highest == knowledge.rules.limit("limit.capability_newest")


def test_what_a_card_must_have_names_its_source_and_date(knowledge: Knowledge) -> None:
    for profile in knowledge.profiles:
        if profile.needs.gpu:
            needs = profile.needs
            assert not source_fault(needs.driver_source, needs.date), profile.id
            assert not source_fault(needs.compute_source, needs.date), profile.id


REGISTRIES = ("py" + "pi.org", "python" + "hosted.org", "npm" + "js.org", "anaconda.org")


def source_fault(source: str, date: str) -> str:
    """What is wrong with a source by the form that CONTRIBUTING.md tells; empty where it is well."""
    if not re.fullmatch(r"20\d\d-[01]\d-[0-3]\d", date):
        return f"{date!r} is no day"
    if any(name in source for name in REGISTRIES):
        return "it is the address of a package registry"
    if "from memory" in source:
        return "memory is no source"
    if none := re.match(r"none found, (\S{10})", source):
        return "" if none[1] == date else "it names another day than `date`"
    own = re.findall(r"(?:this program: |seen: [^;]*?)((?:app|tests|resources)/[\w./-]+)", source)
    if missing := [path for path in own if not (ROOT / path.rstrip(".,;")).exists()]:
        return f"{missing[0]} is not there"
    told = bool(own) or re.search(r"(?:^|; )seen: \S+ \S+", source)
    return "" if told or re.search(r"https://[\w.-]+\.\w+/\S+", source) else "it names nothing"


def statements(known: Knowledge) -> Iterator[tuple[str, str, str]]:
    """Name, source and date of every statement that is shown or judged by."""
    yield from ((r.id, r.source, r.date) for r in known.rules.rules)
    yield from ((t.id, t.source, t.date) for t in known.rules.thresholds)
    own = known.rules.sources
    for field in (
        "variable",
        "old_systems",
        "unsafe_characters",
        "broken_characters",
        "fresh_until",
    ):
        yield f"findings.{field}", own.get(field, ""), own.get("date", "")
    yield from ((k.label, k.source, k.date) for k in known.known_issues.causes)
    yield from ((h.regex, h.source, h.date) for h in known.known_issues.harmless)
    yield from ((a.id, a.source, a.date) for a in known.advisories)
    for p in known.profiles:
        yield from ((f"{p.id}: {c.text}", c.source, c.date) for c in (*p.good, *p.bad))
        for field in ("summary", "supports", "fresh_until", "reasons", "training"):
            if getattr(p, field):
                yield f"{p.id}.{field}", p.sources.get(field, ""), p.sources.get("date", "")
        if p.exports != ("adapter",):
            yield f"{p.id}.exports", f"seen: {p.exports_source}", p.exports_source[-10:]
        yield from ((f"{p.id}: {w.name}", f"seen: {w.seen}", w.seen[:10]) for w in p.without)
    for field in ("expect", "not_cards", "architecture", "series", "pci", "gpu"):
        yield f"cards.{field}", known.cards.sources.get(field, ""), known.cards.sources["date"]
    day = known.cards.sources["date"]
    for card in known.cards.gpu:  # the others have the catalogue's source
        if card.source or card.confidence != "computed":
            yield card.id, card.source, day
    guide = known.guide
    yield from ((f"{e.check}: {e.why or e.wrong}", e.source, e.date) for e in guide.lines)
    yield from ((c.claim, c.source, c.date) for c in guide.corrections)
    yield from ((s.name, s.source, s.date) for s in guide.settings)
    yield from ((f"cuDNN of {c.torch}", c.source, c.date) for c in guide.cudnn)
    yield from ((f"{r.card} {r.name}", f"seen: {r.source}", r.date) for r in guide.references)
    yield from ((f"below {s.below_gib} GiB", s.source, s.date) for s in guide.small_cards)
    yield from ((m.id, m.source, m.date) for m in guide.models)


def test_every_statement_says_where_it_is_from(knowledge: Knowledge) -> None:
    told = statements(knowledge)
    faults = {name: fault for name, source, date in told if (fault := source_fault(source, date))}
    assert not faults


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("profiles/torch28-2025.11/profile.toml", "[[good]]"),
        ("profiles/torch28-2025.11/profile.toml", "[sources]"),
        ("guide/corrections.toml", "[[corrections]]"),
        ("guide/expected.toml", "[[lines]]"),
        ("guide/benchmarks.toml", "[[references]]"),
        ("guide/training.toml", "[[settings]]"),
        ("advisories.toml", "[[advisory]]"),
        ("known_issues/harmless.toml", "[[harmless]]"),
        ("gpus.toml", "[sources]"),
    ],
)
def test_a_statement_without_a_source_is_found(path: str, line: str) -> None:
    def strip(text: str) -> str:
        before, _, after = text.partition(line)
        table, gap, rest = after.partition("\n\n")
        return (
            before
            + line
            + re.sub(r'(?m)^(?!text|date)(\w+) = "https.*$|^(source) = .*$', r'\1\2 = ""', table)
            + gap
            + rest
        )

    known = load(changed(path, strip), names)
    assert any(source_fault(source, date) for _, source, date in statements(known))


def test_titles_are_what_the_locks_hold(knowledge: Knowledge) -> None:
    """Title and subtitle are versions, so that their source is the lock; the days are its too."""
    names = "PyTorch|CUDA|Unsloth|Python|Triton|xformers|bitsandbytes"
    for profile in knowledge.profiles:
        held = msgspec.to_builtins(profile.versions) | {"python": profile.python}
        held["pytorch"] = held["torch"]
        for name, version in re.findall(
            rf"({names}) (\d[\w.]*)", f"{profile.title}, {profile.subtitle}"
        ):
            lock = "".join(part.requirements for part in profile.parts)
            found = re.findall(rf"(?m)^{name.lower()}(?:-windows)?==(\S+)", lock)
            found.append(held[name.lower()] or "")
            assert any(re.match(rf"{re.escape(version)}(?!\d)", one) for one in found), profile.id
        text = (read(f"profiles/{profile.id}/locks.toml") or b"").decode()
        days = {recipe.get("newest", profile.pinned_on) for recipe in tomllib.loads(text)["lock"]}
        assert days == {profile.pinned_on}
        year, month, day = map(int, profile.pinned_on.split("-"))
        month += 4
        assert profile.fresh_until == f"{year + (month > 12)}-{(month - 1) % 12 + 1:02}-{day:02}"


def test_the_memory_of_7b_is_what_the_estimate_gives(knowledge: Knowledge) -> None:
    row = next(m for m in knowledge.guide.memory if m.label == "7B")
    sizes = [one.process / 1e9 for one in beside_the_guide(row, knowledge.guide.models)]
    (truth,) = [c.truth for c in knowledge.guide.corrections if c.claim.startswith("7B in 4 bits")]
    assert truth.startswith(f"{min(sizes):.1f} to {max(sizes):.1f} GB")


def test_cudnn_is_what_the_locks_hold(knowledge: Knowledge) -> None:
    for row in knowledge.guide.cudnn:
        for profile in knowledge.profiles:
            lock = "".join(p.requirements for p in profile.parts if p.platform == "linux")
            if profile.versions.torch.partition("+")[0] == row.torch and profile.needs.gpu:
                major, minor, patch = re.findall(r"nvidia-cudnn-cu\d+==(\d+)\.(\d+)\.(\d+)", lock)[
                    0
                ]
                assert row.version == int(major) * 10000 + int(minor) * 100 + int(patch)


@pytest.mark.parametrize(
    ("source", "date", "words"),
    [
        ("", "2026-11-30", "names nothing"),
        ("NVIDIA's manual", "2026-11-30", "names nothing"),
        ("https://example.org/a", "", "no day"),
        ("this program: app/nowhere.py", "2026-11-30", "not there"),
        ("none found, 2026-11-30", "2026-11-29", "another day"),
        ("https://" + REGISTRIES[0] + "/project/torch/", "2026-11-30", "registry"),
        ("https://example.org/a; the rest from memory", "2026-11-30", "memory"),
        ("seen: install --verify, Unsloth 2026.10.9 on Debian 12", "2026-11-30", ""),
        ("none found, 2026-11-30", "2026-11-30", ""),
        ("https://example.org/a", "2026-11-30", ""),
    ],
)
def test_the_form_of_a_source(source: str, date: str, words: str) -> None:
    fault = source_fault(source, date)
    assert words in fault if words else not fault


def test_every_profile_has_something_for_and_against_it(knowledge: Knowledge) -> None:
    for profile in knowledge.profiles:
        assert profile.good, profile.id
        assert profile.bad, profile.id
        assert profile.pinned_on < profile.fresh_until


def test_loading_is_quick() -> None:
    """Against reading one file of it in the same run, so that neither load nor a slow machine
    decides (0.16 s against 0.01 s).
    """
    text = (read("findings.toml") or b"").decode()
    started = time.process_time()
    for _ in range(10):
        tomllib.loads(text)
    one = (time.process_time() - started) / 10
    started = time.process_time()
    load(read, names)
    assert time.process_time() - started < 100 * one


PROFILE = "profiles/practice-cpu/profile.toml"
LOCK = "profiles/practice-cpu/windows.lock.txt"


@pytest.mark.parametrize(
    ("path", "change", "words"),
    [
        (PROFILE, lambda t: t.replace('title = "Practice', 'tilte = "Practice', 1), "tilte"),
        (
            PROFILE,
            lambda t: t.replace('id = "practice-cpu"', 'id = "practice"', 1),
            "folder's name",
        ),
        (PROFILE, lambda t: t + "[[[", PROFILE),
        (PROFILE, lambda t: t.replace("gpu = false", 'gpu = "no"'), "needs.gpu"),
        (LOCK, lambda _: None, "is missing"),
        (LOCK, lambda t: "accelerate==1.15.0\n" + t, "has no SHA-256 hash"),
        (
            LOCK,
            lambda t: "accelerate @ https://example.org/a.whl\n" + t,
            "not a pinned requirement",
        ),
        (LOCK, lambda _: "# nothing\n", "no requirement"),
        (
            "profiles/practice-cpu/windows.wheels.json",
            lambda t: t.replace('"1.15.0"', '"1.14.0"', 1),
            "accelerate 1.14.0",
        ),
        (
            "findings.toml",
            lambda t: t.replace("os.family is macos", "os.familly is macos", 1),
            "os.familly",
        ),
        (
            "findings.toml",
            lambda t: t.replace("{card.memory}", "{card.memmory}", 1),
            "card.memmory",
        ),
        (
            "findings.toml",
            lambda t: t.replace('severity = "warns"', 'severity = "worries"', 1),
            "worries",
        ),
        ("findings.toml", lambda _: None, "findings.toml is missing"),
        ("gpus.csv", lambda t: t.replace(",82,", ",eighty-two,", 1), "gpus.csv, line "),
        ("gpus.csv", lambda t: t.replace("sm_count", "sms", 1), "sms"),
        ("gpus.csv", lambda t: t.replace(",82,", ',82,"', 1), "gpus.csv, line "),
        ("gpus.csv", lambda t: t.replace("\n", ",more\n", 2), "more"),
    ],
)
def test_a_broken_file_is_named_with_what_was_expected(
    path: str, change: Callable[[str], str | None], words: str
) -> None:
    def few(folder: str) -> tuple[str, ...]:
        return (
            ("practice-cpu",)
            if folder == "profiles"
            else ()
            if folder == "known_issues"
            else names(folder)
        )

    with pytest.raises(InputError) as fault:
        load(changed(path, change), few)
    assert words in fault.value.message
    assert path.rsplit("/", 1)[-1] in fault.value.message


def test_bytes_that_are_no_text_are_named() -> None:
    def reader(asked: str) -> bytes | None:
        return b"\xff\xfe" if asked == "findings.toml" else read(asked)

    with pytest.raises(InputError, match="not UTF-8"):
        load(reader, names)


def test_an_unknown_profile_lists_the_known_ones(knowledge: Knowledge) -> None:
    with pytest.raises(InputError, match=r"practice-cpu"):
        knowledge.profile("practice")


def test_the_lock_maker_has_a_recipe_for_every_lock(knowledge: Knowledge) -> None:
    for profile in knowledge.profiles:
        folder = RESOURCES / "profiles" / profile.id
        recipe = tomllib.loads((folder / "locks.toml").read_text("utf-8"))["lock"]
        assert {r["file"] for r in recipe} == {p.lock for p in profile.parts}
        assert all((folder / r["source"]).exists() for r in recipe if "source" in r)


@pytest.mark.real
def test_the_lock_maker_makes_the_same_locks_again() -> None:
    import subprocess
    import sys

    maker = [sys.executable, str(ROOT / "build" / "make_locks.py"), "--check"]
    done = subprocess.run(
        [*maker, "torch28-2025.11", "guide-2024.9.post3"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
