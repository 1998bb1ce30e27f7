"""The proof record of a verification that has just passed in an environment here."""

from __future__ import annotations

from app.decide.verification import proof
from app.engine.session import Session
from app.model.errors import InputError
from app.model.event import Failed, Finished
from app.model.message import Message
from app.model.plan import Plan, RunCheck
from app.model.proof import Proof
from app.steps.drift import installed_versions

# Files that name what a system runs in: Wine brings its own settings program into Windows' folder.
_SIGNS = (
    ("Wine", "C:\\windows\\system32\\winecfg.exe"),
    ("a container", "/.dockerenv"),
    ("a container", "/run/.containerenv"),
    ("a container", "/run/systemd/container"),
)
# The bit that every hypervisor sets for its guests, as the kernel lists it (x86: CPUID 1, ECX 31).
_PROCESSORS, _GUEST = "/proc/cpuinfo", b" hypervisor"


def record(session: Session, plan: Plan) -> Proof:
    """What the verification of this plan proves. Raises ``InputError`` where it proves nothing."""
    verdict = session.execution.verification
    if session.simulated or verdict is None or not plan.environment:
        raise InputError(
            Message(
                "There is nothing to record: expected a verification on this computer, which ran."
            )
        )
    files, windows = session.system.files, session.known_facts().os.family == "windows"
    inside = {name for name, path in _SIGNS if windows == (path[1] == ":") and files.exists(path)}
    if not windows and _GUEST in (files.read(_PROCESSORS) or b""):
        inside.add("a virtual machine")
    ended = {e.step for e in session.execution.events if isinstance(e.what, Finished)}
    profile = session.knowledge.profile(verdict.profile or plan.profile)
    return proof.make_record(
        profile,
        session.known_facts(),
        verdict,
        installed_versions(plan.environment, profile, session.home.site()),
        date=session.system.clock.now()[:10],
        inside=", ".join(sorted(inside)),
        failed=[e.what.code for e in session.execution.events if isinstance(e.what, Failed)],
        checks=[
            step.title
            for step in plan.steps
            if isinstance(step, RunCheck) and step.stage == "checks" and step.id in ended
        ],
    )
