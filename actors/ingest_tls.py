"""The certificate of the public port."""

from __future__ import annotations

import ssl
from pathlib import Path

import grpc

from cluster.config import Serve
from cluster.errors import ConfigError


def server_credentials(serve: Serve) -> grpc.ServerCredentials | None:
    """None: plain text was asked for. Raises ConfigError naming a file that cannot be used, before anyone connects."""
    if not serve.tls_cert_file:
        return None
    chain = _read("serve.tls_cert_file", serve.tls_cert_file)
    key = _read("serve.tls_key_file", serve.tls_key_file)
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(serve.tls_cert_file, serve.tls_key_file)
    except (ssl.SSLError, OSError) as error:
        raise ConfigError(
            "serve.tls_cert_file", f"{serve.tls_cert_file} and {serve.tls_key_file} do not fit ({error}); both are PEM"
        ) from error
    return grpc.ssl_server_credentials([(key, chain)])


def _read(field: str, file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise ConfigError(field, f"{file} cannot be read: {error.strerror}") from error
