"""The proof record of a verification that has just passed in an environment here."""

from __future__ import annotations

from app.decide.verification import proof
from app.engine.session import Session
from app.model.errors import InputError
from app.model.message import Message
from app.model.plan import Plan
from app.model.proof import Proof
from app.steps.drift import installed_versions

# Files that name what a system runs in: Wine brings its own settings program into Windows' folder.
_SIGNS = (
    ("Wine", "C:\\windows\\system32\\winecfg.exe"),
    ("a container", "/.dockerenv"),
    ("a container", "/run/.containerenv"),
    ("a container", "/run/systemd/container"),
)


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
    profile = session.knowledge.profile(verdict.profile or plan.profile)
    return proof.make_record(
        profile,
        session.known_facts(),
        verdict,
        installed_versions(plan.environment, profile, session.home.site()),
        date=session.system.clock.now()[:10],
        inside=", ".join(sorted(inside)),
    )
