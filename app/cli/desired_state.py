"""``dsc``: a home as an instance of a DSC v3 command resource.

JSON comes over standard input and goes to standard output; the work is that of ``status``,
``plan``, ``install`` and ``uninstall``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from app.cli import install_commands
from app.cli.inspect_commands import plan_document, take_choices
from app.model.answers import Answers
from app.model.desired import TOLD, Desired, WhatIf
from app.model.encoding import encode, to_builtins
from app.model.errors import ExitCode, InputError

if TYPE_CHECKING:
    from app.cli.command_run import CommandRun

_OPTIONS = ("home", "profile", "index", "pytorch_index", "offline", "answers")
_PROVEN = ("works", "works_slowly")
_MOST = 1 << 20  # bytes of an instance


def dsc(run: CommandRun) -> ExitCode:
    """``dsc OPERATION``."""
    operation = run.options.operation
    if operation == "schema":
        run.out.write(encode(schema()).decode() + "\n")
        return ExitCode.DONE
    wanted = _read_desired(run)
    if operation == "get":
        _print_state(run, _read_actual(run, wanted))
    elif operation == "export":
        for state in _find_installed(run, wanted):
            _print_state(run, state)
    elif operation == "test":
        _print_state(run, _test_state(run, wanted))
    elif operation == "whatif":
        _print_state(run, _predict_state(run, wanted))
    else:
        code = _apply_state(run, wanted)
        if code != ExitCode.DONE:
            return code
        _print_state(run, _read_actual(run, wanted))
    return ExitCode.DONE


def schema() -> dict[str, Any]:
    """The JSON schema of an instance, as ``dsc resource schema`` hands it on."""
    made = msgspec.json.schema(Desired)
    found: dict[str, Any] = made["$defs"].pop("Desired")
    for name in TOLD:
        found["properties"][name]["readOnly"] = True
    found.pop("description", None)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A fine-tuning environment made by Unsloth Setup",
        **found,
        "additionalProperties": False,
        "$defs": made["$defs"],
    }


def _read_desired(run: CommandRun) -> Desired:
    data = run.read("-")
    if len(data) > _MOST:
        raise InputError("Standard input has more than 1 MB; expected one instance as JSON.")
    if not data.strip():
        return Desired()
    try:
        raw = msgspec.json.decode(data)
        known = {name: value for name, value in raw.items() if name not in TOLD}
        return msgspec.convert(known, Desired)
    except msgspec.ValidationError as error:
        raise InputError(f"The instance on standard input cannot be used: {error}.") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, AttributeError) as error:
        raise InputError(
            "Standard input holds no JSON object; expected one instance, such as {}."
        ) from error


def _to_arguments(wanted: Desired, command: str) -> list[str]:
    """The same as a command line of this program."""
    words = [command]
    for name in _OPTIONS if command in ("plan", "install") else ("home", "answers"):
        value = getattr(wanted, name)
        if value is not None:
            words.append(f"--{name.replace('_', '-')}={value}")
    if wanted.scope == "all-users" and command in ("plan", "install"):
        words.append("--all-users")
    return words


def _build_inner_run(run: CommandRun, wanted: Desired, command: str) -> CommandRun:
    if wanted.scope == "all-users" and wanted.home is not None:
        raise InputError("scope and home exclude each other; expected one of them.")
    made = run.inner(
        [*_to_arguments(wanted, command), *(["--yes"] if command == "install" else [])]
    )
    made.options.finds_shared = False  # the scope says which home is meant
    if wanted.scope == "all-users" and command not in ("plan", "install"):
        made.options.all_users = True
    return made


def _read_actual(run: CommandRun, wanted: Desired) -> Desired:
    """What is there, with what was asked for repeated."""
    from app.engine.status import status

    inner = _build_inner_run(run, wanted, "status")
    now = status(inner.session)
    there: dict[str, Any] = {
        "exist": now.installed,
        "scope": now.scope,
        "home": None if now.scope == "all-users" else now.home,
        "profile": now.profile,
        "environment": now.environment,
        "python": now.python,
        "path": now.path,
        "verdict": now.verdict if now.installed else None,
        "proven_at": now.proven_at,
        "drift": tuple(one.text for one in now.drift),
        "program_version": now.program.version,
    }
    return msgspec.structs.replace(wanted, in_desired_state=None, metadata=None, **there)


def _find_installed(run: CommandRun, asked: Desired) -> Iterator[Desired]:
    """Each environment that is there, one a line: that of the home that is asked for, else this
    user's and that of all users.
    """
    places = [asked] if asked.home else [Desired(scope="user"), Desired(scope="all-users")]
    for place in places:
        state = _read_actual(run, place)
        if state.exist:
            yield state


def _build_plan(run: CommandRun, wanted: Desired) -> tuple[dict[str, Any], Answers]:
    inner = _build_inner_run(run, wanted, "plan")
    take_choices(inner)
    return plan_document(inner), inner.session.answers


def _test_state(run: CommandRun, wanted: Desired) -> Desired:
    """What is there, and whether ``set`` would change anything."""
    there = _read_actual(run, wanted)
    if not wanted.exist:
        return msgspec.structs.replace(there, in_desired_state=not there.exist)
    document, answers = _build_plan(run, wanted)
    proven = there.verdict in _PROVEN or (
        answers.verify == "none" and there.verdict == "not_checked"
    )
    right = there.exist and proven and not there.drift and document["changes"] == 0
    return msgspec.structs.replace(there, in_desired_state=right, blocked=_list_blockers(document))


def _predict_state(run: CommandRun, wanted: Desired) -> Desired:
    """What ``set`` would leave, and what it would do."""
    if not wanted.exist:
        there = _read_actual(run, wanted)
        found = _build_inner_run(run, wanted, "uninstall").session.undo.uninstallable()
        steps = tuple(f"Remove: {item.title}, {item.path}" for item in found if item.in_all)
        return msgspec.structs.replace(
            Desired(scope=there.scope, home=there.home, exist=False),
            metadata=WhatIf(what_if=steps),
        )
    document, _ = _build_plan(run, wanted)
    steps = tuple(step["title"] for step in document["steps"] if step["needed"])
    if document["verdict"] == "blocked":
        return msgspec.structs.replace(
            _read_actual(run, wanted), blocked=_list_blockers(document), metadata=WhatIf(what_if=())
        )
    return msgspec.structs.replace(
        wanted, profile=document["profile"], metadata=WhatIf(what_if=steps)
    )


def _list_blockers(document: dict[str, Any]) -> tuple[str, ...]:
    """What stands against the plan, a sentence each."""
    found = to_builtins(document["findings"])
    if document["verdict"] != "blocked":
        return ()
    return tuple(
        f"{one['title']}. {one['remedy']}".strip() for one in found if one["severity"] == "blocks"
    )


def _apply_state(run: CommandRun, wanted: Desired) -> ExitCode:
    if wanted.exist:
        return install_commands.install(_build_inner_run(run, wanted, "install"))
    inner = run.inner([*_to_arguments(wanted, "uninstall"), "--remove", "all", "--yes"])
    inner.options.all_users = wanted.scope == "all-users"
    return install_commands.uninstall(inner)


def _print_state(run: CommandRun, state: Desired) -> None:
    fields = {
        **to_builtins(state),
        "_exist": state.exist,
        "scope": state.scope,
    }
    run.out.write(encode(fields).decode() + "\n")
