"""The public port with a certificate of its own: who trusts its authority talks, anybody else is refused."""

from __future__ import annotations

from pathlib import Path

import grpc
import pytest
from typer import BadParameter

from actors.ingest_tls import server_credentials
from cluster.config import load
from cluster.errors import ConfigError
from counterpoint.client import InteractionClient, Turn, Unreachable
from counterpoint.talk.command import credentials_of
from tests.actors.ingest_rig import Rig, configure, rig, write_checkpoint
from tests.certificates import make_certificates


async def test_a_client_with_the_root_certificate_talks_and_one_without_is_refused(tmp_path: Path) -> None:
    files = make_certificates(tmp_path)
    secured = {"serve__tls_cert_file": str(files.server), "serve__tls_key_file": str(files.key)}
    async with rig(write_checkpoint(tmp_path), **secured) as made:
        async with InteractionClient(made.target, credentials=credentials_of(False, files.authority)) as client:
            session = await client.start(configure(audio_out=None))
            session.send_audio(bytes(6_400))
            session.end_input()
            assert [event.k async for event in session if isinstance(event, Turn)] == [0]
        for credentials in (None, grpc.ssl_channel_credentials()):
            async with InteractionClient(made.target, credentials=credentials) as client:
                with pytest.raises(Unreachable):
                    await client.start(configure())


async def test_a_renewed_certificate_is_taken_up_and_a_broken_one_passed_over(tmp_path: Path) -> None:
    files, other = make_certificates(tmp_path), make_certificates(_folder(tmp_path / "other"))
    secured = {"serve__tls_cert_file": str(files.server), "serve__tls_key_file": str(files.key)}

    async def trusted(made: Rig, authority: Path) -> bool:
        async with InteractionClient(made.target, credentials=credentials_of(False, authority)) as client:
            try:
                await client.start(configure(audio_out=None))
            except Unreachable:
                return False
            return True

    async with rig(write_checkpoint(tmp_path), **secured) as made:
        assert await trusted(made, files.authority)
        files.server.write_text("half of it")
        assert await trusted(made, files.authority)
        files.server.write_bytes(other.server.read_bytes())
        files.key.write_bytes(other.key.read_bytes())
        assert await trusted(made, other.authority)
        assert not await trusted(made, files.authority)


def test_files_that_cannot_be_used_are_named_before_anyone_connects(tmp_path: Path) -> None:
    files = make_certificates(tmp_path)
    other = make_certificates(_folder(tmp_path / "other"))
    for cert, key, complaint in (
        (files.server, tmp_path / "none.pem", r"serve\.tls_key_file: .*none\.pem cannot be read"),
        (tmp_path / "none.pem", files.key, r"serve\.tls_cert_file: .*none\.pem cannot be read"),
        (files.server, other.key, r"serve\.tls_cert_file: .* do not fit"),
    ):
        given = {"serve.tls_cert_file": str(cert), "serve.tls_key_file": str(key)}
        with pytest.raises(ConfigError, match=complaint):
            server_credentials(load(env={}, overrides=given).serve)
    for alone in ("cert", "key"):
        with pytest.raises(ConfigError, match=r"serve\.tls_(cert|key)_file: is needed beside"):
            load(env={}, overrides={f"serve.tls_{alone}_file": "x.pem"})
    with pytest.raises(BadParameter, match="cannot be read"):
        credentials_of(True, tmp_path / "none.pem")


def _folder(path: Path) -> Path:
    path.mkdir()
    return path
