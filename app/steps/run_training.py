"""Run a prepared training script inside its environment; a wish to stop lets it write a checkpoint."""

from __future__ import annotations

from collections.abc import Iterator

from app.model import limits
from app.model.child_exit import describe_exit
from app.model.errors import ExitCode, ExpectedError, InputError, StoppedError
from app.model.event import AnyPayload, Failed, Measured, Progress
from app.model.message import Message
from app.model.plan import RunTraining
from app.ports import Command
from app.steps.card_temperature import CardTemperature
from app.steps.child_environment import child_environment
from app.steps.prepare_training import SCRIPT
from app.steps.script_events import ScriptEnd, relay
from app.steps.step_context import StepContext
from app.steps.subprocesses import say

_STOPPED = 6  # exit code of the script
_CODES = {2: ExitCode.BAD_INPUT, 3: ExitCode.BLOCKED}
CHAT, STOP = "chat.py", "stop"


def done(step: RunTraining, site: StepContext) -> str | None:
    """Never skipped: the script itself says what is left to do."""
    return None


def run(step: RunTraining, site: StepContext) -> Iterator[AnyPayload]:
    """``python train.py --json`` in the run's folder. Its measured values are handed on, of long runs
    an even share.

    Raises ``StoppedError`` after its checkpoint, ``ExpectedError`` with the script's own sentence.
    """
    files, place = site.system.files, site.place
    python, script = place.environment_python(step.environment), place.join(step.folder, SCRIPT)
    for path, what in ((python, "environment"), (script, "training script")):
        if not files.exists(path):
            raise InputError(
                Message("There is no {what} {path}; expected it there.", what=what, path=path)
            )
    stop_file = place.join(step.folder, STOP)
    files.remove(stop_file)
    how = ("--resume",) * step.resume + ("--overwrite",) * step.overwrite
    argv = (python, script, "--json", "--stop-file", stop_file, *how)
    yield say("> " + " ".join(argv))
    env = training_environment(site, python, True)
    if step.cards:
        env |= {"CUDA_VISIBLE_DEVICES": ",".join(step.cards), "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
    command = Command(argv=argv, env=env, folder=step.folder)
    temperature = CardTemperature(site.system.nvml, env.get("CUDA_VISIBLE_DEVICES"))

    def ask() -> None:
        files.write(stop_file, b"")

    ended = yield from temperature.beside(
        relay(site, command, None, limits.TRAINING_EVENTS, ask, passes=_Sieve().passes)
    )
    files.remove(stop_file)
    if ended.code == _STOPPED and ended.failed is None:
        raise StoppedError
    if ended.code != 0:
        raise fault(ended, "Training")
    files.write(place.join(step.output, CHAT), site.resource("training/chat.py"))
    yield say(f"A script that loads the adapter and answers is beside it: {CHAT}")


def training_environment(site: StepContext, python: str, offline: bool) -> dict[str, str]:
    """What scripts inside the environment see: caches below home; of the hub's variables the user's
    own, whose token is never written anywhere.
    """
    place = site.place
    env = child_environment(site, python) | {
        "TOKENIZERS_PARALLELISM": "false",
        "HF_XET_CACHE": place.join(place.models, "xet"),
        "HF_DATASETS_CACHE": place.join(place.models, "datasets"),
        "HF_ASSETS_CACHE": place.join(place.models, "assets"),
        "TRITON_CACHE_DIR": place.at("cache", "triton"),
        "TORCHINDUCTOR_CACHE_DIR": place.at("cache", "inductor"),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "DO_NOT_TRACK": "1",
    }
    own = site.system.computer.variables()
    env |= {name: own[name] for name in HUB_VARIABLES if name in own}
    return env | ({"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"} if offline else {})


# Where the user's token and another hub come from. HF_HUB_CACHE is not among them: each script says
# where its models lie.
HUB_VARIABLES = ("HF_HOME", "HF_TOKEN", "HF_TOKEN_PATH", "HUGGING_FACE_HUB_TOKEN", "HF_ENDPOINT")


def fault(ended: ScriptEnd, what: str) -> ExpectedError:
    """How a script failed: its own sentence, or how its process ended."""
    failed: Failed | None = ended.failed
    if failed is None:
        return ExpectedError(
            "script-ended",
            Message("{what} broke off ({ending}).", what=what, ending=describe_exit(ended.code)),
            details=ended.tail,
        )
    return ExpectedError(
        failed.code,
        failed.message,
        details=(failed.details + "\n" + ended.tail).strip(),
        hint=failed.hint,
        exit_code=_CODES.get(ended.code, ExitCode.STEP_FAILED),
    )


class _Sieve:
    """Lets an even share of a long run's loss curve and progress through; all of a short one's."""

    def __init__(self) -> None:
        self._every, self._last = 1, 0.0

    def passes(self, what: AnyPayload) -> bool:
        """Whether to hand this on."""
        if isinstance(what, Measured) and what.name == "train.steps":
            total = what.value if isinstance(what.value, int) else 0
            self._every = max(1, -(-total // limits.TRAINING_POINTS))
            self._last = total
        if isinstance(what, Progress) and what.unit == "steps":
            return self._is_sampled(what.done)
        if isinstance(what, Measured) and what.name == "train.loss":
            return self._is_sampled(what.detail.get("step"))
        return True

    def _is_sampled(self, step: object) -> bool:
        whole = isinstance(step, int | float)
        return not whole or step == self._last or step % self._every == 0  # type: ignore[operator]
