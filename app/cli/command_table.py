"""Every command in one place, a row each.

What it is for, which options act on it, what runs it, how its JSON comes. Adding a command is
adding a row here and its endings to ``endings.py``.
"""

from __future__ import annotations

from argparse import REMAINDER, ArgumentParser, Namespace
from collections.abc import Callable
from typing import Any, NamedTuple

from app.cli import (
    deploy_commands,
    desired_state,
    environment_commands,
    inspect_commands,
    install_commands,
    training_options,
)
from app.cli.command_run import CommandRun
from app.model.errors import ExitCode

# Options that several commands share: their words for argparse. Each command names those that act.
OPTIONS: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "json": (
        ("--json",),
        {
            "action": "store_true",
            "help": "JSON on standard output: one document, or one object a line while it runs",
        },
    ),
    "machine": (
        ("--machine",),
        {"metavar": "FILE", "help": "use a machine file or a report instead of this computer"},
    ),
    "home": (
        ("--home",),
        {"metavar": "DIR", "help": "where environments, cache, journal and reports live"},
    ),
    "profile": (
        ("--profile",),
        {"metavar": "ID", "help": "take this profile instead of the best one"},
    ),
    "answers": (
        ("--answers",),
        {"metavar": "FILE", "help": "a TOML file with choices made beforehand"},
    ),
    "yes": (("--yes",), {"action": "store_true", "help": "do not ask"}),
    "offline": (("--offline",), {"metavar": "DIR", "help": "install from a bundle"}),
    "index": (("--index",), {"metavar": "URL", "help": "another package index"}),
    "pytorch-index": (
        ("--pytorch-index",),
        {"metavar": "URL", "help": "a mirror of the PyTorch index"},
    ),
    "overwrite": (
        ("--overwrite",),
        {"action": "store_true", "help": "replace an output file that exists"},
    ),
    "kernel": (
        ("--kernel",),
        {"action": "store_true", "help": "also a Jupyter kernel for the setup"},
    ),
    "all-users": (
        ("--all-users",),
        {
            "action": "store_true",
            "help": "one home for every user of this PC, an administrator's",
        },
    ),
    "check-updates": (
        ("--check-updates",),
        {
            "action": "store_true",
            "help": "also ask, at most once a day, whether a newer version of this program was announced",
        },
    ),
    "menu-entry": (
        ("--menu-entry",),
        {
            "action": "store_true",
            "help": "also an entry in the system's menu that opens a terminal",
        },
    ),
}
# Understood by every command.
ALWAYS: tuple[tuple[tuple[str, ...], dict[str, Any]], ...] = (
    (
        ("-q", "--quiet"),
        {"action": "store_true", "help": "say only what went wrong on standard error"},
    ),
    (
        ("-v", "--verbose"),
        {"action": "store_true", "help": "also the program's own log on standard error"},
    ),
    (("--no-color",), {"action": "store_true", "help": "no colours (also: NO_COLOR is set)"}),
)
_PLACES = ("json", "home", "answers")
_SOURCES = ("offline", "index", "pytorch-index")
_SURVEY = ("json", "machine", "home", "answers", "index", "pytorch-index")
_CHOICE = ("json", "machine", "home", "profile", "answers", *_SOURCES)


class CommandSpec(NamedTuple):
    """A command. ``own`` adds the options that no other has; ``streams`` says whether ``--json``
    gives one object a line, the last of them ``result/1``. ``finds_shared``: where nothing is
    installed in the user's own home it works with the home of all users.
    """

    name: str
    purpose: str
    handler: Callable[[CommandRun], ExitCode]
    options: tuple[str, ...]
    own: Callable[[ArgumentParser], None] = lambda _: None
    streams: Callable[[Namespace], bool] = lambda _: False
    examples: tuple[tuple[str, str], ...] = ()
    finds_shared: bool = False


def _add_install_options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--fix",
        metavar="NAME",
        help="apply an automatic fix first, as a failed step's diagnosis names it",
    )


def _add_verify_options(parser: ArgumentParser) -> None:
    parser.add_argument("--quick", action="store_true", help="only the checks")
    parser.add_argument(
        "--environment", metavar="NAME", help="another environment than the active one"
    )
    parser.add_argument(
        "--compare", metavar="FILE", help="compare the output of the guide's own script instead"
    )
    parser.add_argument(
        "--save-proof", metavar="FILE", help="write a record of what passed, without names"
    )


def _output_option(what: str) -> Callable[[ArgumentParser], None]:
    def add(parser: ArgumentParser) -> None:
        parser.add_argument("--output", metavar="FILE", help=what)

    return add


def _add_diagnose_options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--log", metavar="FILE", default="-", help="the log, or - for standard input"
    )


def _add_profiles_options(parser: ArgumentParser) -> None:
    parser.add_argument("action", nargs="?", choices=["show"], help="show one profile")
    parser.add_argument("id", nargs="?", help="the profile's id")


def _add_uninstall_options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--remove",
        metavar="ID",
        action="append",
        default=[],
        help="remove this item (all: what this program made; runs: each training run)",
    )
    parser.add_argument(
        "--put-back",
        metavar="PATH",
        help="return a quarantined thing, or the packages of a list, as listed",
    )


def _add_bundle_options(parser: ArgumentParser) -> None:
    parser.add_argument("--output", metavar="DIR", help="the folder to make")
    parser.add_argument(
        "--profile",
        metavar="ID",
        action="append",
        dest="profiles",
        default=[],
        help="pack this profile instead of the best one; may be given again",
    )
    parser.add_argument(
        "--model",
        metavar="NAME-OR-FOLDER",
        action="append",
        dest="models",
        default=[],
        help="pack this model too, and what exports it as GGUF; may be given again",
    )
    parser.add_argument(
        "--update",
        action="store_true",
        help="add to the bundle that is there: only what is new is fetched",
    )
    parser.add_argument(
        "--verify", metavar="DIR", help="check the files of a bundle against its list instead"
    )
    parser.add_argument(
        "--platform", choices=["windows", "linux"], help="for this system (default: the machine's)"
    )


def _add_verify_bundle_options(parser: ArgumentParser) -> None:
    parser.add_argument("bundle", metavar="DIR", help="the bundle's folder")


def _deploy_files(parser: ArgumentParser) -> None:
    parser.add_argument("directory", metavar="DIR", help="a new or empty folder")


def _add_dsc_options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "operation",
        metavar="OPERATION",
        choices=["get", "test", "set", "whatif", "export", "schema"],
        help="get, test, set, whatif, export or schema",
    )


def _add_script_options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--shell", choices=["powershell", "sh"], help="which shell (default: the machine's)"
    )
    parser.add_argument(
        "--train", action="store_true", help="print a starter training script instead"
    )
    parser.add_argument(
        "--output",
        metavar="FILE",
        help="where to write it, as its shell reads it (default: standard output)",
    )


def _add_run_options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "words", nargs=REMAINDER, metavar="-- COMMAND …", help="the command and its own options"
    )


def _add_packages_options(parser: ArgumentParser) -> None:
    parser.add_argument("what", choices=["list", "add", "undo"], help="what to do")
    parser.add_argument("names", nargs="*", metavar="NAME", help="with add: the packages")


def _add_env_options(parser: ArgumentParser) -> None:
    parser.add_argument("what", choices=["path"], help="path: the active environment's stable path")


def _add_workspace_options(parser: ArgumentParser) -> None:
    parser.add_argument("folder", metavar="FOLDER", help="a folder of yours; a new one is made")


def _add_completion_options(parser: ArgumentParser) -> None:
    parser.add_argument("for_shell", metavar="SHELL", choices=["bash", "powershell"])


def _train_command(run: CommandRun) -> ExitCode:
    """What training needs is imported when it is asked for."""
    from app.cli import training_commands

    return training_commands.train(run)


def _packages_command(run: CommandRun) -> ExitCode:
    """As ``_train_command``."""
    from app.cli import package_commands

    return package_commands.packages(run)


def _export_command(run: CommandRun) -> ExitCode:
    """As ``_train_command``."""
    from app.cli import training_commands

    return training_commands.export(run)


COMMANDS: tuple[CommandSpec, ...] = (
    CommandSpec(
        "detect",
        "survey this machine and print its facts",
        inspect_commands.detect,
        _SURVEY,
        examples=(("detect --json > machine.json", "the machine file of this computer"),),
    ),
    CommandSpec(
        "plan",
        "rank the profiles and print the full plan: what install would change",
        inspect_commands.plan,
        (*_CHOICE, "all-users", "kernel", "menu-entry"),
        examples=(
            (
                "plan --json --answers answers.toml",
                "a check: `changes` is 0 where nothing is to do",
            ),
            ("plan --machine FILE", "the plan for another computer"),
        ),
    ),
    CommandSpec(
        "install",
        "run the plan; a run that was cut off goes on where it stopped",
        install_commands.install,
        (*_CHOICE, "yes", "all-users", "kernel", "menu-entry"),
        _add_install_options,
        lambda _: True,
        (
            ("install --yes", "the best setup for this computer, or the proven one that is here"),
            ("install --yes --json --answers answers.toml", "for scripts"),
            ("install --fix refetch", "what a diagnosis named, then the plan"),
        ),
    ),
    CommandSpec(
        "verify",
        "check, measure and train inside an installed environment",
        install_commands.verify,
        ("json", "machine", "home", "profile", "answers"),
        _add_verify_options,
        lambda options: not options.compare,
        (("verify --quick", "only the checks, seconds instead of minutes"),),
        finds_shared=True,
    ),
    CommandSpec(
        "status",
        "tell what is installed here and how far it is proven; starts nothing",
        inspect_commands.status,
        (*_PLACES, "check-updates"),
        examples=(("status --json", "one document, for monitoring"),),
        finds_shared=True,
    ),
    CommandSpec(
        "run",
        "run a command inside the active environment; its exit code is the result",
        environment_commands.run,
        ("home", "answers"),
        _add_run_options,
        examples=(("run -- python train.py --epochs 2", "the environment's own Python"),),
        finds_shared=True,
    ),
    CommandSpec(
        "shell",
        "open the user's shell with the active environment in this terminal",
        environment_commands.shell,
        ("home", "answers"),
        examples=(("shell", "leave it with exit"),),
        finds_shared=True,
    ),
    CommandSpec(
        "train",
        "train on your own data inside the active environment",
        _train_command,
        (*_PLACES, "overwrite"),
        training_options.train,
        lambda options: not (options.preview or options.write_script),
        (
            ("train --data rows.jsonl --preview", "what was recognised; trains nothing"),
            ("train --data table.csv --map question=Q,answer=A", "columns with names of their own"),
            ("train --resume", "goes on with the last run that was stopped or cut off"),
        ),
        finds_shared=True,
    ),
    CommandSpec(
        "export",
        "make a model of a training run: its adapter, merged into its model, or GGUF",
        _export_command,
        (*_PLACES, *_SOURCES),  # llama.cpp's converter comes from the index
        training_options.export,
        lambda _: True,
        (
            ("export 20261130T120000Z --format merged", "a model's folder in 16 bits"),
            ("export RUN --format gguf", "fetches llama.cpp's converter where it is not here"),
            ("export RUN --format gguf --llama-cpp DIR", "with your own copy of llama.cpp"),
        ),
        finds_shared=True,
    ),
    CommandSpec(
        "packages",
        "list, add or take back your own packages beside the proven ones",
        _packages_command,
        (*_PLACES, "yes", *_SOURCES),
        _add_packages_options,
        lambda options: options.what != "list",
        (
            ("packages add wandb", "refused where a package of the setup would change"),
            ("packages undo", "takes back the last change, also one that pip made"),
        ),
        finds_shared=True,
    ),
    CommandSpec(
        "env",
        "print the active environment's stable path, for editors and scripts",
        environment_commands.env,
        _PLACES,
        _add_env_options,
        examples=(("env path", "stays the same when a newer setup is installed"),),
        finds_shared=True,
    ),
    CommandSpec(
        "workspace",
        "let VS Code find the active environment in a folder of yours",
        environment_commands.workspace,
        _PLACES,
        _add_workspace_options,
        lambda _: True,
        (("workspace ~/training", "writes .vscode/settings.json, and never over yours"),),
        finds_shared=True,
    ),
    CommandSpec(
        "report",
        "write the diagnostics report",
        inspect_commands.report,
        (*_CHOICE, "overwrite"),
        _output_option("where to write the zip"),
        examples=(("report --output report.zip", "readable, the person taken out"),),
    ),
    CommandSpec(
        "diagnose",
        "read a log, name the cause and the fix",
        inspect_commands.diagnose,
        ("json", "machine"),
        _add_diagnose_options,
        examples=(("diagnose --log training.log", "or from a pipe: … 2>&1 | diagnose"),),
    ),
    CommandSpec(
        "profiles",
        "list the profiles, or show one",
        inspect_commands.profiles,
        ("json",),
        _add_profiles_options,
        examples=(("profiles show practice-cpu", "what stands for and against it"),),
    ),
    CommandSpec(
        "rollback",
        "go back to the environment that was active before",
        install_commands.rollback,
        (*_PLACES, "yes"),
        streams=lambda _: True,
    ),
    CommandSpec(
        "uninstall",
        "list what this program put here, remove what is chosen",
        install_commands.uninstall,
        (*_PLACES, "yes", *_SOURCES),  # putting packages back asks the index
        _add_uninstall_options,
        lambda options: bool(options.remove),
        (
            ("uninstall", "the list, with sizes"),
            ("uninstall --remove all --yes", "everything that this program made"),
        ),
    ),
    CommandSpec(
        "bundle",
        "make a folder with everything a profile needs, for a machine without internet",
        install_commands.bundle,
        (*(name for name in _CHOICE if name != "profile"), "kernel"),
        _add_bundle_options,
        lambda options: not options.verify,
        (
            ("bundle --profile practice-cpu --output DIR", "then there: install --offline DIR"),
            (
                "bundle --output DIR --model NAME",
                "with a model: install --offline DIR puts it where train finds it",
            ),
            ("bundle --output DIR --update", "fetch what this program's newer locks name"),
        ),
    ),
    CommandSpec(
        "verify-bundle",
        "check every file of a bundle against its list",
        install_commands.verify_bundle,
        ("json",),
        _add_verify_bundle_options,
    ),
    CommandSpec(
        "script",
        "print the plan as a script that a person can read and run",
        inspect_commands.script,
        tuple(name for name in (*_CHOICE, "overwrite") if name != "json"),
        _add_script_options,
        examples=(("script --shell powershell --output setup.ps1", "for PowerShell 5.1 and 7"),),
    ),
    CommandSpec(
        "deploy-files",
        "write what administrators of many PCs take: answer files, Ansible, DSC, Intune",
        deploy_commands.deploy_files,
        ("overwrite",),
        _deploy_files,
        examples=(("deploy-files DIR", "then read DIR/README.md"),),
    ),
    CommandSpec(
        "dsc",
        "answer an engine of desired state (DSC v3): JSON over standard input and output",
        desired_state.dsc,
        (),
        _add_dsc_options,
        examples=(("dsc test < instance.json", "the manifest is in what deploy-files writes"),),
    ),
    CommandSpec(
        "record",
        "write the machine file of this machine",
        inspect_commands.record,
        (*_SURVEY, "overwrite"),
        _output_option("where to write it (default: standard output)"),
    ),
    CommandSpec(
        "completion",
        "print what makes a shell complete commands and options",
        environment_commands.completion,
        (),
        _add_completion_options,
        examples=(
            ("completion bash > ~/.local/share/bash-completion/completions/unsloth-setup", ""),
            ("completion powershell >> $PROFILE", ""),
        ),
    ),
)


def command(name: str) -> CommandSpec:
    """The command with this name."""
    return next(one for one in COMMANDS if one.name == name)
