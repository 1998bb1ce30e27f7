"""Where things lie under the home folder: names only, nothing is touched."""

from __future__ import annotations

from pathlib import PurePath, PurePosixPath, PureWindowsPath

from app.model.machine import Family

# What each user has of their own where the home is an administrator's: all that is written while
# somebody works with it. The rest (environments, Pythons, pointer, marker) is the home's.
_EACH_USERS = frozenset(
    {
        *("cache", "checks", "journal.jsonl", "kernels", "locks", "logs", "models", "quarantine"),
        *("reports", "running.lock", "runs", "tools", "verified", "wheels", "work"),
    }
)


class HomeLayout:
    """The layout of one home folder on one kind of system. All members are plain path strings.

    ``own`` is the folder of a user who may only read the home, which an administrator made for all.
    """

    def __init__(self, home: str, family: Family, own: str | None = None) -> None:
        self.family: Family = family
        self.home = home
        self.own = own or home
        self._flavour: type[PurePath] = PureWindowsPath if family == "windows" else PurePosixPath

    @property
    def is_guest(self) -> bool:
        """Whether the home is somebody else's, to be read and run and not to be changed."""
        return self.own != self.home

    def at(self, *parts: str) -> str:
        """A path below the home folder, or below the user's own where each user has one of it."""
        base = self.own if parts and parts[0] in _EACH_USERS else self.home
        return str(self._flavour(base, *parts))

    @property
    def environments(self) -> str:
        """All environments, each in a folder of its own."""
        return self.at("envs")

    @property
    def pythons(self) -> str:
        """Interpreters that uv provides."""
        return self.at("python")

    @property
    def wheels(self) -> str:
        """The wheelhouse: fetched files, shared by all environments."""
        return self.at("wheels")

    @property
    def cache(self) -> str:
        """uv's cache. Never on another volume than the environments, so that files can be linked."""
        return self.at("cache")

    @property
    def pointer(self) -> str:
        """The pointer file, schema ``pointer/1``: which environment is active and which one was
        before.
        """
        return self.at("active.json")

    @property
    def current(self) -> str:
        """A link to the active environment, derived from the pointer file: the path that stays."""
        return self.at("current")

    @property
    def journal(self) -> str:
        """The append-only journal, one JSON object a line."""
        return self.at("journal.jsonl")

    @property
    def marker(self) -> str:
        """What says that this folder is a home of this program, schema ``home/1``."""
        return self.at("unsloth-setup-home.json")

    @property
    def lock(self) -> str:
        """Held while a plan runs: only one at a time for each home."""
        return self.at("running.lock")

    @property
    def logs(self) -> str:
        """One log for each run."""
        return self.at("logs")

    @property
    def reports(self) -> str:
        """Diagnostics reports and crash files."""
        return self.at("reports")

    @property
    def quarantine(self) -> str:
        """Leftovers that were moved away and can be put back."""
        return self.at("quarantine")

    @property
    def kernels(self) -> str:
        """Packages of notebook kernels, beside the environments that they run in."""
        return self.at("kernels")

    @property
    def runs(self) -> str:
        """Training runs, each in a folder of its own."""
        return self.at("runs")

    def run(self, name: str) -> str:
        """The folder of one training run."""
        return self.at("runs", name)

    @property
    def tools(self) -> str:
        """What exports use beside the environment: llama.cpp's converter."""
        return self.at("tools")

    @property
    def own_packages(self) -> str:
        """Packages that a person added, schema ``packages/1``."""
        return self.at("packages.json")

    @property
    def updates(self) -> str:
        """When a newer version of this program was last asked for, and the answer."""
        return self.at("cache", "updates.json")

    @property
    def models(self) -> str:
        """Models that were fetched: the hub's own cache folders."""
        return self.at("models")

    @property
    def shared_models(self) -> str:
        """Models that the home's owner put there, the same folder as ``models`` but for a guest."""
        return str(self._flavour(self.home, "models"))

    def environment(self, name: str) -> str:
        """The folder of one environment."""
        return self.at("envs", name)

    def environment_python(self, name: str) -> str:
        """The interpreter of one environment."""
        return interpreter(self.environment(name), self.family)

    def python_note(self, version: str) -> str:
        """Which interpreter of a version was found and tried, and has not been looked for since."""
        return self.at("locks", f"python-{version}.json")

    @property
    def verified(self) -> str:
        """What verifications found, a file for each environment."""
        return self.at("verified")

    def verification(self, name: str) -> str:
        """The recorded verification of one environment, schema ``verification/1``."""
        return self.at("verified", name + ".json")

    def shared_verification(self, name: str) -> str:
        """The administrator's record of the same environment."""
        return str(self._flavour(self.home, "verified", name + ".json"))

    @property
    def closed(self) -> tuple[str, ...]:
        """What of a home for all users only its owner reads: logs and reports may tell of the owner,
        and nobody else needs the rest.
        """
        names = ("cache", "logs", "quarantine", "reports", "wheels", "work")
        return tuple(str(self._flavour(self.home, name)) for name in names)

    @property
    def layout(self) -> tuple[str, ...]:
        """The folders that every install makes below home, from the outside in."""
        return (
            self.logs,
            self.at("locks"),
            self.cache,
            self.wheels,
            *(() if self.is_guest else (self.environments,)),
            self.at("checks"),
            self.at("work"),
            self.verified,
        )

    def wheel(self, file: str) -> str:
        """One file of the wheelhouse."""
        return self.at("wheels", file)

    def join(self, folder: str, *parts: str) -> str:
        """A path below any folder, in this system's spelling."""
        return str(self._flavour(folder, *parts))

    def address(self, path: str) -> str:
        """A folder or file of this computer as an address: uv's lists are split at commas and their
        items cut at ``#``.

        What is an address already, or no whole path, stays as it is.
        """
        flavour = self._flavour(path)
        return flavour.as_uri() if "://" not in path and flavour.is_absolute() else path

    def folder_of(self, path: str) -> str:
        """The folder that holds a path."""
        return str(self._flavour(path).parent)

    def holds(self, path: str) -> bool:
        """Whether a path lies below the home folder (by its spelling; ``..`` never does)."""
        whole = self._flavour(path)
        roots = {self._flavour(self.home), self._flavour(self.own)}
        return ".." not in whole.parts and not roots.isdisjoint(whole.parents)

    def site_packages(self, name: str, python: str) -> str:
        """The packages folder of one environment; ``python`` is its version as ``3.11``."""
        root = self.environment(name)
        if self.family == "windows":
            return self.join(root, "Lib", "site-packages")
        return self.join(root, "lib", f"python{python}", "site-packages")


def interpreter(environment: str, family: Family) -> str:
    """The interpreter inside any virtual environment of that system."""
    if family == "windows":
        return str(PureWindowsPath(environment, "Scripts", "python.exe"))
    return str(PurePosixPath(environment, "bin", "python"))
