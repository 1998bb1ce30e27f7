"""Make a Jupyter kernel that runs notebooks with an environment and changes nothing in it.

Start it once as the proof.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import msgspec

from app.model import limits
from app.model.encoding import encode
from app.model.errors import InputError
from app.model.event import AnyPayload
from app.model.message import Message
from app.model.plan import InstallWheels, MakeKernel
from app.model.quoting import kernel_argument
from app.steps.child_environment import temporary_folder
from app.steps.install_wheels import source
from app.steps.removing import take_away
from app.steps.step_context import StepContext
from app.steps.subprocesses import run_child, say

_TEMPLATE, _LAUNCHER = "templates/launch_kernel.py", "launch.py"
_MADE_FROM = "made-from.txt"  # the hash of the lock whose packages lie in the folder


def done(step: MakeKernel, site: StepContext) -> str | None:
    """Found when ``kernel.json`` starts this very environment with these packages."""
    written = site.system.files.read(site.place.join(step.spec, "kernel.json"))
    there = _has_packages(step, site) and site.system.files.read(
        site.place.join(_kernel_folder(step, site), _LAUNCHER)
    ) == site.resource(_TEMPLATE)
    return (
        Message("Jupyter lists {label}.", label=step.label)
        if there and written == _build_kernel_spec(step, site)
        else None
    )


def run(step: MakeKernel, site: StepContext) -> Iterator[AnyPayload]:
    """``uv pip install --target`` from the wheelhouse into a new folder, then ``kernel.json``, then
    one question to the kernel.

    The packages come last on the interpreter's path, so that the environment's own versions win and
    none of its files changes. A kernel that does not answer is not listed.
    """
    python = site.place.environment_python(step.environment)
    if not site.system.files.exists(python):
        raise InputError(
            Message(
                "There is no environment {environment} to make a kernel for; expected one, "
                "made by an install.",
                environment=step.environment,
            )
        )
    files, folder = site.system.files, _kernel_folder(step, site)
    if not _has_packages(step, site):
        building = folder + ".new"
        for old in (building, folder):
            if left := take_away(old, files, site.record):
                yield say(left)
        if not files.exists(site.place.kernels):
            site.record("made", {"path": site.place.kernels})
        lock, origin = source(
            InstallWheels(
                id=step.id,
                title=step.title,
                environment=step.kernel,
                profile=step.kernel,
                parts=("kernel",),
            ),
            site,
        )
        yield from run_child(
            site,
            (
                site.system.computer.uv(),
                "pip",
                "install",
                "--python",
                python,
                "--target",
                building,
                "--offline",
                *origin,
                "--require-hashes",
                "--no-deps",
                "--no-build",
                "--link-mode",
                "hardlink",
                "-r",
                lock,
            ),
            Message("Installing the kernel's packages"),
            limit=limits.MAKING,
            extra={"UV_PREVIEW_FEATURES": "pylock"},
        )
        files.write(site.place.join(building, _MADE_FROM), _lock_hash(step, site).encode())
        files.move(building, folder)
    files.write(site.place.join(folder, _LAUNCHER), site.resource(_TEMPLATE))
    trial = site.place.at("work", "kernel", "kernels", _spec_name(step))
    files.write(site.place.join(trial, "kernel.json"), _build_kernel_spec(step, site))
    yield say("Starting the kernel once")
    yield from run_child(
        site,
        (python, site.place.join(folder, _LAUNCHER), "--ask", _spec_name(step)),
        Message("Starting the kernel"),
        python=python,
        limit=limits.MAKING,
        extra={"JUPYTER_PATH": site.place.at("work", "kernel"), "JUPYTER_NO_CONFIG": "1"},
    )
    files.remove(site.place.at("work", "kernel"))
    site.record("made", {"path": step.spec, "for": step.environment})
    files.write(site.place.join(step.spec, "kernel.json"), _build_kernel_spec(step, site))
    yield say(f"{step.label}: listed in {step.spec}")


def _has_packages(step: MakeKernel, site: StepContext) -> bool:
    """Whether its packages are here and of this very lock. One of an older lock is made again."""
    made_from = site.system.files.read(site.place.join(_kernel_folder(step, site), _MADE_FROM))
    return made_from == _lock_hash(step, site).encode()


def _lock_hash(step: MakeKernel, site: StepContext) -> str:
    family = site.place.family
    parts = site.profiles[step.kernel].parts if step.kernel in site.profiles else ()
    text = "".join(part.requirements for part in parts if part.platform == family)
    return hashlib.sha256(text.encode()).hexdigest()


def _kernel_folder(step: MakeKernel, site: StepContext) -> str:
    return site.place.join(site.place.kernels, step.kernel)


def _spec_name(step: MakeKernel) -> str:
    return step.spec.replace("\\", "/").rsplit("/", 1)[-1]


def _build_kernel_spec(step: MakeKernel, site: StepContext) -> bytes:
    """``kernel.json`` (Jupyter client, "Kernel specs")."""
    argv = [
        kernel_argument(site.place.environment_python(step.environment)),
        kernel_argument(site.place.join(_kernel_folder(step, site), _LAUNCHER)),
        "-f",
        "{connection_file}",
    ]
    spec = {
        "argv": argv,
        "display_name": step.label,
        "language": "python",
        "metadata": {"debugger": True},
        "env": {"PYTHONNOUSERSITE": "1"} | temporary_folder(site.system, site.place),
    }
    return msgspec.json.format(encode(spec))
