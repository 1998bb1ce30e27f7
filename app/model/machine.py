"""What is known about a computer: the machine file, schema ``machine/1``. Sizes are bytes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

import msgspec

from app.model import limits
from app.model.condition import parse_version
from app.model.errors import InputError
from app.model.expected import field_sentence, json_text
from app.model.message import Message
from app.model.unknowns import drop_nulls
from app.model.value import Value

Bytes = Annotated[int, msgspec.Meta(ge=0)]
Family = Literal["windows", "linux", "macos"]
Vendor = Literal["nvidia", "amd", "intel", "other"]
NvmlState = Literal["ok", "missing", "mismatch", "error", "crashed"]
SmartAppControl = Literal["off", "on", "evaluation"]
Reach = Literal["reachable", "unreachable", "blocked", "untrusted", "unknown"]
# Why a folder is no home: other files are in it, or its place. See ``app/probe/home.py``.
Refusal = Literal["not-empty", "drive-root", "profile", "system", "no-locks"]
LeftoverKind = Literal["venv", "conda", "user-site", "cache", "model-cache", "own", "folder"]


class Os(Value, frozen=True, kw_only=True):
    """The operating system. ``build`` is the Windows build number (22000 and up is Windows 11),
    ``code_page`` Windows' number of the letters that older programs can read in a path ("ANSI").

    ``s_mode``: only programs of Microsoft's store run. ``controlled_folders``: Defender keeps unknown
    programs from writing into a person's folders (Controlled Folder Access).
    """

    family: Family
    name: str | None = None
    build: int | None = None
    arch: str | None = None
    long_paths: bool | None = None
    is_admin: bool | None = None
    locale: str | None = None
    code_page: int | None = None
    s_mode: bool | None = None
    smart_app_control: SmartAppControl | None = None
    controlled_folders: bool | None = None
    wsl: bool | None = None


class Cpu(Value, frozen=True, kw_only=True):
    """The processor."""

    name: str | None = None
    cores: int | None = None
    threads: int | None = None
    avx2: bool | None = None


class Memory(Value, frozen=True, kw_only=True):
    """Main memory."""

    total: Bytes | None = None
    available: Bytes | None = None


class Disk(Value, frozen=True, kw_only=True):
    """One volume. ``root`` is a drive (``C:\\``) or a mount point."""

    root: str
    total: Bytes | None = None
    free: Bytes | None = None
    filesystem: str | None = None


class Gpu(Value, frozen=True, kw_only=True):
    """One display adapter, also where it has no working driver (then only what PCI says is known)."""

    index: int = 0
    vendor: Vendor = "other"
    name: str | None = None
    pci_id: str | None = None
    compute_capability: str | None = None
    memory_total: Bytes | None = None
    memory_used: Bytes | None = None
    power_limit_w: float | None = None
    pcie_gen: int | None = None
    pcie_width: int | None = None
    display: bool | None = None
    uuid: str | None = None
    processes: int | None = None

    @property
    def of_nvidia(self) -> bool:
        """Whether it is NVIDIA's: by vendor, by PCI id (Windows lists one without driver as
        something else), else by name.
        """
        return (
            self.vendor == "nvidia"
            or (self.pci_id or "").lower().removeprefix("0x").startswith("10de")
            or (self.vendor == "other" and "nvidia" in (self.name or "").lower())
        )


class Driver(Value, frozen=True, kw_only=True):
    """The NVIDIA driver. ``cuda_version`` is the newest CUDA it can run, not an installed toolkit.

    A file without a word on ``nvml`` says that there is no library; ``None`` says that it could not
    be found out.
    """

    version: str | None = None
    cuda_version: str | None = None
    nvml: NvmlState | None = "missing"
    model: str | None = None


class CudaToolkit(Value, frozen=True, kw_only=True):
    """One installed CUDA toolkit (``nvcc --version``)."""

    version: str
    path: str


class Tools(Value, frozen=True, kw_only=True):
    """Versions of what is installed; ``None`` where it is not."""

    git: str | None = None
    cmake: str | None = None
    msvc: str | None = None
    windows_sdk: str | None = None
    vc_runtime: str | None = None
    conda: str | None = None
    uv: str | None = None
    libomp140: str | None = None
    gcc: str | None = None


class Python(Value, frozen=True, kw_only=True):
    """One Python installation or environment; ``packages`` holds what matters for training."""

    version: str | None = None
    path: str
    bits: int | None = None
    origin: str | None = None
    packages: dict[str, str] = {}


class Leftover(Value, frozen=True, kw_only=True):
    """Something an older attempt left behind. ``size`` is the whole tree; ``id`` is stable for one
    survey.
    """

    id: str
    kind: LeftoverKind
    path: str
    size: Bytes | None = None
    detail: str | None = None


class Home(Value, frozen=True, kw_only=True):
    """The one folder that holds environments, cache, journal and reports.

    ``temp`` is the person's own folder of temporary files.
    ``volume`` is the root of the disk that it lies on, which links may make another than its path
    says. ``begun`` is how many bytes of a setup, by the profile's id, are there already. ``refused``
    says why nothing may be installed there; ``None`` where it may.
    """

    path: str
    temp: str | None = None
    on_onedrive: bool | None = None
    writable: bool | None = None
    refused: Refusal | None = None
    volume: str | None = None
    begun: dict[str, int] | None = None


class Setting(Value, frozen=True, kw_only=True):
    """One setting of pip, uv or the system that the program reads on purpose. Secrets are already
    taken out.
    """

    name: str
    value: str
    origin: str


class Network(Value, frozen=True, kw_only=True):
    """Reachability of the indexes and what stands between.

    ``index_fault`` and ``pytorch_fault`` are sentences that say what stood between; empty where
    nothing did, or where an older program wrote the document. ``at_hand`` names PyTorch's wheels
    that lie in folders of the user's own find-links settings.
    """

    proxy: str | None = None
    index: Reach = "unknown"
    pytorch: Reach = "unknown"
    index_fault: str = ""
    pytorch_fault: str = ""
    settings: tuple[Setting, ...] = ()
    at_hand: tuple[str, ...] = ()


class Note(Value, frozen=True, kw_only=True):
    """Why a fact is missing, or what a reader of the facts should know."""

    about: str
    text: str


class MachineFacts(Value, frozen=True, kw_only=True):
    """Everything that a survey found. One JSON document, ``machine/1``."""

    schema: Literal["machine/1"] = "machine/1"
    taken_at: str | None = None
    os: Os
    cpu: Cpu = Cpu()
    memory: Memory = Memory()
    disks: tuple[Disk, ...] = ()
    gpus: tuple[Gpu, ...] = ()
    driver: Driver = Driver()
    cuda_toolkits: tuple[CudaToolkit, ...] = ()
    tools: Tools = Tools()
    pythons: tuple[Python, ...] = ()
    variables: dict[str, str] = {}
    leftovers: tuple[Leftover, ...] = ()
    home: Home | None = None
    network: Network = Network()
    notes: tuple[Note, ...] = ()

    def main_card(self) -> Gpu | None:
        """The NVIDIA card that training will take."""
        return main_card(self.gpus)


def main_card(gpus: Iterable[Gpu]) -> Gpu | None:
    """Of NVIDIA's cards the one to train on: new enough for Triton before too old, then the most
    memory, then the newest.
    """
    return max(
        (gpu for gpu in gpus if gpu.of_nvidia),
        default=None,
        key=lambda gpu: rank_card(gpu.compute_capability, gpu.memory_total),
    )


def rank_card(capability: str | None, memory: int | None) -> tuple[int, int, tuple[int, ...]]:
    """How a card stands among several. Triton, which Unsloth is built on, begins at compute
    capability 7.0.
    """
    parsed = parse_version(capability or "")
    fits = 1 if parsed is None else 2 if parsed >= (7,) else 0
    return (fits, memory or 0, parsed or ())


class ProbeResult(Value, frozen=True, kw_only=True):
    """One probe's answer during a survey; the last one of a survey has subject ``all`` and the
    whole ``facts``.

    ``part`` is the probe's own part of the facts (``Os``, a tuple of ``Gpu`` …), ``seconds`` how
    long it took.
    """

    subject: str
    seconds: float
    part: Any = None
    note: str | None = None
    facts: MachineFacts | None = None


def decode_machine(data: bytes, name: str) -> MachineFacts:
    """A machine file's facts. Raises ``InputError`` with one sentence: the file ``name``, the field,
    what was expected.
    """
    if len(data) > limits.MACHINE:
        raise InputError(
            Message(
                "{name} is larger than {limit} MB; expected a machine file, which has some 50 kB.",
                name=name,
                limit=limits.MACHINE >> 20,
            )
        )
    try:
        head = msgspec.json.decode(_to_utf8(data))
    except msgspec.DecodeError as error:
        raise InputError(
            Message(
                "{name} is not a machine file: it is not JSON ({error}).", name=name, error=error
            )
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(
            Message("{name} is not a machine file: it is not UTF-8 text.", name=name),
            details=str(error),
        ) from error
    except RecursionError as error:
        raise InputError(
            Message("{name} is not a machine file: its values are nested too deeply.", name=name),
            details=str(error),
        ) from error
    if not isinstance(head, dict):
        raise InputError(
            Message(
                '{name} is not a machine file: a JSON object with "schema": "machine/1" '
                "was expected.",
                name=name,
            )
        )
    if head.get("schema") != "machine/1":
        found = json_text(head.get("schema")) if "schema" in head else "nothing"
        raise InputError(
            Message(
                '{name}: the field "schema" was expected to be "machine/1", but is {found}.',
                name=name,
                found=found,
            )
        )
    known, left = drop_nulls(head, MachineFacts)
    try:
        facts = msgspec.convert(known, MachineFacts)
    except msgspec.ValidationError as error:
        raise InputError(
            Message(
                "{name}: {why}",
                name=name,
                why=field_sentence(str(error), known, MachineFacts),
            ),
            details=str(error),
        ) from error
    notes = tuple(
        Note(about=where, text="unknown in the machine file, so its entry is left out")
        for where in left
    )
    return msgspec.structs.replace(facts, notes=(*facts.notes, *notes)) if notes else facts


def _to_utf8(data: bytes) -> bytes:
    """The text as JSON readers want it: PowerShell 5 writes UTF-16 where output is redirected,
    editors put a mark in front.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16").encode()
    return data.removeprefix(b"\xef\xbb\xbf")
