"""What uv says about a failed look-up becomes the true cause, with the host named."""

from __future__ import annotations

import pytest

from app.decide.plans.uv_errors import explain_uv_error

INDEX = "https://jan:geheim@mirror.example:8443/simple"


@pytest.mark.parametrize(
    ("words", "code", "part"),
    [
        (
            "client error (Connect)\n  cause: Connection refused (os error 111)",
            "connection_refused",
            "refuses",
        ),
        (
            "tcp connect error: No connection could be made because the target machine actively "
            "refused it. (os error 10061)",
            "connection_refused",
            "refuses",
        ),
        (
            "dns error\n  cause: failed to lookup address information: Name or service not known",
            "dns_failure",
            "could not be resolved",
        ),
        (
            "dns error: No such host is known. (os error 11001)",
            "dns_failure",
            "could not be resolved",
        ),
        ("error sending request\n  cause: operation timed out", "network_timeout", "in time"),
        ("invalid peer certificate: UnknownIssuer", "tls_intercepted", "does not trust"),
        (
            "invalid peer certificate: certificate expired: verification time 1 (UNIX)",
            "server_certificate_expired",
            "expired",
        ),
        ("invalid peer certificate: NotValidForName", "tls_intercepted", "another name"),
        (
            "invalid peer certificate: Other(OtherError(CaUsedAsEndEntity))",
            "tls_intercepted",
            "self-signed",
        ),
        ("tunnel error: proxy authorization required", "proxy_needs_password", "password"),
        (
            "tunnel error: failed to connect\n  cause: Connection refused (os error 111)",
            "proxy_unreachable",
            "proxy",
        ),
        (
            "HTTP status client error (429 Too Many Requests) for url (x)",
            "too_many_requests",
            "429",
        ),
        (
            "HTTP status server error (503 Service Unavailable) for url (x)",
            "server_error",
            "503 service unavailable",
        ),
        ("returned a 403 Forbidden error", "index_denied", "403"),
        ("lack of valid authentication credentials (401 Unauthorized)", "index_denied", "401"),
        ("Missing `Content-Type` header for `x`", "redirect_loop", "in a circle"),
        ("Connection reset by peer (os error 104)", "network_interrupted", "broke"),
        ("failed to write to file: No space left on device (os error 28)", "disk_full", "full"),
        (
            "failed to create directory: Permission denied (os error 13)",
            "permission_denied",
            "may not write",
        ),
        (
            "Because torch-thing was not found in the package registry and you require it",
            "package_missing",
            "torch-thing",
        ),
        (
            "Because there is no version of torch==2.4.0+cu121 and you require it",
            "version_missing",
            "torch==2.4.0+cu121",
        ),
        ("Because there are no versions of torch and you require torch", "captive_portal", "torch"),
        (
            "Because one==1.0 has no wheels with a matching platform tag (e.g., "
            "`manylinux_2_28_x86_64`)",
            "wheel_unsuitable",
            "one==1.0",
        ),
        ("something never seen", "resolve_failed", "could not be found"),
    ],
)
def test_causes(words: str, code: str, part: str) -> None:
    error = explain_uv_error(f"error: it did not work\n  cause: {words}\n", INDEX)
    assert error.code == code
    assert part in error.message and error.hint
    assert "geheim" not in error.message + error.hint
    if code not in ("disk_full", "permission_denied"):
        assert "mirror.example:8443" in error.message


def test_the_host_that_uv_names_is_taken_and_the_default_index_has_a_name() -> None:
    error = explain_uv_error(
        "cause: Failed to fetch: https://me:pass@files.example/x/y.whl\n  cause: operation timed "
        "out",
        INDEX,
    )
    assert error.message == "files.example did not answer in time."
    assert (
        explain_uv_error("operation timed out", None).message
        == "The default index did not answer in time."
    )
