"""The guide's clean-up, made safe: named packages out of a chosen environment, its package list saved before."""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.model.errors import BadInput
from app.model.event import What
from app.model.plan import UninstallPackages
from app.steps.children import run_child, say
from app.steps.site import Site

_LIST = re.compile(r"packages-[0-9TZ-]+\.txt")
_BUILD = re.compile(r"\+(cu\d+|cpu|rocm[\d.]+|xpu)\b")


def done(step: UninstallPackages, site: Site) -> str | None:
    """Found when none of the packages is in that environment (``pip freeze``)."""
    names = {line.split("==")[0].split(" @")[0].lower().replace("_", "-") for line in _freeze(step, site).splitlines()}
    return None if names & {p.lower().replace("_", "-") for p in step.packages} else f"None of them is in {step.python}."


def run(step: UninstallPackages, site: Site) -> Iterator[What]:
    """``uv pip freeze``, kept under ``quarantine``, then ``uv pip uninstall torch torchvision torchaudio unsloth unsloth-zoo``."""
    frozen = _freeze(step, site)
    stamp = site.world.clock.now().replace(":", "")
    saved, number = site.place.join(site.place.quarantine, f"packages-{stamp}.txt"), 1
    while site.world.files.exists(saved):  # a clock that was set back must not cost an older list
        number += 1
        saved = site.place.join(site.place.quarantine, f"packages-{stamp}-{number}.txt")
    site.world.files.write(saved, f"# {step.python}\n{frozen}".encode())
    site.record("removed-packages", {"path": step.python, "list": saved})
    yield say(f"{len(frozen.splitlines())} packages listed in {saved}; that list puts them back")
    yield from run_child(site, (site.world.computer.uv(), "pip", "uninstall", "--python", step.python, *step.packages),
                         "Taking the packages out", limit=600)


def lists(site: Site) -> tuple[tuple[str, str], ...]:
    """Every saved list that still has packages to put back: its file, and the interpreter they were taken out of."""
    found = []
    for name in site.world.files.names(site.place.quarantine):
        path = site.place.join(site.place.quarantine, name)
        if _LIST.fullmatch(name) and (python := _read(path, site)[0]) and site.world.files.exists(python):
            found.append((path, python))
    return tuple(found)


def put_back(saved: str, site: Site) -> Iterator[What]:
    """``uv pip install --no-deps`` of those lines of a saved list that are no longer installed, from the user's own indexes.

    Only wheels, so nothing of a package runs. Builds of PyTorch for CUDA (``+cu121``) are asked of the PyTorch index.
    """
    if site.place.folder_of(saved) != site.place.quarantine or not _LIST.fullmatch(saved[len(site.place.quarantine) + 1:]):
        raise BadInput(f"{saved} is no saved list of packages; expected a file that the command uninstall lists.")
    python, lines = _read(saved, site)
    if not python:
        raise BadInput(f"{saved} does not say which Python its packages belong to; expected “# PATH” as its first line.")
    here = {_key(line) for line in _freeze_of(python, site).splitlines()}
    wanted = [line for line in lines if _key(line) not in here]
    yield say(f"{len(wanted)} of {len(lines)} packages are put back into {python}")
    if not wanted:
        return
    file = site.place.at("locks", "put-back.txt")
    site.world.files.write(file, ("\n".join(wanted) + "\n").encode())
    site.record("put-back-packages", {"path": python, "list": saved})
    sources, tags = site.sources, sorted({tag for line in wanted for tag in _BUILD.findall(line)})
    env = {"UV_INDEX_STRATEGY": "unsafe-best-match"}
    if sources.index:
        env["UV_DEFAULT_INDEX"] = sources.index
    extra = (*sources.extra_indexes, *(f"{sources.pytorch_index.rstrip('/')}/{tag}" for tag in tags))
    if extra:
        env["UV_INDEX"] = " ".join(extra)
    if sources.find_links:
        env["UV_FIND_LINKS"] = ",".join(sources.find_links)
    try:
        yield from run_child(site, (site.world.computer.uv(), "pip", "install", "--python", python, "--no-deps", "-r", file),
                             "Putting the packages back", limit=3600, extra=env)
    finally:
        site.world.files.remove(file)


def _read(saved: str, site: Site) -> tuple[str, list[str]]:
    """The interpreter that a list names, and its lines."""
    head, *lines = (site.world.files.read(saved) or b"").decode("utf-8", "replace").splitlines() or [""]
    return head.removeprefix("#").strip() if head.startswith("#") else "", [line for line in lines if line.strip()]


def _key(line: str) -> str:
    """A line of ``pip freeze`` for comparing."""
    return line.strip().lower().replace("_", "-")


def _freeze_of(python: str, site: Site) -> str:
    return site.world.processes.capture([site.world.computer.uv(), "pip", "freeze", "--python", python], 60.0).out


def _freeze(step: UninstallPackages, site: Site) -> str:
    return _freeze_of(step.python, site)
