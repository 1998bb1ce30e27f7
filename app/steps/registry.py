"""Which file runs which kind of step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, cast

from app.model.event import AnyPayload
from app.model.plan import AnyStep
from app.steps import (
    activate,
    add_packages,
    close_mapper,
    create_environment,
    export_model,
    fetch_llama_cpp,
    fetch_model,
    fetch_wheels,
    first_import,
    fix_openmp,
    install_wheels,
    make_kernel,
    make_shortcut,
    make_workspace,
    prepare_training,
    provide_python,
    put_packages_back,
    quarantine,
    remove_packages,
    remove_tree,
    run_check,
    run_training,
    set_variables,
    take_model,
    uninstall_packages,
)
from app.steps.step_context import StepContext


class Handler(Protocol):
    """What every kind of step offers."""

    def done(self, step: Any, site: StepContext) -> str | None:
        """A sentence about what was found when the step is already done, else ``None``."""

    def run(self, step: Any, site: StepContext) -> Iterator[AnyPayload]:
        """Do it, telling what happens. Raises ``ExpectedError`` or ``StoppedError``."""


HANDLERS: dict[str, Any] = {
    "provide-python": provide_python,
    "fetch-wheels": fetch_wheels,
    "create-environment": create_environment,
    "install-wheels": install_wheels,
    "mend-openmp": fix_openmp,
    "close-mapper": close_mapper,
    "set-variables": set_variables,
    "first-import": first_import,
    "run-check": run_check,
    "activate": activate,
    "quarantine": quarantine,
    "uninstall-packages": uninstall_packages,
    "remove-tree": remove_tree,
    "put-packages-back": put_packages_back,
    "make-kernel": make_kernel,
    "make-shortcut": make_shortcut,
    "make-workspace": make_workspace,
    "prepare-training": prepare_training,
    "run-training": run_training,
    "fetch-model": fetch_model,
    "fetch-llama-cpp": fetch_llama_cpp,
    "take-model": take_model,
    "add-packages": add_packages,
    "remove-packages": remove_packages,
    "export-model": export_model,
}


def handler(step: AnyStep) -> Handler:
    """The file that runs this step."""
    return cast(Handler, HANDLERS[step.kind])
