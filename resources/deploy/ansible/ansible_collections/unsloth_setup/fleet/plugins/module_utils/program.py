# -*- coding: utf-8 -*-
# Copyright: the Unsloth Setup project
# Apache License 2.0 (see https://www.apache.org/licenses/LICENSE-2.0)
"""The program's command line as the modules use it: JSON in its last object, one exit code."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json

PLACE = dict(
    program=dict(type="list", elements="str", default=["unsloth-setup"]),
    home=dict(type="path"),
    all_users=dict(type="bool", default=False),
)
SHARED_HOME = "/opt/unsloth-setup"


class Failed(Exception):
    """The program said why it cannot: a sentence, a stable cause, and what to do."""

    def __init__(self, message, cause, remedy="", code=None):
        super(Failed, self).__init__(message)
        self.message, self.cause, self.remedy, self.code = message, cause, remedy, code

    def fields(self):
        """As fail_json takes it."""
        said = "%s %s" % (self.message, self.remedy)
        return dict(msg=said.strip(), cause=self.cause, remedy=self.remedy, exit_code=self.code)


def place(params):
    """The options that say which home is meant, for commands that only look. Raises Failed where two
    are named."""
    if params["home"] and params["all_users"]:
        raise Failed("home and all_users exclude each other.", "bad-input")
    home = params["home"] or (SHARED_HOME if params["all_users"] else None)
    return ["--home", home] if home else []


def ask(module, words):
    """Run one command with --json: its exit code and its last object. Raises Failed where it says
    nothing that can be read."""
    command = list(module.params["program"]) + list(words) + ["--json"]
    code, out, err = module.run_command(command)
    last = {}
    for text in (out, out.strip().rsplit("\n", 1)[-1]):
        try:
            last = json.loads(text)
            break
        except ValueError:
            continue
    if not isinstance(last, dict) or not last:
        lines = [line for line in err.strip().splitlines() if line.strip()]
        raise Failed(lines[-1] if lines else "It said nothing.", "program-not-usable", code=code)
    return code, last


def status(module):
    """What is installed: the document status/1."""
    code, found = ask(module, ["status"] + place(module.params))
    if found.get("schema") != "status/1":
        raise _of(found, code)
    return found


def plan(module, words):
    """What would change: the document plan/1. Raises Failed where it is blocked."""
    code, found = ask(module, ["plan"] + words)
    if found.get("schema") != "plan/1":
        raise _of(found, code)
    if found["verdict"] == "blocked":
        first = next(one for one in found["findings"] if one["severity"] == "blocks")
        said = "%s. %s" % (first["title"], first["detail"])
        raise Failed(said.strip(), first["id"], first["remedy"], code)
    return found


def run_plan(module, words):
    """Run a command that changes something: its result/1. Raises Failed where it did not finish."""
    code, found = ask(module, words)
    if code != 0:
        raise _of(found, code)
    return found


def _of(found, code):
    error = found.get("error") or {}
    cause = error.get("cause") or error.get("code") or "unknown"
    return Failed(error.get("message", "It failed."), cause, error.get("remedy", ""), code)
