"""Keys, certificates and a time-stamp server, made for one test and never kept."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PASSWORD = "only for this 'test'"
_TSA = """[tsa]
serial = {folder}/serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
"""


def _certificate(folder: Path, name: str, *extensions: str) -> tuple[Path, Path]:
    """A self-signed certificate with these extensions: its key and its public half."""
    key, public = folder / f"{name}.key", folder / f"{name}.pem"
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    words += ["-subj", f"/CN=Unsloth Setup test, {name}", "-keyout", str(key), "-out", str(public)]
    for extension in extensions:
        words += ["-addext", extension]
    subprocess.run(words, check=True, capture_output=True)
    return key, public


def make_authority(folder: Path) -> tuple[Path, Path]:
    """A certificate for code signing: its PKCS #12 file, locked by ``PASSWORD``, and its public
    half.
    """
    key, public = _certificate(
        folder, "signer", "extendedKeyUsage=codeSigning", "keyUsage=digitalSignature"
    )
    pfx = folder / "signer.pfx"
    words = ["openssl", "pkcs12", "-export", "-inkey", str(key), "-in", str(public)]
    words += ["-out", str(pfx), "-passout", f"pass:{PASSWORD}"]
    subprocess.run(words, check=True, capture_output=True)
    return pfx, public


@contextmanager
def time_stamps(folder: Path) -> Iterator[tuple[str, Path, list[int]]]:
    """A time-stamp server as RFC 3161 describes it, on the loopback: its address, its certificate,
    and the sizes of the questions that it was asked.
    """
    key, public = _certificate(
        folder, "time", "extendedKeyUsage=critical,timeStamping", "keyUsage=digitalSignature"
    )
    (folder / "serial").write_text("01\n", "ascii")
    (folder / "tsa.cnf").write_text(_TSA.format(folder=folder), "ascii")
    asked: list[int] = []
    one_at_a_time = threading.Lock()

    class Stamp(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            question = self.rfile.read(int(self.headers["Content-Length"]))
            with one_at_a_time:
                asked.append(len(question))
                (folder / "question").write_bytes(question)
                words = ["openssl", "ts", "-reply", "-config", str(folder / "tsa.cnf")]
                words += ["-section", "tsa", "-queryfile", str(folder / "question")]
                words += ["-inkey", str(key), "-signer", str(public), "-out", str(folder / "reply")]
                subprocess.run(words, check=True, capture_output=True)
                reply = (folder / "reply").read_bytes()
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing on the test's own output."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Stamp)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", public, asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
