"""Certificates for TLS tests, made by the openssl program each time.

No private key lies in the repository.
"""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path

OPENSSL = shutil.which("openssl")


def issued(folder: Path, name: str = "IP:127.0.0.1") -> tuple[ssl.SSLContext, Path]:
    """A certificate for loopback, or ``DNS:host``, from a company's own root; returns the server's
    context and the root's file.
    """
    assert OPENSSL is not None
    root, root_key, key, request, leaf = (
        folder / n for n in ("root.pem", "root-key.pem", "key.pem", "request.pem", "leaf.pem")
    )
    (folder / "leaf.cnf").write_text(f"subjectAltName={name}\nbasicConstraints=CA:FALSE\n")
    new = ("-newkey", "rsa:2048", "-nodes")
    for run in (
        (
            OPENSSL,
            "req",
            "-x509",
            *new,
            "-keyout",
            root_key,
            "-out",
            root,
            "-subj",
            "/CN=Company root",
        ),
        (OPENSSL, "req", *new, "-keyout", key, "-out", request, "-subj", "/CN=127.0.0.1"),
        (
            OPENSSL,
            "x509",
            "-req",
            "-in",
            request,
            "-CA",
            root,
            "-CAkey",
            root_key,
            "-CAcreateserial",
            "-days",
            "9",
            "-extfile",
            folder / "leaf.cnf",
            "-out",
            leaf,
        ),
    ):
        subprocess.run([str(part) for part in run], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(leaf, key)
    return context, root


def certificate(
    folder: Path, *, days: tuple[str, str] | None = None, name: str = "127.0.0.1"
) -> tuple[ssl.SSLContext, Path]:
    """A self-signed certificate for loopback; returns the server's context and the certificate's
    file.

    ``days`` are the first and last moment of validity as ``YYYYMMDDHHMMSSZ``; ``name`` is an
    address or a host name.
    """
    assert OPENSSL is not None
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    kind = "IP" if name[0].isdigit() else "DNS"
    run = [
        OPENSSL,
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        str(key),
        "-out",
        str(certificate),
        "-subj",
        f"/CN={name}",
        "-addext",
        f"subjectAltName={kind}:{name}",
    ]
    if days:
        request = folder / "request.pem"
        subprocess.run(
            [
                OPENSSL,
                "req",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-keyout",
                str(key),
                "-out",
                str(request),
                "-subj",
                f"/CN={name}",
            ],
            check=True,
            capture_output=True,
        )
        for file, text in (
            ("ca.cnf", _CA.format(folder=folder)),
            ("index.txt", ""),
            ("serial", "01\n"),
        ):
            (folder / file).write_text(text)
        run = [
            OPENSSL,
            "ca",
            "-batch",
            "-selfsign",
            "-config",
            str(folder / "ca.cnf"),
            "-keyfile",
            str(key),
            "-in",
            str(request),
            "-out",
            str(certificate),
            "-startdate",
            days[0],
            "-enddate",
            days[1],
            "-notext",
        ]
    subprocess.run(run, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context, certificate


_CA = """[ca]
default_ca = own
[own]
dir = {folder}
database = {folder}/index.txt
serial = {folder}/serial
new_certs_dir = {folder}
default_md = sha256
policy = any
x509_extensions = extra
[any]
commonName = supplied
[extra]
subjectAltName = IP:127.0.0.1
basicConstraints = CA:TRUE
"""
