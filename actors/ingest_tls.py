"""The certificate of the public port."""

from __future__ import annotations

import ssl
from pathlib import Path

import grpc
import structlog

from cluster.config import Serve
from cluster.errors import ConfigError

log = structlog.get_logger()


def server_credentials(serve: Serve) -> grpc.ServerCredentials | None:
    """None: plain text was asked for. Raises ConfigError naming a file that cannot be used, before anyone connects."""
    if not serve.tls_cert_file:
        return None
    files = _Files(serve.tls_cert_file, serve.tls_key_file)
    return grpc.dynamic_ssl_server_credentials(files.read(), files.renewed)


class _Files:
    """A certificate with its chain, and its key. They are renewed in place while we serve."""

    def __init__(self, cert_file: str, key_file: str) -> None:
        self._cert_file, self._key_file = cert_file, key_file
        self._found = (b"", b"")

    def read(self) -> grpc.ServerCertificateConfiguration:
        """Raises ConfigError."""
        chain, key = _read("serve.tls_cert_file", self._cert_file), _read("serve.tls_key_file", self._key_file)
        self._found = chain, key
        try:
            ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(self._cert_file, self._key_file)
        except (ssl.SSLError, OSError) as error:
            raise ConfigError(
                "serve.tls_cert_file", f"{self._cert_file} and {self._key_file} do not fit ({error}); both are PEM"
            ) from error
        return grpc.ssl_server_certificate_configuration([(key, chain)])

    def renewed(self) -> grpc.ServerCertificateConfiguration | None:
        """Asked at every handshake. None: goes on as it is, also where what came is of no use."""
        before = self._found
        try:
            found = Path(self._cert_file).read_bytes(), Path(self._key_file).read_bytes()
            if found == before:
                return None
            configuration = self.read()
        except (ConfigError, OSError) as error:
            log.error("renewed certificate is of no use; the one before goes on", why=str(error))
            return None
        log.info("certificate renewed", file=self._cert_file)
        return configuration


def _read(field: str, file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise ConfigError(field, f"{file} cannot be read: {error.strerror}") from error
