"""The disk: atomic writes, true sizes, trees removed without following links."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import logging
import os
import shutil
import stat
import sys
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

import psutil

from app.adapters import shared_rights
from app.adapters.archive_members import archive_members
from app.adapters.disk_errors import (
    already_running_error,
    disk_errors_named,
    disk_fault,
    free_files,
    in_use_error,
    is_busy,
    name_users,
    not_a_file_error,
)
from app.adapters.file_access import (
    long_path,
    make_folders,
    open_private,
    open_regular_file,
    replace_file,
)
from app.adapters.file_locks import (
    LOCK_LENGTH,
    knows_locks,
    may_add,
    sync_folder,
    try_lock,
    unlock,
)
from app.adapters.file_tree import allocated_size, leads_elsewhere, walk_entries
from app.adapters.in_use import find_users
from app.adapters.tree_removal import Removal
from app.adapters.volumes import disk_of
from app.model import limits
from app.model.errors import ExpectedError
from app.model.machine import Disk
from app.model.message import Message

log = logging.getLogger(__name__)


class LocalFiles:
    """This computer's disk. What is made here is the user's alone; ``share`` lets others read it."""

    def read(self, path: str) -> bytes | None:
        """The bytes of a file; ``None`` where there is none. What is no file (a pipe waits for a
        writer for ever, a device never ends) and what is larger than ``READ_FILE`` is a fault.
        """
        with disk_errors_named(path):
            try:
                with open_regular_file(long_path(path)) as stream:
                    data = stream.read(limits.READ_FILE + 1)
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                return None
        if len(data) > limits.READ_FILE:
            raise ExpectedError(
                "path_unusable",
                Message(
                    "{path} is larger than {limit} MB, which no file of its kind is.",
                    path=path,
                    limit=limits.READ_FILE >> 20,
                ),
                hint=Message("Look at what lies there, or choose another folder."),
            )
        return data

    def end(self, path: str, most: int) -> bytes:
        """The last ``most`` bytes of a file; empty where there is none."""
        with disk_errors_named(path):
            try:
                with open_regular_file(long_path(path)) as stream:
                    stream.seek(max(0, os.fstat(stream.fileno()).st_size - most))
                    return stream.read(most)
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                return b""

    def write(self, path: str, data: bytes) -> None:
        """Replace a file atomically: temporary file beside it, fsync, rename.

        The temporary name is always the same, so that what a kill leaves is taken over by the next
        write.
        """
        target = Path(long_path(path))
        temporary = target.with_name(f".{target.name}.tmp")
        with disk_errors_named(path):
            make_folders(target.parent)
            try:
                with open(temporary, "wb", opener=open_private) as stream:
                    stream.write(data)
                    stream.flush()
                    os.fsync(stream.fileno())
                replace_file(temporary, target)
            finally:
                temporary.unlink(missing_ok=True)
            sync_folder(target.parent)

    def append(self, path: str, data: bytes) -> None:
        """Add to the end and fsync; of a new file its name too, which a power cut could take
        otherwise.
        """
        target = Path(long_path(path))
        with disk_errors_named(path):
            make_folders(target.parent)
            new = not target.exists()
            with open(target, "ab", opener=open_private) as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            if new:
                sync_folder(target.parent)

    def open_log(self, path: str) -> Callable[[bytes], None]:
        """A function that appends unbuffered: what was given is in the file when it returns."""
        with disk_errors_named(path):
            make_folders(Path(long_path(path)).parent)
            stream = open(long_path(path), "ab", buffering=0, opener=open_private)  # noqa: SIM115  (lives as long as the run)

        def add(data: bytes) -> None:
            with disk_errors_named(path):
                stream.write(data)

        return add

    def exists(self, path: str) -> bool:
        """Whether anything is there; a broken link counts."""
        return os.path.lexists(long_path(path))

    def is_folder(self, path: str) -> bool:
        """Whether a folder is there."""
        return os.path.isdir(long_path(path))

    def names(self, path: str) -> tuple[str, ...]:
        """Names in a folder, sorted; empty where there is none or it may not be read."""
        try:
            return tuple(sorted(os.listdir(long_path(path))))
        except OSError:
            return ()

    def walk(self, path: str) -> Iterator[tuple[str, int]]:
        """Every file and every link below a folder with its size, links not followed, in a stable
        order.
        """
        whole = long_path(path)
        own, prefix = path.rstrip("\\/"), len(whole.rstrip("\\/"))
        if whole == path:
            yield from walk_entries(whole)
        else:
            for found, size in walk_entries(whole):
                yield own + found[prefix:], size

    def link(self, path: str) -> str | None:
        """Where a link leads, as it says itself; ``None`` where there is none."""
        try:
            return os.readlink(long_path(path))
        except OSError:
            return None

    def point(self, path: str, target: str) -> None:
        """Make ``path`` a link to a folder: symbolic, on Windows a junction, which needs no right.

        A link there before is replaced, in one step where the system can. Anything else stays, and
        is an ``ExpectedError('path_unusable')``.
        """
        whole = long_path(path)
        made = f"{whole}.new"
        with disk_errors_named(path):
            if os.path.lexists(whole) and self.link(path) is None:
                raise FileExistsError(errno.EEXIST, "something that is no link is there")
            with contextlib.suppress(FileNotFoundError):
                os.unlink(made)
            if sys.platform == "win32":
                import _winapi

                _winapi.CreateJunction(target, made)
                if os.path.lexists(whole):
                    os.unlink(whole)
                os.rename(made, whole)
            else:
                os.symlink(target, made)
                os.replace(made, whole)

    def make_folder(self, path: str) -> None:
        """Make a folder and its parents."""
        with disk_errors_named(path):
            make_folders(Path(long_path(path)))

    def open_to_all(self, path: str, closed: Collection[str] = ()) -> None:
        """Let every user read and run what lies below, and nobody but the owner change it."""
        with disk_errors_named(path):
            shared_rights.open_to_all(path, closed)

    def is_administrators(self, path: str) -> bool:
        """Whether it is an administrator's and nobody else may change it."""
        with disk_errors_named(path):
            return shared_rights.is_administrators(path)

    def share(self, path: str) -> None:
        """Let others read a folder and what is below it, as far as the user's own mask lets them
        read what he makes.
        """
        if sys.platform == "win32":
            return
        mask = os.umask(0o077)
        os.umask(mask)
        with disk_errors_named(path):
            for folder, _, files in os.walk(path):
                os.chmod(folder, os.stat(folder).st_mode | (0o755 & ~mask))
                for name in files:
                    whole = os.path.join(folder, name)
                    if not os.path.islink(whole):
                        mode = stat.S_IMODE(os.stat(whole).st_mode)
                        os.chmod(whole, mode | ((0o755 if mode & 0o100 else 0o644) & ~mask))

    def remove(self, path: str) -> None:
        """Delete a file or a whole tree, as far as that is possible; links and junctions are
        removed, never followed. Raises ``ExpectedError`` naming the first that stays, and who uses
        it.
        """
        whole = long_path(path)
        removal = Removal(busy=is_busy)
        removal.remove(whole)
        if not removal.kept:
            return
        first, error = removal.kept[0]
        shown = path.rstrip("\\/") + first[len(whole.rstrip("\\/")) :]
        fault = name_users(disk_fault(error, shown), first)
        if len(removal.kept) > 1:
            fault.details = "\n".join(f"{kept}: {why}" for kept, why in removal.kept[:50])
        raise fault

    def set_aside(self, source: str, target: str) -> None:
        """Rename a file or tree on its volume. Refused, with who it is, while a program runs from it
        or holds a file of it.
        """
        whole = long_path(source)
        busy = find_users(source) if sys.platform != "win32" and os.path.isdir(whole) else ()
        if busy and not leads_elsewhere(whole):
            # a rename works here in any case, and what runs would go on with half of its files
            raise in_use_error(source, busy)
        try:
            os.rename(whole, long_path(target))
        except OSError as error:
            raise name_users(disk_fault(error, source), whole) from error

    def users(self, path: str) -> tuple[str, ...]:
        """The programs that use a file or tree, as far as the system tells: ``python3 (process 7)``."""
        return find_users(long_path(path))

    def remove_empty(self, path: str) -> None:
        """Delete a folder if nothing is in it (``rmdir``)."""
        with contextlib.suppress(OSError):
            os.rmdir(long_path(path))

    def move(self, source: str, target: str) -> None:
        """Rename on one volume, folder or file."""
        with disk_errors_named(source):
            make_folders(Path(long_path(target)).parent)
            os.rename(long_path(source), long_path(target))
        log.info("moved %s to %s", source, target)

    def copy(self, source: str, target: str) -> None:
        """Copy one file, atomically."""
        goal = Path(long_path(target))
        temporary = goal.with_name(f".{goal.name}.tmp")
        with disk_errors_named(target):
            make_folders(goal.parent)
            try:
                shutil.copyfile(long_path(source), temporary)
                replace_file(temporary, goal)
            finally:
                temporary.unlink(missing_ok=True)

    def copy_tree(self, source: str, target: str) -> None:
        """Copy a folder as it is: permissions, times and links; the target must not exist."""
        with disk_errors_named(target):
            try:
                shutil.copytree(long_path(source), long_path(target), symlinks=True)
            except shutil.Error as error:  # a list of what could not be copied
                raise OSError(f"{error.args[0][0][2]}") from error

    def size(self, path: str) -> int | None:
        """Bytes of a file or of all below a folder; hard links counted once, links not followed,
        holes not counted.
        """
        return allocated_size(long_path(path))

    def lengths(self, folder: str, names: Sequence[str]) -> list[int | None]:
        """Bytes that each file says it has, holes counted (``stat -c %s FILE …``)."""
        start, found = long_path(folder) + os.sep, list[int | None]()
        for name in names:
            if sys.platform == "win32":  # a long path is taken as it is, slashes and dots too
                name = os.path.normpath(name)
                path = os.path.normpath(start + name) if name.startswith("..") else start + name
            else:
                path = start + name
            try:
                found.append(os.lstat(path).st_size)
            except OSError:
                found.append(None)
        return found

    def members(self, path: str, wanted: Callable[[str], bool], most: int) -> dict[str, bytes]:
        """The wanted files of a zip or tar.gz archive, each of no more than ``most`` bytes."""
        with disk_errors_named(path):
            return archive_members(long_path(path), wanted, most)

    def sha256(self, path: str) -> str:
        """The hash of a file, in hex (``certutil -hashfile FILE SHA256``, ``sha256sum FILE``)."""
        with disk_errors_named(path), open_regular_file(long_path(path)) as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()

    def stamp(self, path: str) -> str | None:
        """Size, time of the last change and this start of the computer; ``None`` where there is no
        file.

        After a power cut a file may have its name, size and time but not its bytes: another start
        means to look again.
        """
        try:
            found = os.stat(long_path(path))
        except OSError:
            return None
        if not stat.S_ISREG(found.st_mode):
            return None
        # the start's second wavers with the clock
        return f"{found.st_size}:{found.st_mtime_ns}:{psutil.boot_time() // 60:.0f}"

    def changed_at(self, path: str) -> str | None:
        """When a file was last written, in UTC (``ls -l --time-style=full-iso``)."""
        try:
            changed = os.stat(long_path(path)).st_mtime
        except OSError:
            return None
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(changed))

    def disk(self, path: str) -> Disk | None:
        """The volume that holds a path, which need not exist yet (``df PATH``, ``fsutil volume
        diskfree``).

        Links are followed: a home folder that is a link lies where the link leads.
        """
        return disk_of(path)

    def free_files(self, path: str) -> int | None:
        """How many files the volume of a path can still take; ``None`` where it has no such limit."""
        return free_files(path)

    def writable(self, path: str) -> bool:
        """Whether a file can be made in the nearest folder that exists, as the system's rights say:
        nothing is made. No folder is made where a file is or a link that leads nowhere.
        """
        place = _nearest_existing_folder(path)
        if any(one.is_symlink() and not one.exists() for one in (Path(path), *Path(path).parents)):
            return False
        return place is not None and place.is_dir() and may_add(long_path(str(place)))

    def locks(self, path: str) -> bool:
        """Whether the file system of a path knows locks between programs, asked of the nearest
        folder that exists: nothing is made. Windows locks files alone, so there it is taken for so
        until a file is there.
        """
        place = _nearest_existing_folder(path)
        return place is None or knows_locks(str(place))

    def refuse_held(self, path: str) -> None:
        """Raise ``ExpectedError('already-running')`` where a run holds this lock file. Nothing is
        written; a lock that this user may not read is another user's and says nothing here.
        """
        try:
            with open(long_path(path), "rb", opener=open_private) as stream:
                if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                    return
                if not try_lock(stream.fileno()):
                    raise already_running_error(stream)
                unlock(stream.fileno())
        except OSError:
            return

    @contextlib.contextmanager
    def hold(self, path: str, who: str) -> Iterator[None]:
        """Hold a lock file. The system lets go when this process ends, however it ends."""
        with disk_errors_named(path):
            make_folders(Path(long_path(path)).parent)
            stream = open(long_path(path), "a+b", opener=open_private)  # noqa: SIM115  (held until the context ends)
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                stream.close()
                raise not_a_file_error(path)
        with stream:
            with disk_errors_named(path):
                held = try_lock(stream.fileno())
            if not held:
                raise already_running_error(stream)
            stream.truncate(0)
            stream.write(b" " * LOCK_LENGTH + json.dumps({"pid": os.getpid(), "who": who}).encode())
            stream.flush()
            try:
                yield
            finally:
                stream.truncate(0)
                unlock(stream.fileno())


def _nearest_existing_folder(path: str) -> Path | None:
    """The path itself or the nearest folder above it that exists."""
    place = Path(path)
    while not place.exists():
        if place == place.parent:
            return None
        place = place.parent
    return place
