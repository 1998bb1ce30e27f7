"""Opens the world and the knowledge, then the window or the command line.

The only place that wires.

The window is painted before anything heavy is imported: what a session needs is imported where it
is opened.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import PurePath
from typing import TYPE_CHECKING

from app.adapters.display import has_display
from app.adapters.processes.stdio import flush_and_close, print_error, set_up
from app.model.errors import ExitCode, ExpectedError, InputError

if TYPE_CHECKING:
    from app.engine.session import Session
    from app.model.machine import MachineFacts

_WINDOW_OPTIONS = ("answers", "home", "profile", "offline", "index", "pytorch-index", "machine")
_PATH_OPTIONS = (
    "home", "offline", "output", "verify", "bundle", "put_back", "data", "model", "write_script",
    "llama_cpp", "base", "directory", "folder",
)  # fmt: skip
_QT_OPTIONS = ("-platform", "-style")


def open_session(options: argparse.Namespace) -> Session:
    """A session as the options ask: this computer or a machine file's, with the answers given."""
    import msgspec

    from app.adapters.local_system import open_system
    from app.adapters.processes.stdio import folder_here, whole_path
    from app.adapters.resources import read_input, resource_names, resource_reader
    from app.engine import shared_home
    from app.engine.answer_file import (
        add_line_number,
        check_answers,
        load_answers,
        load_policy,
        wrong_values,
    )
    from app.engine.load_machine import load_machine, recorded_run
    from app.engine.session import Session
    from app.knowledge import load
    from app.model.answers import Answers, language_codes

    for option in _PATH_OPTIONS:
        given = getattr(options, option, None)
        if option == "model" and given is not None and not PurePath(given).is_absolute():
            given = given if folder_here(given) else None  # else it is a name on the hub
        if given is not None and not (
            option == "home" and options.machine
        ):  # a home of another computer is no path of this one
            setattr(options, option, whole_path(given, f"--{option.replace('_', '-')}"))
    system = open_system(simulated=options.machine)
    name = options.answers
    if name is None and getattr(options, "takes_answers", True):
        name = system.computer.variables().get("UNSLOTH_SETUP_ANSWERS", "").strip() or None
    written = read_input(name) if name else None
    languages = language_codes(resource_names()("translations"))
    answers = Answers()
    if written is not None and name:
        answers = load_answers(written, name, languages)
    given_answers = answers
    given = {
        "home": options.home,
        "profile": options.profile,
        "offline": options.offline,
        "index": options.index,
        "pytorch_index": options.pytorch_index,
    }
    given = {k: v for k, v in given.items() if v is not None}
    for field, why in wrong_values(Answers(**given)):
        raise InputError(f"--{field.replace('_', '-')}: {why}.")
    answers = msgspec.structs.replace(answers, **given)
    if getattr(options, "all_users", False):
        given["all_users"] = True
        answers = msgspec.structs.replace(answers, all_users=True)
    fixed: dict[str, object] = {}
    if not options.machine:
        policy = shared_home.policy(system)
        if policy is not None:
            fixed = load_policy(read_input(policy), policy, given, languages)
        answers = msgspec.structs.replace(answers, **fixed)
        answers = msgspec.structs.replace(
            answers,
            **{
                field: whole_path(path, field)
                for field in ("home", "offline")
                if (path := getattr(answers, field)) is not None
            },
        )
        if answers.home is None and getattr(options, "finds_shared", False):
            answers = msgspec.structs.replace(answers, home=shared_home.only_there(system))
        answers = shared_home.chosen(answers, system)
    machine = None
    if options.machine:
        shipped = getattr(options, "shipped", False)
        machine = _load_resource(options.machine) if shipped else read_input(options.machine)
    facts, recording = load_machine(machine, options.machine) if machine is not None else (None, ())
    if not options.machine and answers.home is None:
        whole_path(system.computer.data_folder(), "The home folder")
    known_here = load(resource_reader(), resource_names())
    session = Session(system, known_here, answers, _load_resource, facts, recording)
    session.fixed = fixed
    if machine is not None:
        session.simulation.profile, session.simulation.plan = recorded_run(machine, options.machine)
    known = {p.id: p for p in session.knowledge.profiles}
    if written is not None and name:
        check_answers(
            given_answers,
            written,
            name,
            tuple(known),
            None if options.machine else session.system.files.exists,
        )
        session.plans.locate_error = lambda error: add_line_number(
            error, given_answers, written, name
        )
    if answers.profile is not None:
        session.choose(answers.profile)
    elif session.simulation.profile in known:
        session.choose(
            session.simulation.profile or ""
        )  # the sender's plan, not the one that would be best there
    session.network.take_bundle()
    return session


def _load_resource(name: str) -> bytes:
    from app.adapters.resources import resource_reader

    data = resource_reader()(name)
    if data is None:
        raise ExpectedError(
            "resource-missing",
            f"The file resources/{name} of this program is missing.",
            hint="Install the program again.",
            exit_code=ExitCode.FAULT,
        )
    return data


def main(arguments: Sequence[str] | None = None) -> int:
    """Window without a command, command line with one. Returns the exit code of the contract."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given == ["--ask-nvml"]:  # a child of the packed program, see adapters/nvml.py
        from app.adapters.nvml import answer

        answer()
        return int(ExitCode.DONE)
    set_up()
    logger = logging.getLogger("app")
    if not logger.handlers:  # else Python writes warnings to standard error where nobody listens
        logger.addHandler(logging.NullHandler())
    try:
        return _run_program(given)
    finally:
        flush_and_close()


def _run_program(given: list[str]) -> int:
    try:
        return _open_window(given) if _wants_window(given) else _run_command(given)
    except ExpectedError as error:
        from app.model.terminal_text import plain  # a stranger's file may be named in it

        print_error(
            plain(f"unsloth-setup: {error.message}\n" + (f"{error.hint}\n" if error.hint else ""))
        )
        return int(error.exit_code)
    except KeyboardInterrupt:
        print_error("Stopped.\n")
        return int(ExitCode.STOPPED)
    except Exception as error:  # noqa: BLE001  (the face: an unexpected fault becomes a crash file, once, here)
        path = _report_crash(error, given)
        print_error(
            f"unsloth-setup: a fault in this program: {type(error).__name__}. The crash report "
            f"lies at {path}.\n"
        )
        return int(ExitCode.FAULT)


def _report_crash(error: BaseException, given: list[str]) -> str:
    """A simulated computer's home is no folder of this one."""
    from app.adapters.local_system import open_system
    from app.engine.crash import crash_home, write_crash

    system = open_system()
    home = next((b for a, b in pairwise(given) if a == "--home"), None)
    if home is None or any(word.partition("=")[0] == "--machine" for word in given):
        home = system.computer.data_folder()
    return write_crash(
        system.files,
        system.clock,
        crash_home(system, home),
        error,
        given,
        system.computer.variables(),
    )


def _wants_window(given: list[str]) -> bool:
    """Nothing among the arguments but what the window and Qt understand. Anything else is for the
    command line, which says what is wrong with it: no word that is not understood opens a window.

    The packed console program has no window: without a command it names those that exist.
    """
    if getattr(sys, "frozen", False) and PurePath(sys.executable).stem == "unsloth-setup":
        return False
    return _window_options(given) is not None


def _run_command(given: list[str]) -> int:
    from app.adapters.processes.end_signals import like_ctrl_c
    from app.adapters.processes.stdio import wants_no_colour
    from app.adapters.resources import read_input
    from app.cli import main as command_line

    with like_ctrl_c():
        return command_line.main(given, open_session, read_input, _report_crash, wants_no_colour())


def _open_window(given: list[str]) -> int:
    found = _window_options(given)
    if found is None:
        raise InputError("The window does not understand these options; see --help.")
    options, rest = found
    if not has_display() and "-platform" not in rest:
        from app.cli.command_table import COMMANDS

        raise InputError(
            "There is no display for the window; expected a command, one of: "
            + ", ".join(one.name for one in COMMANDS)
            + ".",
            hint="“install --yes” does what the window does.",
        )
    from app.adapters.processes.single_instance import Single, show_other
    from app.gui.main import run

    with Single(
        "unsloth-setup" if options.home is None else f"unsloth-setup-{options.home}"
    ) as single:
        if not single.first and options.machine is None:
            show_other("Unsloth Setup")
            sys.stderr.write("Unsloth Setup is already open; its window is the one to use.\n")
            return int(ExitCode.DONE)
        return run(
            lambda: open_session(options),
            rest,
            lambda name: open_session(_with_machine_file(options, name)),
            machines,
        )


def _window_options(given: list[str]) -> tuple[argparse.Namespace, list[str]] | None:
    """The window's own options, and those of Qt; ``None`` where anything else is among the words."""
    options = argparse.Namespace(
        **dict.fromkeys(name.replace("-", "_") for name in _WINDOW_OPTIONS)
    )
    rest: list[str] = []
    queue = list(given)
    while queue:
        word = queue.pop(0)
        name, equals, value = word.partition("=")
        if name.startswith("--") and name[2:] in _WINDOW_OPTIONS:
            if not equals and not queue:
                return None
            setattr(options, name[2:].replace("-", "_"), value if equals else queue.pop(0))
        elif word in _QT_OPTIONS and queue:
            rest += [word, queue.pop(0)]
        else:
            return None
    return options, rest


def _with_machine_file(options: argparse.Namespace, name: str) -> argparse.Namespace:
    """The same options on another computer: the id of a machine that ships with the program, or a
    file's path.
    """
    shipped = name in dict(machines())
    path = f"machines/{name}.json" if shipped else name
    return argparse.Namespace(
        **{**vars(options), "machine": path, "shipped": shipped, "home": None}
    )


def machines() -> tuple[tuple[str, MachineFacts], ...]:
    """The simulated computers that ship with the program: id and facts."""
    from app.adapters.resources import resource_names, resource_reader
    from app.model.machine import decode_machine

    read, names = resource_reader(), resource_names()
    found = []
    for file in names("machines"):
        if file.endswith(".json"):
            found.append(
                (file.removesuffix(".json"), decode_machine(read(f"machines/{file}") or b"", file))
            )
    return tuple(found)


if __name__ == "__main__":
    sys.exit(main())
