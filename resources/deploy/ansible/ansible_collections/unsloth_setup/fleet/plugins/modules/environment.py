#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: the Unsloth Setup project
# Apache License 2.0 (see https://www.apache.org/licenses/LICENSE-2.0)
"""A proven environment on a host, or none."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: environment
short_description: A proven fine-tuning environment on a Linux host
version_added: "1.0.0"
description:
  - Brings a host to the environment that a profile describes, verified, with the program Unsloth Setup.
  - In check mode only the plan is made, nothing is changed.
author:
  - The Unsloth Setup project (@unsloth-setup)
options:
  state:
    description: Whether an environment is to be there. V(absent) removes what the program made.
    type: str
    choices: [present, absent]
    default: present
  program:
    description: The program as a list of words, for one V([python3, /srv/share/bundle/start.py]).
    type: list
    elements: str
    default: [unsloth-setup]
  home:
    description: The home folder. Without it the program's own choice.
    type: path
  all_users:
    description: One home for every user of the host, C(/opt/unsloth-setup). Needs root.
    type: bool
    default: false
  profile:
    description: The profile. Without it the best one for the host, or the proven one that is there.
    type: str
  answers:
    description:
      - The text of an answer file, for one V(lookup('ansible.builtin.file', 'answers.toml')).
      - The host keeps no copy of it.
    type: str
  index:
    description: Another package index.
    type: str
  pytorch_index:
    description: A mirror of the PyTorch index.
    type: str
  offline:
    description: A bundle's folder on the host.
    type: path
attributes:
  check_mode:
    description: The plan is made, nothing is changed.
    support: full
  diff_mode:
    description: Profile, environment and verdict before and after.
    support: full
extends_documentation_fragment: []
"""

EXAMPLES = r"""
- name: The environment of a class room
  unsloth_setup.fleet.environment:
    all_users: true
    profile: practice-cpu

- name: From a bundle on a share
  unsloth_setup.fleet.environment:
    program: [python3, /srv/share/unsloth-bundle/start.py]
    offline: /srv/share/unsloth-bundle
"""

RETURN = r"""
status:
  description: What is installed after the run, C(status/1).
  returned: success
  type: dict
steps:
  description: The steps that were needed, or are in check mode.
  returned: success
  type: list
  elements: str
cause:
  description: A stable name of what kept it from being done.
  returned: failure
  type: str
remedy:
  description: What to do next.
  returned: failure
  type: str
exit_code:
  description: The program's exit code.
  returned: failure
  type: int
"""

import os
import tempfile

from ansible.module_utils.common.text.converters import to_bytes
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.unsloth_setup.fleet.plugins.module_utils.program import (
    PLACE,
    Failed,
    run_plan,
    place,
    plan,
    status,
)

CHOICES = ("home", "profile", "index", "pytorch_index", "offline")


def choices(module):
    """The options of plan and install; the answers as a file that goes when the module ends."""
    params = module.params
    words = ["--all-users"] if params["all_users"] else []
    if params["answers"]:
        handle, path = tempfile.mkstemp(suffix=".toml", dir=module.tmpdir)
        module.add_cleanup_file(path)
        with os.fdopen(handle, "wb") as file:
            file.write(to_bytes(params["answers"]))
        words += ["--answers", path]
    for name in CHOICES:
        if params[name]:
            words += ["--" + name.replace("_", "-"), params[name]]
    return words


def shown(found):
    """What a diff shows of a status."""
    names = ("installed", "profile", "environment", "verdict")
    return dict((name, found.get(name)) for name in names)


def present(module):
    """Plan, and install where anything is to do."""
    words = choices(module)
    before = status(module)
    made = plan(module, words)
    steps = [step["title"] for step in made["steps"] if step["needed"]]
    changed = made["changes"] > 0
    after = dict(shown(before))
    if changed:
        after.update(installed=True, profile=made["profile"], environment="new", verdict="verified")
    now = before
    if changed and not module.check_mode:
        run_plan(module, ["install", "--yes"] + words)
        now = status(module)
        after = shown(now)
    return changed, steps, now, shown(before), after


def absent(module):
    """Remove what the program made."""
    before = status(module)
    changed = bool(before["installed"])
    now = before
    if changed and not module.check_mode:
        run_plan(module, ["uninstall", "--remove", "all", "--yes"] + place(module.params))
        now = status(module)
    after = dict(installed=False, profile=None, environment=None, verdict=None)
    return changed, [], now, shown(before), after if changed else shown(before)


def main():
    """The module."""
    texts = dict(
        (name, dict(type="str")) for name in ("profile", "answers", "index", "pytorch_index")
    )
    module = AnsibleModule(
        argument_spec=dict(
            state=dict(type="str", choices=["present", "absent"], default="present"),
            offline=dict(type="path"),
            **dict(PLACE, **texts),
        ),
        supports_check_mode=True,
    )
    try:
        made = present(module) if module.params["state"] == "present" else absent(module)
    except Failed as error:
        module.fail_json(**error.fields())
    changed, steps, now, before, after = made
    module.exit_json(
        changed=changed, steps=steps, status=now, diff=dict(before=before, after=after)
    )


if __name__ == "__main__":
    main()
