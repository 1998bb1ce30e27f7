"""Starts a Jupyter kernel in the interpreter that runs this file.

Its own packages win over those beside this file.

``launch.py -f FILE`` is what Jupyter calls. ``launch.py --ask NAME`` starts the kernel of that name
as Jupyter would, has it compute something, and ends with 0 where the answer is right.
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[
    0:1
] = []  # this folder stands last: only what the environment does not have is taken from here
sys.path.append(HERE)


def ask(name: str) -> int:
    """Start the kernel, ask it for its interpreter and a product, end it."""
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(startup_timeout=90, kernel_name=name)
    texts: list[str] = []
    try:
        client.execute_interactive(
            "import sys; print(6 * 7, sys.prefix)",
            timeout=60,
            store_history=False,
            output_hook=lambda message: texts.append(message["content"].get("text", "")),
        )
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    answer = "".join(texts).strip()
    print(f"the kernel answered: {answer}")
    return 0 if answer == f"42 {sys.prefix}" else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["--ask"]:
        raise SystemExit(ask(sys.argv[2]))
    # Unsloth counts its users by a small download, trl and the Hub's own package report what is
    # trained. Remove this line to let them.
    for name in ("UNSLOTH_DISABLE_STATISTICS", "HF_HUB_DISABLE_TELEMETRY"):
        os.environ.setdefault(name, "1")
    from ipykernel.kernelapp import launch_new_instance

    launch_new_instance()
