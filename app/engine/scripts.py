"""The plan as a script that a person can read and run.

What the program does, in PowerShell or a POSIX shell. It can be run again, and goes on where it
stopped.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.model.errors import InputError
from app.model.home_layout import HomeLayout
from app.model.plan import (
    Activate,
    AnyStep,
    CloseMapper,
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
from app.model.quoting import Quoted, comment, powershell, powershell_text, sh
from app.model.sources import Sources
from app.probe.operating_system import without_secrets
from app.steps.child_environment import uv_folders

# Variables that would bend what uv and Python do; the program's own children do not see them.
BENDING = ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "CONDA_PREFIX")
BENDING_STARTS = ("UV_", "PIP_")
_BOM = "\ufeff"


def plan_script(
    plan: Plan,
    place: HomeLayout,
    profiles: Mapping[str, Profile],
    sources: Sources,
    shell: str,
    uv: str = "",
) -> str:
    """The script's text for ``powershell`` or ``sh``. It stops at the first error. ``uv`` is the
    program's own; where that is gone the script takes the one on the search path.

    The locks are written out in it, so the script is whole: the same files with the same hashes as
    the program's. Raises ``InputError`` for a setting of pip or uv that is no address.
    """
    if sources.refused:
        raise InputError(sources.refused)
    writer = _PowerShell() if shell == "powershell" else _Posix()
    lines = [
        *writer.head(plan.title, uv),
        writer.set("HOME_DIR", place.home),
        writer.set("ENV_DIR", place.environment(plan.environment)),
        *writer.shields({**uv_folders(place), **_python_mirror_variables(place, sources)}),
    ]
    for step in plan.steps:
        lines += ["", comment(step.title), *_step_commands(step, writer, place, profiles, sources)]
    return "\n".join(lines) + "\n"


def _python_mirror_variables(place: HomeLayout, sources: Sources) -> dict[str, str]:
    """Where uv gets a Python from, where the user's settings name a place."""
    named = {
        "UV_PYTHON_INSTALL_MIRROR": sources.python_mirror,
        "UV_PYTHON_DOWNLOADS_JSON_URL": sources.python_list,
    }
    return {name: without_secrets("", place.address(v)) for name, v in named.items() if v}


def as_file(script: str, shell: str) -> bytes:
    """The script as its file. Windows PowerShell 5.1 reads UTF-8 only behind a byte order mark, and
    Notepad of old shows no other line ends.
    """
    if shell == "powershell":
        return (_BOM + script.replace("\n", "\r\n")).encode("utf-8")
    return script.encode("utf-8")


def _step_commands(
    step: AnyStep,
    writer: _PowerShell | _Posix,
    place: HomeLayout,
    profiles: Mapping[str, Profile],
    sources: Sources,
) -> list[str]:
    windows = place.family == "windows"
    python = writer.under("ENV_DIR", *(("Scripts", "python.exe") if windows else ("bin", "python")))
    if isinstance(step, ProvidePython):
        return [writer.run(writer.uv, "python", "install", step.version)]
    if isinstance(step, CreateEnvironment):
        words = ("venv", "--no-project", "--allow-existing", "--python", step.python)
        return writer.unless(python, writer.run(writer.uv, *words, writer.variable("ENV_DIR")))
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
            name = f"{part.id}.lock.txt"
            lines += writer.file(name, part.requirements)
            lines.append(
                writer.run(
                    writer.uv,
                    "pip",
                    "install",
                    "--python",
                    python,
                    "--no-deps",
                    "--no-build",
                    *(() if part.unhashed else ("--require-hashes",)),
                    *_index_options(part, sources),
                    "-r",
                    writer.under("HOME_DIR", name),
                )
            )
        return lines
    if isinstance(step, FixOpenmp):
        library = ("Lib", "site-packages", "torch", "lib")
        return [
            writer.copy(
                writer.under("ENV_DIR", *library, "libiomp5md.dll"),
                writer.under("ENV_DIR", *library, "libomp140.x86_64.dll"),
            )
        ]
    if isinstance(step, CloseMapper):
        # Beside, then in its place: the file may be shared with uv's cache.
        code = (
            "import pathlib, sysconfig; "
            f"p = pathlib.Path(sysconfig.get_path('purelib'), {step.file!r}); "
            "n = p.with_suffix('.new'); "
            f"b, a = {step.before!r}, {step.after!r}; t = p.read_text('utf-8'); "
            "n.write_text(t if a in t else t.replace(b, a, 1), 'utf-8', newline=chr(10)); "
            "n.replace(p); assert a in p.read_text('utf-8')"
        )
        return [writer.run(python, "-I", "-c", code)]
    if isinstance(step, FirstImport):
        code = "import torch, transformers, datasets, peft; print(torch.__version__)"
        return [writer.run(python, "-I", "-c", code)]
    if isinstance(step, RunCheck):
        return [comment(f"check {step.check}: run it with the program's command verify")]
    if isinstance(step, Activate):
        return [
            "# (the program's pointer file is not written here; activate the environment by hand)"
        ]
    return [comment(f"{step.kind}: " + ", ".join(step.touches))]


def _index_options(part: Part, sources: Sources) -> tuple[str, ...]:
    """The address without its login: a script is passed on, and uv asks the keyring or .netrc."""
    if part.index == "default":
        return ("--index-url", without_secrets("", sources.index)) if sources.index else ()
    return (
        "--index-url",
        without_secrets("", sources.pytorch_index).rstrip("/")
        + "/"
        + part.index.removeprefix("pytorch/"),
    )


_NO_UV = "uv was not found. Get it from docs.astral.sh/uv and run this script again."
_LOGIN = comment(
    "A login that an index wants is not written here: put it into .netrc (on Windows _netrc)."
)


class _Posix:
    uv = Quoted('"$UV"')

    def head(self, title: str, uv: str) -> list[str]:
        return [
            "#!/bin/sh",
            comment(title),
            "# Read it before you run it. It can be run again after a fault.",
            _LOGIN,
            "set -eu",
            f"UV={sh(uv or 'uv')}",
            '[ -x "$UV" ] || UV=uv',
            f'command -v "$UV" >/dev/null || {{ echo {sh(_NO_UV)} >&2; exit 1; }}',
        ]

    def shields(self, folders: Mapping[str, str]) -> list[str]:
        starts = "\\|".join(f"{start}[A-Z0-9_]*" for start in BENDING_STARTS)
        return [
            "# As the program does it: no setting of this shell bends what is installed.",
            f"for name in $(env | sed -n 's/^\\({starts}\\)=.*/\\1/p'); do unset \"$name\"; done",
            f"unset {' '.join(BENDING)}",
            *(f"export {name}={sh(value)}" for name, value in folders.items()),
        ]

    def set(self, name: str, value: str) -> str:
        return f"{name}={sh(value)}"

    def variable(self, name: str) -> Quoted:
        return Quoted(f'"${name}"')

    def under(self, variable: str, *parts: str) -> Quoted:
        """A path below a variable; the parts are this program's own names."""
        return Quoted(f'"${variable}/' + "/".join(parts) + '"')

    def run(self, *words: str) -> str:
        return " ".join(map(sh, words))

    def unless(self, path: Quoted, command: str) -> list[str]:
        return [f"[ -e {path} ] || {command}"]

    def copy(self, source: Quoted, target: Quoted) -> str:
        return f"[ -e {target} ] || cp {source} {target}"

    def file(self, name: str, text: str) -> list[str]:
        return [
            'mkdir -p "$HOME_DIR"',
            f"printf '%s\\n' {sh(text.rstrip())} > {self.under('HOME_DIR', name)}",
        ]


class _PowerShell:
    """Of the language only what Windows PowerShell 5.1 knows."""

    uv = Quoted("$UV")

    def head(self, title: str, uv: str) -> list[str]:
        return [
            comment(title),
            "# Read it before you run it. It can be run again after a fault. Where Windows refuses to run it:",
            "#   powershell -ExecutionPolicy Bypass -File NAME-OF-THIS-FILE",
            _LOGIN,
            "$ErrorActionPreference = 'Stop'",
            "function Invoke-Checked {",
            "    # What a program says on standard error is no fault; its exit code tells.",
            "    $ErrorActionPreference = 'Continue'",
            "    $words = @($args | Select-Object -Skip 1)",
            "    & $args[0] @words",
            '    if ($LASTEXITCODE -ne 0) { throw "$($args[0]) ended with $LASTEXITCODE" }',
            "}",
            f"$UV = {powershell_text(uv or 'uv.exe')}",
            "if (-not (Test-Path -LiteralPath $UV)) { $UV = 'uv' }",
            "if (-not (Get-Command $UV -ErrorAction SilentlyContinue)) {",
            f"    throw {powershell_text(_NO_UV)}",
            "}",
        ]

    def shields(self, folders: Mapping[str, str]) -> list[str]:
        starts = "|".join(BENDING_STARTS)
        names = "|".join(BENDING)
        return [
            "# As the program does it: no setting of this console bends what is installed.",
            "Get-ChildItem Env: | Where-Object { "
            f"$_.Name -match {powershell_text(f'^({starts})|^({names})$')}"
            " } | Remove-Item",
            *(f"$env:{name} = {powershell_text(value)}" for name, value in folders.items()),
        ]

    def set(self, name: str, value: str) -> str:
        return f"${name} = {powershell_text(value)}"

    def variable(self, name: str) -> Quoted:
        return Quoted(f"${name}")

    def under(self, variable: str, *parts: str) -> Quoted:
        """A path below a variable; the parts are this program's own names."""
        return Quoted(f'"${variable}\\' + "\\".join(parts) + '"')

    def run(self, *words: str) -> str:
        return "Invoke-Checked " + " ".join(map(powershell, words))

    def unless(self, path: Quoted, command: str) -> list[str]:
        return [f"if (-not (Test-Path -LiteralPath {path})) {{", f"    {command}", "}"]

    def copy(self, source: Quoted, target: Quoted) -> str:
        [line, command, end] = self.unless(
            target, f"Copy-Item -LiteralPath {source} -Destination {target}"
        )
        return f"{line} {command.strip()} {end}"

    def file(self, name: str, text: str) -> list[str]:
        # .NET writes UTF-8 without a mark, which uv would take for a part of the first name.
        return [
            "[void][System.IO.Directory]::CreateDirectory($HOME_DIR)",
            f"$lock = {powershell_text(text.rstrip() + chr(10))}",
            "[System.IO.File]::WriteAllText("
            f'{self.under("HOME_DIR", name)}, $lock.Replace("`r`n", "`n"))',
        ]
