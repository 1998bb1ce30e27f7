"""A plan: the steps that will run, one after another.

One Struct for each kind of step; no generic command step.
"""

from __future__ import annotations

from contextlib import suppress

import msgspec

from app.model.bundled_model import BundledModel
from app.model.llama_cpp import LlamaCpp
from app.model.own_packages import PackageChange
from app.model.training import ExportFormat, RunRecord
from app.model.value import Value


class Step(Value, tag_field="kind", frozen=True, kw_only=True):
    """What every step says of itself before it runs: its bytes and everything it will touch.

    The tag of each kind is written out: journals and reports keep it when a class is renamed.
    """

    id: str
    title: str
    download_bytes: int = 0
    disk_bytes: int = 0
    touches: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """The kind's name, as plans and data write it."""
        return str(self.__struct_config__.tag)


class ProvidePython(Step, tag="provide-python", frozen=True, kw_only=True):
    """Find a managed Python or let uv fetch one into ``home/python`` (``uv python install``)."""

    version: str


class FetchWheels(Step, tag="fetch-wheels", frozen=True, kw_only=True):
    """Bring the files of one lock into the wheelhouse, each checked by its hash."""

    profile: str
    part: str
    index: str = "default"


class CreateEnvironment(Step, tag="create-environment", frozen=True, kw_only=True):
    """Make a new, empty environment beside the old ones (``uv venv``)."""

    environment: str
    python: str


class InstallWheels(Step, tag="install-wheels", frozen=True, kw_only=True):
    """Install the fetched files offline, with hashes required, and compile their byte code."""

    environment: str
    profile: str
    parts: tuple[str, ...]


class FixOpenmp(Step, tag="mend-openmp", frozen=True, kw_only=True):
    """Give torch 2.4.0 on Windows the OpenMP file its wheel forgot, from the wheel's own copy."""

    environment: str


class CloseMapper(Step, tag="close-mapper", frozen=True, kw_only=True):
    """Keep an older Unsloth from fetching code and executing it: ``before`` in ``file`` of the
    environment's packages becomes ``after``. ``python`` is the environment's version.
    """

    environment: str
    python: str
    file: str
    before: str = "def _get_new_mapper():"
    after: str = (
        "def _get_new_mapper(): return {}, {}, {}  # Unsloth Setup: no code from the network\n\n\n"
        "def _never_called():"
    )


class SetVariables(Step, tag="set-variables", frozen=True, kw_only=True):
    """Give every Python of one environment variables of its own; an empty value takes a variable of
    the user's away.

    ``variables`` are pairs of name and value, ``python`` is the environment's version.
    """

    environment: str
    python: str
    variables: tuple[tuple[str, str], ...]


class FirstImport(Step, tag="first-import", frozen=True, kw_only=True):
    """Import what training imports once, so that caches are warm and a broken DLL shows here."""

    environment: str
    profile: str


class RunCheck(Step, tag="run-check", frozen=True, kw_only=True):
    """Run one stand-alone check script inside the environment, with its own time limit.

    ``cards`` are those that it may see, where it is for several. A check that does not ``decide``
    says something of the computer; its failure is no failure of the run.
    """

    environment: str
    check: str
    profile: str
    arguments: tuple[str, ...] = ()
    limit_seconds: float = 600.0
    needs: tuple[str, ...] = ()
    stage: str = "checks"
    cards: tuple[str, ...] = ()
    decides: bool = True


class Activate(Step, tag="activate", frozen=True, kw_only=True):
    """Swap the pointer file to the proven environment. The one before stays for a rollback."""

    environment: str
    profile: str


class Quarantine(Step, tag="quarantine", frozen=True, kw_only=True):
    """Move one chosen leftover into the quarantine on its own volume; it can be put back."""

    leftover: str
    path: str


class UninstallPackages(Step, tag="uninstall-packages", frozen=True, kw_only=True):
    """Take the guide's five packages out of a chosen environment, its package list saved before."""

    python: str
    packages: tuple[str, ...]


class PutPackagesBack(Step, tag="put-packages-back", frozen=True, kw_only=True):
    """Install again what was taken out of an environment: the lines of a saved list that it lacks."""

    python: str
    saved: str
    packages: tuple[str, ...] = ()


class RemoveTree(Step, tag="remove-tree", frozen=True, kw_only=True):
    """Delete one folder or file that this program made and the user chose."""

    path: str


class MakeKernel(Step, tag="make-kernel", frozen=True, kw_only=True):
    """Let Jupyter run notebooks with an environment that stays as it was proven.

    The kernel's packages (``kernel`` names their locks) lie in a folder of their own, ``spec`` is
    the folder of ``kernel.json`` (``jupyter kernelspec list`` shows it), ``label`` what Jupyter
    shows.
    """

    environment: str
    kernel: str
    spec: str
    label: str


class MakeShortcut(Step, tag="make-shortcut", frozen=True, kw_only=True):
    """Put an entry into the Start menu, or the desktop's menu, that opens a terminal with the
    environment active.
    """

    environment: str
    path: str
    label: str


class MakeWorkspace(Step, tag="make-workspace", frozen=True, kw_only=True):
    """Let VS Code find the environment in a folder of a person's: ``path`` is the folder's
    ``.vscode/settings.json``, ``python`` the interpreter to name there. ``replaces`` is the SHA-256
    of what may lie there already; empty: nothing may.
    """

    environment: str
    path: str
    python: str
    replaces: str = ""


class PrepareTraining(Step, tag="prepare-training", frozen=True, kw_only=True):
    """Write a run's folder: the data in canonical form, the training script with its settings, and
    what they were made from.
    """

    folder: str
    record: RunRecord


class RunTraining(Step, tag="run-training", frozen=True, kw_only=True):
    """Run the script of a run's folder inside an environment; the first wish to stop lets it write a
    checkpoint, the second ends it. Its model is here by then: nothing is asked of the hub. ``cards``
    are the ids of several that it is given; of one it needs none.
    """

    environment: str
    profile: str
    run: str
    folder: str
    output: str
    resume: bool = False
    overwrite: bool = False
    cards: tuple[str, ...] = ()


class AddPackages(Step, tag="add-packages", frozen=True, kw_only=True):
    """Install a person's own packages beside the proven ones, each by its recorded hash, and write
    them down. ``kept``: they were written down before.
    """

    environment: str
    change: PackageChange
    kept: bool = False


class RemovePackages(Step, tag="remove-packages", frozen=True, kw_only=True):
    """Take packages out again. ``change`` is the one that is taken back, ``None`` for what came
    otherwise; ``restore`` puts packages of the lock back that were changed or taken away.
    """

    environment: str
    profile: str
    packages: tuple[str, ...]
    change: PackageChange | None = None
    restore: bool = False


class FetchModel(Step, tag="fetch-model", frozen=True, kw_only=True):
    """Fetch a model from the hub into a cache folder by the environment's own client, each file
    checked by the hash that the hub names.
    """

    environment: str
    model: str
    cache: str


class TakeModel(Step, tag="take-model", frozen=True, kw_only=True):
    """Copy a model out of a bundle into a cache, each file compared with the bundle's list. ``source``
    is the folder of its files.
    """

    model: BundledModel
    source: str
    cache: str


class FetchLlamaCpp(Step, tag="fetch-llama-cpp", frozen=True, kw_only=True):
    """Fetch what turns a model into GGUF: a pinned source archive, of which some files are unpacked into
    ``target``. ``version`` is the Python with which uv looks the archive up.
    """

    part: LlamaCpp
    target: str
    version: str


class ExportModel(Step, tag="export-model", frozen=True, kw_only=True):
    """Make a folder of a run's adapter: as it is, merged into its model, or as GGUF. ``models`` is the
    hub's cache that holds the model, ``base`` its folder where it has moved, ``llama_cpp`` the folder of
    llama.cpp.
    """

    environment: str
    run: str
    adapter: str
    format: ExportFormat
    target: str
    models: str = ""
    base: str | None = None
    quantization: str = "q8_0"
    llama_cpp: str | None = None


AnyStep = (
    ProvidePython
    | FetchWheels
    | CreateEnvironment
    | InstallWheels
    | FixOpenmp
    | CloseMapper
    | SetVariables
    | FirstImport
    | RunCheck
    | Activate
    | Quarantine
    | UninstallPackages
    | PutPackagesBack
    | RemoveTree
    | MakeKernel
    | MakeShortcut
    | MakeWorkspace
    | PrepareTraining
    | RunTraining
    | ExportModel
    | FetchModel
    | FetchLlamaCpp
    | TakeModel
    | AddPackages
    | RemovePackages
)


class Plan(Value, frozen=True, kw_only=True):
    """Steps in order, with the environment they end in (empty for plans that make none)."""

    title: str
    profile: str = ""
    environment: str = ""
    steps: tuple[AnyStep, ...] = ()

    @property
    def download_bytes(self) -> int:
        """All bytes that the plan may fetch."""
        return sum(s.download_bytes for s in self.steps)

    @property
    def disk_bytes(self) -> int:
        """All bytes that the plan will write."""
        return sum(s.disk_bytes for s in self.steps)


def decode_plan(data: bytes) -> Plan:
    """A plan from its JSON. Raises ``msgspec.ValidationError`` that names the field."""
    return msgspec.json.decode(data, type=Plan)


def read_plan(data: bytes) -> tuple[Plan, bool]:
    """A plan that any version of this program wrote, and whether all of it is understood. Steps of
    an unknown kind, or with fields that this program does not know, are left out. Raises
    ``msgspec.ValidationError`` where it is no plan at all.
    """
    try:
        return decode_plan(data), True
    except msgspec.ValidationError:
        fields = msgspec.json.decode(data, type=_AnyPlan)
    steps = []
    for step in fields.steps:
        with suppress(msgspec.ValidationError):
            steps.append(msgspec.json.decode(step, type=AnyStep))
    plan = Plan(
        title=fields.title,
        profile=fields.profile,
        environment=fields.environment,
        steps=tuple(steps),
    )
    return plan, False


class _AnyPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A plan with its steps unread, and whatever else it says left aside."""

    title: str = ""
    profile: str = ""
    environment: str = ""
    steps: tuple[msgspec.Raw, ...] = ()
