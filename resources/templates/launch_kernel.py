"""Starts a Jupyter kernel in the interpreter that runs this file.

Its own packages win over those beside this file.

``launch.py -f FILE`` is what Jupyter calls. ``launch.py --ask NAME`` starts the kernel of that name
as Jupyter would, has it compute something, and ends with 0 where the answer is right.
"""

import os
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[
    0:1
] = []  # this folder stands last: only what the environment does not have is taken from here
sys.path.append(HERE)


def put_own_programs_first() -> None:
    """``!python``, ``!pip`` and what a notebook starts are this environment's: its programs come first
    on the path, as in a terminal in which it is active.
    """
    programs = os.path.join(sys.prefix, "Scripts" if os.name == "nt" else "bin")
    rest = [p for p in os.environ.get("PATH", "").split(os.pathsep) if p and p != programs]
    os.environ["PATH"] = os.pathsep.join([programs, *rest])
    os.environ["VIRTUAL_ENV"] = sys.prefix


def ask(name: str) -> int:
    """Start the kernel, ask it for its interpreter, the ``python`` of its path and a product, end it."""
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(startup_timeout=90, kernel_name=name)
    texts: list[str] = []
    try:
        client.execute_interactive(
            "import os, shutil, sys; print(6 * 7, sys.prefix, "
            "os.path.dirname(shutil.which('python') or ''))",
            timeout=60,
            store_history=False,
            output_hook=lambda message: texts.append(message["content"].get("text", "")),
        )
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    answer = "".join(texts).strip()
    print(f"the kernel answered: {answer}")
    own = os.path.dirname(shutil.which("python", path=os.path.dirname(sys.executable)) or "")
    return 0 if answer == f"42 {sys.prefix} {own}" else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["--ask"]:
        raise SystemExit(ask(sys.argv[2]))
    # Unsloth counts its users by a small download, trl and the Hub's own package report what is
    # trained. Remove this line to let them.
    for name in ("UNSLOTH_DISABLE_STATISTICS", "HF_HUB_DISABLE_TELEMETRY"):
        os.environ.setdefault(name, "1")
    put_own_programs_first()
    from ipykernel.kernelapp import launch_new_instance

    launch_new_instance()
