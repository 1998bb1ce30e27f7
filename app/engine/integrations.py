"""What an installed setup can leave outside its home on request.

A Jupyter kernel, an entry of the system's menu.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.decide.plans import builder
from app.knowledge import Knowledge
from app.model.errors import InputError
from app.model.home_layout import HomeLayout
from app.model.message import Message
from app.model.own_packages import PackageChange, decode_own_packages
from app.model.plan import AddPackages, Plan
from app.model.profile import Platform, Profile
from app.ports import Computer
from app.steps.make_workspace import settings_there

if TYPE_CHECKING:
    from app.engine.session import Session


def kernel_plan(
    profile: Profile, environment: str, place: HomeLayout, knowledge: Knowledge, computer: Computer
) -> Plan:
    """The plan of a Jupyter kernel for an environment. Raises ``InputError`` where there are no
    packages for its Python.
    """
    kernel = kernel_of(profile, knowledge, "windows" if place.family == "windows" else "linux")
    return builder.kernel_plan(
        profile, kernel, place, environment, jupyter_kernels(computer, place)
    )


def kernel_of(profile: Profile, knowledge: Knowledge, platform: Platform) -> Profile:
    """The packages of a kernel for a profile's Python. Raises ``InputError`` where there are none."""
    kernel = next((k for k in knowledge.kernels if k.python == profile.python), None)
    if kernel is None or not any(p.platform == platform for p in kernel.parts):
        raise InputError(
            Message(
                "There is no Jupyter kernel for Python {python} on {platform}.",
                python=profile.python,
                platform=platform,
            )
        )
    return kernel


def shortcut_plan(
    profile: Profile, environment: str, place: HomeLayout, computer: Computer
) -> Plan:
    """The plan of a menu entry for an environment. Raises ``InputError`` where the system has no
    menu.
    """
    folder = computer.known_folder("programs")
    if folder is None:
        raise InputError(Message("This system names no folder for the entries of its menu."))
    return builder.shortcut_plan(profile, place, environment, folder)


def workspace_plan(session: Session, profile: Profile, environment: str, folder: str) -> Plan:
    """The plan of a folder in which VS Code finds the active environment. Raises ``InputError`` for a
    folder of this program's own and for a file, ``ExpectedError('settings-there')`` where
    somebody else's settings lie there.
    """
    place, files = session.place, session.system.files
    if place.holds(folder) or folder == place.home:
        raise InputError(
            Message(
                "{folder} lies in the home folder {home}; expected a folder of your own.",
                folder=folder,
                home=place.home,
            )
        )
    if files.exists(folder) and not files.is_folder(folder):
        raise InputError(Message("{folder} is a file; expected a folder.", folder=folder))
    stable = session.environments.stable_path()
    python = place.environment_python(environment).replace(
        place.environment(environment), stable, 1
    )
    path = place.join(folder, ".vscode", "settings.json")
    made_as = session.home.journal.made_hash(path) or ""
    if files.exists(path) and files.sha256(path) != made_as:
        raise settings_there(path, python)
    return builder.workspace_plan(profile, place, environment, folder, python, made_as)


def jupyter_kernels(computer: Computer, place: HomeLayout) -> str:
    """Where Jupyter looks for a user's kernels (``jupyter --paths``;
    jupyter_core.paths.jupyter_data_dir).
    """
    own = computer.variables().get("JUPYTER_DATA_DIR")
    if own:
        return place.join(own, "kernels")
    folder = computer.known_folder("roaming" if place.family == "windows" else "local")
    if folder is None:
        raise InputError(
            Message(
                "This system names no folder for a user's settings, where Jupyter would "
                "look for kernels."
            )
        )
    return place.join(folder, "jupyter", "kernels")


def own_packages_plan(session: Session, profile: Profile | None, environment: str | None) -> Plan:
    """The packages that a person added to a setup, to be put into a new environment of it; often
    without steps. Raises ``InputError`` where their list is broken.
    """
    nothing = Plan(title=Message("Your packages"))
    if session.simulated or not session.home.is_owned():
        return nothing
    path = session.place.own_packages
    known = decode_own_packages(session.system.files.read(path), path)
    pointer = session.home.pointer()
    name = profile.id if profile is not None else pointer.profile if pointer is not None else None
    target = environment or (pointer.active if pointer is not None else None)
    packages = tuple(known.of(name).values()) if name is not None else ()
    if name is None or target is None or not packages:
        return nothing
    step = AddPackages(
        id="own-packages",
        title=Message("Your own packages: {names}", names=[one.name for one in packages]),
        touches=(session.place.environment(target),),
        environment=target,
        change=PackageChange(at=known.changes[-1].at, profile=name, asked=(), packages=packages),
        kept=True,
    )
    return Plan(title=nothing.title, profile=name, steps=(step,))
