"""The plan as a script that a person can read and run: what the program does, in PowerShell or a
POSIX shell.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from app.model.home_layout import HomeLayout
from app.model.plan import (
    Activate,
    AnyStep,
    CreateEnvironment,
    FetchWheels,
    FirstImport,
    FixOpenmp,
    InstallWheels,
    Plan,
    ProvidePython,
    RunCheck,
)
from app.model.profile import Part, Profile
from app.model.sources import Sources
from app.probe.operating_system import without_secrets


def plan_script(
    plan: Plan, place: HomeLayout, profiles: Mapping[str, Profile], sources: Sources, shell: str
) -> str:
    """The script's text for ``powershell`` or ``sh``. It stops at the first error; it needs only
    ``uv`` on the path.

    The locks are written out in it, so the script is whole: the same files with the same hashes as
    the program's.
    """
    writer = _PowerShell() if shell == "powershell" else _Posix()
    lines = [
        *writer.head(plan.title),
        writer.set("HOME_DIR", place.home),
        writer.set("ENV_DIR", place.environment(plan.environment)),
    ]
    for step in plan.steps:
        lines += ["", _comment(step.title), *_commands(step, writer, place, profiles, sources)]
    return "\n".join(lines) + "\n"


def _commands(
    step: AnyStep,
    writer: _PowerShell | _Posix,
    place: HomeLayout,
    profiles: Mapping[str, Profile],
    sources: Sources,
) -> list[str]:
    python = writer.under_env(
        *(("Scripts", "python.exe") if place.family == "windows" else ("bin", "python"))
    )
    if isinstance(step, ProvidePython):
        return [writer.run("uv", "python", "install", step.version)]
    if isinstance(step, CreateEnvironment):
        return [writer.run("uv", "venv", "--python", step.python, writer.variable("ENV_DIR"))]
    if isinstance(step, FetchWheels):
        return [
            "# (the packages are fetched by the install command below; the program itself fetches "
            "them first, resumably)"
        ]
    if isinstance(step, InstallWheels):
        lines: list[str] = []
        for part in (
            p
            for p in profiles[step.profile].parts
            if p.platform == place.family and p.id in step.parts
        ):
            lines += writer.here_document(f"{part.id}.lock.txt", part.requirements)
            lines.append(
                writer.run(
                    "uv",
                    "pip",
                    "install",
                    "--python",
                    python,
                    "--no-deps",
                    *(() if part.unhashed else ("--require-hashes",)),
                    *_index(part, sources),
                    "-r",
                    writer.under_home(f"{part.id}.lock.txt"),
                )
            )
        return lines
    if isinstance(step, FixOpenmp):
        library = ("Lib", "site-packages", "torch", "lib")
        return [
            writer.copy(
                writer.under_env(*library, "libiomp5md.dll"),
                writer.under_env(*library, "libomp140.x86_64.dll"),
            )
        ]
    if isinstance(step, FirstImport):
        code = "import torch, transformers, datasets, peft; print(torch.__version__)"
        return [writer.run(python, "-I", "-c", writer.literal(code))]
    if isinstance(step, RunCheck):
        return [f"# check {step.check}: run it with the program's command verify"]
    if isinstance(step, Activate):
        return [
            "# (the program's pointer file is not written here; activate the environment by hand)"
        ]
    return [_comment(f"{step.kind}: " + ", ".join(step.touches))]


def _comment(text: str) -> str:
    """One line, whatever it names: a folder whose name has a line break in it must not become a
    command.
    """
    return "# " + " ".join(text.split())


def _index(part: Part, sources: Sources) -> tuple[str, ...]:
    """The address without its login: a script is passed on, and uv asks the keyring or takes
    UV_INDEX_URL.
    """
    if part.index == "default":
        return ("--index-url", without_secrets("", sources.index)) if sources.index else ()
    return (
        "--index-url",
        without_secrets("", sources.pytorch_index).rstrip("/")
        + "/"
        + part.index.removeprefix("pytorch/"),
    )


class _Posix:
    def head(self, title: str) -> list[str]:
        return [
            "#!/bin/sh",
            _comment(title),
            "# Read it before you run it. It needs uv on the search path.",
            "set -eu",
        ]

    def set(self, name: str, value: str) -> str:
        return f"{name}={self.literal(value)}"

    def literal(self, value: str) -> str:
        return "'" + value.replace("'", "'\\''") + "'"

    def variable(self, name: str) -> str:
        return f'"${name}"'

    def under_env(self, *parts: str) -> str:
        return '"$ENV_DIR/' + "/".join(parts) + '"'

    def under_home(self, *parts: str) -> str:
        return '"$HOME_DIR/' + "/".join(parts) + '"'

    def run(self, *words: str) -> str:
        return " ".join(
            w if w.startswith(('"$', "'")) or w.replace("-", "").isalnum() else self.literal(w)
            for w in words
        )

    def copy(self, source: str, target: str) -> str:
        return f"cp -n {source} {target}"

    def here_document(self, name: str, text: str) -> list[str]:
        return [
            'mkdir -p "$HOME_DIR"',
            f"cat > {self.under_home(name)} <<'END_OF_LOCK'",
            text.rstrip("\n"),
            "END_OF_LOCK",
        ]


class _PowerShell:
    def head(self, title: str) -> list[str]:
        return [
            _comment(title),
            "# Read it before you run it. It needs uv on the search path.",
            "$ErrorActionPreference = 'Stop'",
            "function Invoke-Checked {",
            "    & $args[0] $args[1..($args.Length - 1)]",
            '    if ($LASTEXITCODE -ne 0) { throw "$($args[0]) failed: $LASTEXITCODE" }',
            "}",
        ]

    def set(self, name: str, value: str) -> str:
        return f"${name} = {self.literal(value)}"

    def literal(self, value: str) -> str:
        # PowerShell ends such a text at a typographic quote as well (about_Quoting_Rules): each is
        # doubled.
        return "'" + re.sub("(['\u2018-\u201b])", r"\1\1", value) + "'"

    def variable(self, name: str) -> str:
        return f"${name}"

    def under_env(self, *parts: str) -> str:
        return '"$ENV_DIR\\' + "\\".join(parts) + '"'

    def under_home(self, *parts: str) -> str:
        return '"$HOME_DIR\\' + "\\".join(parts) + '"'

    def run(self, *words: str) -> str:
        return "Invoke-Checked " + " ".join(
            w if w.startswith(("$", '"$', "'")) or w.isalnum() else self.literal(w) for w in words
        )

    def copy(self, source: str, target: str) -> str:
        return f"if (-not (Test-Path {target})) {{ Copy-Item {source} {target} }}"

    def here_document(self, name: str, text: str) -> list[str]:
        return [
            "New-Item -ItemType Directory -Force -Path $HOME_DIR | Out-Null",
            "@'",
            text.rstrip("\n"),
            f"'@ | Set-Content -Encoding utf8 {self.under_home(name)}",
        ]
