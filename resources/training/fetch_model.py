"""Fetches a model from the Hugging Face hub into a cache folder.

Each file is checked by the hash that the hub names.

    python fetch_model.py --model NAME --cache FOLDER            goes on where an earlier fetch was cut off
    python fetch_model.py --model NAME --cache FOLDER --look     asks for size, licence and leave; fetches nothing

The client is huggingface_hub, with the user's own token, hub (HF_ENDPOINT) and proxy. The model counts as here when
complete.json lists its files, which is written last. Exit codes: 0 done, 2 there is no such model, 3 it is not given to this
user or has no room, 4 the fetch failed.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import sys
import threading
from urllib.parse import urlsplit

WEIGHTS = (".safetensors", ".bin")
SMALL = (".json", ".jinja", ".txt", ".model", ".tiktoken", ".md")
PLAIN = re.compile(r"[A-Za-z0-9_][\w.+-]*", re.ASCII)  # names that cannot lead to another folder
SPARE = 256 << 20  # bytes of the disk that a fetch leaves free
PIECE = (
    10 << 20
)  # bytes that the client writes at once; only of larger files something can be gone on with
TRIES = 4  # of one file, as long as each brings something


class Problem(Exception):
    """Something that a person can mend: a short name, one sentence, what to do, and the exit code."""

    def __init__(self, code, message, hint="", exit_code=4):
        super().__init__(message)
        self.code, self.hint, self.exit_code = code, hint, exit_code


def tell(what, **fields):
    """One event as a JSON object on a line of its own."""
    sys.stdout.write("\n" + json.dumps({"what": what, **fields}, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def wanted(siblings):
    """The files that training needs: configuration, tokenizer, weights (safetensors where there are any)."""
    top = [s for s in siblings if PLAIN.fullmatch(s.rfilename)]
    safe = any(s.rfilename.endswith(".safetensors") for s in top)
    return [
        s
        for s in top
        if s.rfilename.endswith(SMALL)
        or (
            s.rfilename.endswith(WEIGHTS[:1] if safe else WEIGHTS)
            and not s.rfilename.startswith(("consolidated", "optimizer", "training_args"))
        )
    ]


def look(api, name):
    """What the hub says of a model. The answer to this shows whether name, licence and token are good."""
    try:
        info = api.model_info(name, files_metadata=True)
    except Exception as fault:
        raise explain(fault, name) from fault
    files = wanted(info.siblings or [])
    if not any(s.rfilename == "config.json" for s in files) or not any(
        s.rfilename.endswith(WEIGHTS) for s in files
    ):
        raise Problem("model", f"The model {name} has no weights that can be trained (safetensors with a config.json).",
                      "Name the model that it was made from.", 2)  # fmt: skip
    return info, files


def explain(fault, name):
    """What went wrong, as a sentence. Classes are told by name: they moved between versions."""
    kinds = {kind.__name__ for kind in type(fault).__mro__}
    response = getattr(fault, "response", None)
    status = getattr(response, "status_code", None)
    said = (
        str(getattr(response, "headers", {}).get("X-Error-Message") or "")
        if response is not None
        else ""
    )
    if isinstance(fault, Problem):
        return fault
    if "GatedRepoError" in kinds:
        return Problem("model-gated", f"The model {name} is given only to those who accepted its licence.",
                       "Accept it on the model's page, and log in with a token of that account (hf auth login).", 3)  # fmt: skip
    if status == 401 and ("nvalid" in said or "xpired" in said):
        return Problem("token-invalid", f"The hub does not take your token: {said.rstrip('.')}.",
                       "Make a new one and log in with it (hf auth login), or log out: open models need none.", 3)  # fmt: skip
    if "RepositoryNotFoundError" in kinds or status == 404:
        return Problem("model-unknown", f"The hub knows no model {name}, or shows it only to others.",
                       "Check the name; a private model needs your token (hf auth login).", 2)  # fmt: skip
    if status in (401, 403):
        return Problem("model-refused", f"The hub does not give the model {name} ({status}{': ' + said if said else ''}).",
                       "Check what your token may read.", 3)  # fmt: skip
    if status == 429:
        return Problem("rate-limit", "The hub takes no more requests from here for a while (429).",
                       "Wait some minutes, or log in: accounts may ask more often.")  # fmt: skip
    if status is not None:
        return Problem(
            "hub",
            f"The hub answered with {status}.",
            "Try again later; the same command goes on where it stopped.",
        )
    if getattr(fault, "errno", None) == 28:
        return Problem("disk-full", "The disk is full.", "Make room; the same command goes on.", 3)
    if "HFValidationError" in kinds:
        return Problem("model-unknown", f"{name} is no name of a model: {first_line(fault)}", "", 2)
    return Problem("network", f"The hub is not reached, or the line was cut: {first_line(fault)}",
                   "Check the connection; the same command goes on where it stopped.")  # fmt: skip


def first_line(fault):
    lines = str(fault).strip().splitlines() or [""]
    return f"{type(fault).__name__}: {lines[0]}"[:300]


def room(cache, need):
    """Refuse a disk that cannot take it, before the first byte."""
    folder = cache
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    free = shutil.disk_usage(folder).free
    if free < need + SPARE:
        raise Problem("disk-full", f"The model needs {need / 1e9:.1f} GB more in {cache}; {free / 1e9:.1f} GB are free there.",
                      "Make room, or choose a smaller model.", 3)  # fmt: skip
    return free


def is_right(path, file):
    """Whether a file has the bytes that the hub names: SHA-256 of large files, git's SHA-1 of small ones."""
    size = os.path.getsize(path)
    if file.size is not None and size != file.size:
        return False
    known = file.lfs["sha256"] if file.lfs else file.blob_id
    total = (
        hashlib.sha256()
        if file.lfs
        else hashlib.sha1(f"blob {size}\0".encode(), usedforsecurity=False)
    )
    with open(path, "rb") as stream:
        while block := stream.read(1 << 20):
            total.update(block)
    return known is None or total.hexdigest() == known


class Watch:
    """Tells twice a second how many bytes are on the disk."""

    def __init__(self, blobs, total):
        self.blobs, self.total, self.over = blobs, total, threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def here(self):
        total = 0
        for folder, _, names in os.walk(self.blobs):
            for name in names:
                try:
                    total += os.path.getsize(os.path.join(folder, name))
                except OSError:  # renamed meanwhile
                    pass
        return total

    def _run(self):
        while not self.over.wait(0.5):
            tell("progress", done=min(self.here(), self.total), total=self.total, unit="bytes")

    def end(self):
        self.over.set()
        self.thread.join()


def fetch(name, cache, info, files):
    """Bring each file and check it; a wrong one is fetched once more, then refused."""
    from huggingface_hub import hf_hub_download

    folder = os.path.join(cache, "models--" + name.replace("/", "--"))
    total = sum(f.size or 0 for f in files)
    watch = Watch(os.path.join(folder, "blobs"), total)
    room(cache, max(0, total - watch.here()))
    try:
        for file in sorted(files, key=lambda f: f.size or 0):
            for last in (False, True):
                path = one(hf_hub_download, name, cache, info.sha, file, watch)
                if is_right(path, file):
                    break
                for wrong in {os.path.realpath(path), path}:
                    os.remove(wrong)
                if last:
                    raise Problem("model-damaged", f"{file.rfilename} of {name} came twice with bytes that the hub does not name.",
                                  "A proxy or mirror between here and the hub changes it; try another line.")  # fmt: skip
    finally:
        watch.end()
    os.makedirs(os.path.join(folder, "refs"), exist_ok=True)
    with open(os.path.join(folder, "refs", "main"), "w", encoding="ascii") as ref:
        ref.write(info.sha)
    with open(os.path.join(folder, "complete.json"), "w", encoding="utf-8") as file:
        json.dump({"revision": info.sha, "files": [f.rfilename for f in files]}, file)
    tell("progress", done=total, total=total, unit="bytes")
    return os.path.join(folder, "snapshots", info.sha)


def one(download, name, cache, revision, file, watch):
    """One file; a line that was cut goes on where it was, as long as every try brings something."""
    for number in range(1, TRIES + 1):
        before = watch.here()
        try:
            if (file.size or 0) > PIECE:
                bring(name, cache, revision, file)
            return download(name, file.rfilename, revision=revision, cache_dir=cache)
        except Exception as fault:
            problem = explain(fault, name)
            if problem.code != "network" or number == TRIES or watch.here() <= before:
                raise problem from fault
    raise Problem("network", f"{file.rfilename} of {name} could not be fetched.")


def bring(name, cache, revision, file):
    """A large file into the cache's own place for it, going on with what an earlier fetch left: the client itself begins
    again in every process. It finds the file there afterwards and only names it.
    """
    from huggingface_hub import get_hf_file_metadata, hf_hub_url
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import build_hf_headers

    url, headers = hf_hub_url(name, file.rfilename, revision=revision), build_hf_headers()
    told = get_hf_file_metadata(url)
    if not PLAIN.fullmatch(told.etag or ""):
        raise Problem(
            "hub", f"The hub names {file.rfilename} {told.etag!r}; expected letters and digits."
        )
    blob = os.path.join(cache, "models--" + name.replace("/", "--"), "blobs", told.etag)
    if os.path.exists(blob):
        return
    if urlsplit(told.location).netloc != urlsplit(url).netloc:
        headers.pop("authorization", None)  # the store behind the hub is not told the token
    os.makedirs(os.path.dirname(blob), exist_ok=True)
    with open(blob + ".part", "ab"):
        pass
    with open(blob + ".part", "r+b") as part:
        here = part.seek(0, os.SEEK_END)
        if here > (file.size or 0):
            here = part.truncate(0)
            part.seek(0)
        http_get(told.location, part, resume_size=here, headers=headers, expected_size=file.size)
    os.replace(blob + ".part", blob)


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
                                     allow_abbrev=False)  # fmt: skip
    parser.add_argument("--model", required=True, help="its name on the hub")
    parser.add_argument("--cache", required=True, help="the hub's cache folder")
    parser.add_argument("--look", action="store_true", help="ask only")
    wishes = parser.parse_args(argv)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")
    # What is resumed, counted and checked here is the plain fetch; the hub's other way does these by itself.
    os.environ.update(HF_HUB_DISABLE_XET="1", HF_HUB_DISABLE_TELEMETRY="1", HF_HUB_DISABLE_PROGRESS_BARS="1",
                      HF_HUB_DISABLE_SYMLINKS_WARNING="1", HF_HUB_CACHE=wishes.cache)  # fmt: skip
    try:
        from huggingface_hub import HfApi

        info, files = look(HfApi(), wishes.model)
        total = sum(f.size or 0 for f in files)
        card = info.card_data.to_dict() if info.card_data else {}
        licence = card.get("license_name") or card.get("license")
        tell("measured", name="model.info", value=total, unit="bytes",
             detail={"model": wishes.model, "revision": info.sha, "files": len(files), "gated": bool(info.gated),
                     "licence": licence if isinstance(licence, str) else ""})  # fmt: skip
        if wishes.look:
            room(wishes.cache, total)
            return 0
        path = fetch(wishes.model, wishes.cache, info, files)
        tell("measured", name="model.here", value=path, detail={"revision": info.sha})
    except Exception as fault:
        problem = explain(fault, wishes.model)
        tell("failed", code=problem.code, message=str(problem), hint=problem.hint)
        return problem.exit_code
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # threads of the client have no say
