"""/log/ of the service is what any web server would make of the exported folder."""

from pathlib import Path

import pytest

from provenance.auditing.report import audit_report
from provenance.tlog import tiles
from tests.api.conftest import Api
from tests.provenance.conftest import ESSAY, ESSAY_ZH, register_work

pytestmark = pytest.mark.slow

FOR_EVER, ANEW = "public, max-age=31536000, immutable", "no-cache"


def test_the_same_bytes_as_the_export(api: Api, tmp_path: Path) -> None:
    register_work(api.application, ESSAY.encode())
    out = tmp_path / "out"
    api.application.log.export(out)
    names = sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())
    assert names == ["checkpoint", "log.vkey", "policy", "tile/0/000.p/2", "tile/entries/000.p/2"]
    for name in names:
        answer = api("GET", f"/log/{name}")
        assert answer.status_code == 200
        assert answer.content == (out / name).read_bytes()
        assert answer.headers["cache-control"] == (FOR_EVER if name.startswith("tile/") else ANEW)
        kind = "application/octet-stream" if name.startswith("tile/") else "text/plain; charset=utf-8"
        assert answer.headers["content-type"] == kind
        head = api("HEAD", f"/log/{name}")
        assert head.status_code == 200
        assert head.headers["content-length"] == answer.headers["content-length"]


def test_an_older_partial_tile_stays_the_same(api: Api) -> None:
    register_work(api.application, ESSAY.encode())
    before = api("GET", "/log/tile/entries/000.p/2").content
    register_work(api.application, ESSAY_ZH.encode())
    assert api("GET", "/log/tile/entries/000.p/2").content == before
    assert tiles.split_bundle(api("GET", "/log/tile/entries/000.p/3").content)[:2] == tiles.split_bundle(before)


@pytest.mark.parametrize(
    "path",
    ["tile/0/000", "tile/0/000.p/9", "tile/entries/000.p/256", "tile/9/000", "tile/x/000",
     "tile/0/%2e%2e/%2e%2e/%2e%2e/keys/log-ed25519.pem", "tile/", "tile", "", "keys", "tile/0/000.p/1%00"],
)  # fmt: skip
def test_what_is_not_there_is_not_there_for_ever(api: Api, path: str) -> None:
    """An error is never cached: the tile may be there in a moment."""
    register_work(api.application, ESSAY.encode())
    answer = api("GET", f"/log/{path}")
    assert answer.status_code == 404
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.enable_socket
def test_a_third_party_audits_the_service(api: Api) -> None:
    """The real application behind a real socket."""
    import threading
    import time

    import uvicorn

    register_work(api.application, ESSAY.encode())
    older = api.application.log.reader.checkpoint().raw
    register_work(api.application, ESSAY_ZH.encode())
    server = uvicorn.Server(uvicorn.Config(api.client.app, port=0, lifespan="off", log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        for place in ("log", "v1/ledger"):
            report = audit_report(
                f"http://127.0.0.1:{port}/{place}", since=[older], policy=api.application.log.policy()
            )
            assert report["problems"] == []
            assert report["size"] == 3
    finally:
        server.should_exit = True
        thread.join()
