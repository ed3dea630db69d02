"""sourcemark witness: watch other people's logs, and cosign each checkpoint that continues the one before."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from provenance.errors import BadInput, VerificationFailed

from .. import server
from ..output import tr

app = typer.Typer(no_args_is_help=True)

_Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The witness's own folder: keys and state.")]


@app.command("new", help="Make a witness, and print the lines that a log's policy needs.")
def new(
    folder: _Folder,
    name: Annotated[str, typer.Option(help="Its name, for example witness.example.org/w1.")],
    url: Annotated[str, typer.Option(help="Where logs will reach it.")] = "http://127.0.0.1:8471",
) -> None:
    from provenance import http_client
    from provenance.auditing import witness_server

    http_client.check_url(url)
    ed25519, mldsa44 = witness_server.create(folder, name).vkeys
    short = name.rpartition("/")[2] or "witness"
    typer.echo(f"witness {short} {ed25519} {url}")
    typer.echo(f"witness {short}-mldsa44 {mldsa44} {url}")


@app.command("serve", help="Cosign checkpoints of these logs. 启动见证服务。")
def serve(
    folder: _Folder,
    log: Annotated[list[Path], typer.Option(help="log.vkey or policy of a log to witness; once for each set of keys.")],
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)] = 8471,
) -> None:
    from api.witness import create_app
    from provenance.auditing.witness_server import Witness, log_keys

    known = []
    for path in log:
        try:
            known.append(log_keys(path.read_bytes()))
        except OSError as error:
            raise BadInput(f"{path} cannot be read: {error.strerror}") from error
        except VerificationFailed as error:
            raise BadInput(f"{path} holds no keys of a log: {error.detail}") from None
    witness = Witness(folder, known)
    origins = ", ".join(witness.origins)
    listener = server.listen(host, port, lambda at: tr(f"witness of {origins} at {at}", f"正在 {at} 见证 {origins}"))
    server.serve(create_app(witness), listener, timeout_keep_alive=30, limit_concurrency=200)
