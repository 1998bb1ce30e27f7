"""llama.cpp's converter comes from an index on loopback by its hash, and from nowhere else."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.adapters.download.fetch_context import RetryPolicy
from app.adapters.download.web import HttpWeb
from app.adapters.resources import resource_names, resource_reader
from app.knowledge import load
from app.model.errors import ExpectedError
from app.model.llama_cpp import LlamaCpp
from app.model.plan import FetchLlamaCpp
from app.model.sources import Sources
from app.steps import fetch_llama_cpp
from app.steps.step_context import StepContext
from tests.fault_index import FaultIndex, SmallWheel
from tests.steps.conftest import PYTHON

FILE, ROOT = "llama_cpp_python-0.3.36.tar.gz", "llama_cpp_python-0.3.36/vendor/llama.cpp"


def archive(more: dict[str, bytes] | None = None) -> bytes:
    """A source archive with the files that are wanted, some that are not, and ``more``."""
    files = {
        f"{ROOT}/convert_hf_to_gguf.py": b"print('converter')\n",
        f"{ROOT}/conversion/base.py": b"BASE = 1\n",
        f"{ROOT}/gguf-py/gguf/__init__.py": b"",
        f"{ROOT}/src/llama.cpp": b"int main;",
        "llama_cpp_python-0.3.36/PKG-INFO": b"Metadata-Version: 2.1\nName: llama-cpp-python\n"
        b"Version: 0.3.36\n",
        **(more or {}),
    }
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return made.getvalue()


def step_of(data: bytes, site: StepContext, sha256: str = "") -> FetchLlamaCpp:
    """The step for such an archive."""
    part = LlamaCpp(
        package="llama-cpp-python",
        version="0.3.36",
        file=FILE,
        size=len(data),
        sha256=sha256 or hashlib.sha256(data).hexdigest(),
        folder=ROOT,
        take=("convert_hf_to_gguf.py", "conversion/", "gguf-py/gguf/"),
        disk=100,
        writes=("q8_0",),
    )
    target = site.place.join(site.place.tools, "llama.cpp-0.3.36")
    return FetchLlamaCpp(id="llama-cpp", title="", part=part, target=target, version=PYTHON)


@pytest.fixture
def data() -> bytes:
    return archive()


@pytest.fixture
def site_there(site: StepContext, data: bytes) -> Iterator[StepContext]:
    """The site with an index that holds the archive."""
    named = SmallWheel("llama-cpp-python", "0.3.36", FILE, data, b"")  # no wheel; served as one is
    with FaultIndex([named]) as index:
        site.system.web = HttpWeb(
            site.system.stop, patience=RetryPolicy(read=1.0, backoff=0.05, longest=0.1)
        )
        yield replace(site, sources=Sources(index=index.url))


def unpacked(step: FetchLlamaCpp) -> set[str]:
    """The files of the target."""
    root = Path(step.target)
    return {p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file()}


def test_what_is_wanted_is_unpacked_and_the_archive_goes(
    site_there: StepContext, data: bytes
) -> None:
    """Done afterwards; nothing but the folder is left."""
    step = step_of(data, site_there)
    assert fetch_llama_cpp.done(step, site_there) is None
    list(fetch_llama_cpp.run(step, site_there))
    assert unpacked(step) == {
        "convert_hf_to_gguf.py", "conversion/base.py", "gguf-py/gguf/__init__.py"
    }  # fmt: skip
    assert fetch_llama_cpp.done(step, site_there) is not None
    assert not list(Path(site_there.place.wheels).glob("*"))


def test_another_archive_under_the_name_is_refused(site_there: StepContext, data: bytes) -> None:
    """The hash decides; nothing is unpacked."""
    step = step_of(data, site_there, "0" * 64)
    with pytest.raises(ExpectedError) as refused:
        list(fetch_llama_cpp.run(step, site_there))
    assert FILE in refused.value.message
    assert not Path(step.target).exists()


def test_an_index_without_it_is_said(site: StepContext, data: bytes) -> None:
    with FaultIndex([]) as index:
        there = replace(site, sources=Sources(index=index.url))
        with pytest.raises(ExpectedError) as refused:
            list(fetch_llama_cpp.run(step_of(data, there), there))
    assert "llama" in refused.value.message


def test_a_bundle_gives_it_without_network(site: StepContext, data: bytes, tmp_path: Path) -> None:
    """It is taken from the bundle's folder, and stays there; a bundle without it is named."""
    bundle = tmp_path / "bundle"
    there = replace(site, sources=Sources(offline=str(bundle)))
    with pytest.raises(ExpectedError, match=FILE):
        list(fetch_llama_cpp.run(step_of(data, there), there))
    (bundle / "wheels").mkdir(parents=True)
    (bundle / "wheels" / FILE).write_bytes(data)
    step = step_of(data, there)
    list(fetch_llama_cpp.run(step, there))
    assert "convert_hf_to_gguf.py" in unpacked(step) and (bundle / "wheels" / FILE).exists()


@pytest.mark.parametrize(
    "name", ["../conversion/x.py", "conversion/../../x.py", "conversion//x.py", "conversion/a:b"]
)
def test_no_path_of_the_archive_leads_out(site: StepContext, name: str) -> None:
    assert step_of(b"", site).part.takes(f"{ROOT}/{name}") is None


def test_the_pinned_part_is_complete() -> None:
    """What the program knows: a published hash, a licence, where both come from."""
    part = load(resource_reader(), resource_names()).llama_cpp
    assert part is not None and len(part.sha256) == 64 and part.licence and part.source
    assert part.takes(f"{part.folder}/convert_hf_to_gguf.py") == "convert_hf_to_gguf.py"
    assert part.file.startswith(part.folder.partition("/")[0])
