"""Make a Jupyter kernel that runs notebooks with an environment and changes nothing in it.

Start it once as the proof.
"""

from __future__ import annotations

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


def done(step: MakeKernel, site: StepContext) -> str | None:
    """Found when ``kernel.json`` starts this very environment with these packages."""
    written = site.system.files.read(site.place.join(step.spec, "kernel.json"))
    there = site.system.files.exists(site.place.join(_kernel_folder(step, site), "launch.py"))
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
    if not files.exists(site.place.join(folder, "launch.py")):
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
        files.write(
            site.place.join(building, "launch.py"), site.resource("templates/launch_kernel.py")
        )
        files.move(building, folder)
    trial = site.place.at("work", "kernel", "kernels", _spec_name(step))
    files.write(site.place.join(trial, "kernel.json"), _build_kernel_spec(step, site))
    yield say("Starting the kernel once")
    yield from run_child(
        site,
        (python, site.place.join(folder, "launch.py"), "--ask", _spec_name(step)),
        Message("Starting the kernel"),
        python=python,
        limit=limits.MAKING,
        extra={"JUPYTER_PATH": site.place.at("work", "kernel"), "JUPYTER_NO_CONFIG": "1"},
    )
    files.remove(site.place.at("work", "kernel"))
    site.record("made", {"path": step.spec, "for": step.environment})
    files.write(site.place.join(step.spec, "kernel.json"), _build_kernel_spec(step, site))
    yield say(f"{step.label}: listed in {step.spec}")


def _kernel_folder(step: MakeKernel, site: StepContext) -> str:
    return site.place.join(site.place.kernels, step.kernel)


def _spec_name(step: MakeKernel) -> str:
    return step.spec.replace("\\", "/").rsplit("/", 1)[-1]


def _build_kernel_spec(step: MakeKernel, site: StepContext) -> bytes:
    """``kernel.json`` (Jupyter client, "Kernel specs")."""
    argv = [
        kernel_argument(site.place.environment_python(step.environment)),
        kernel_argument(site.place.join(_kernel_folder(step, site), "launch.py")),
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
