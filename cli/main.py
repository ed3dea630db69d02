"""Wires the commands together and turns every error into one line and an exit status.

Exit: 0 ok, 1 a finding (a match, a proof that fails), 2 usage or bad input, 3 service or network, 4 permission,
130 interrupted.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import typer

from provenance.errors import Misconfigured, SourcemarkError
from provenance.names import printable

from .commands import (
    account,
    amend,
    config,
    credit,
    demo,
    doctor,
    erase,
    grant,
    init,
    key,
    ledger,
    lookup,
    marking,
    receipt,
    register,
    scan,
    serve,
    verify,
    withdraw,
    witness,
)
from .output import fail

# typer carries its own copy of click and exports only the leaves of its exceptions.
_UsageError: Any = next(c for c in typer.BadParameter.__mro__ if c.__name__ == "ClickException")

app = typer.Typer(
    name="sourcemark",
    help="Register original works, find their reposts, check how they are marked, prove it later.\n\n"
    "登记原创作品，查找转载，核对署名与来源标注，日后可供查证。",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
)
for module in (
    init,
    register,
    scan,
    lookup,
    marking,
    credit,
    receipt,
    verify,
    amend,
    withdraw,
    erase,
    serve,
    demo,
    config,
    doctor,
):
    module.add_to(app)
for name, group in (
    ("ledger", ledger.app),
    ("witness", witness.app),
    ("account", account.app),
    ("key", key.app),
    ("grant", grant.app),
):
    app.add_typer(group, name=name)


def _refuse_foreign_packages() -> None:
    """Other projects on the public index ship packages of the same names, and pip overwrites silently."""
    import api
    import fingerprints
    import provenance

    ours = Path(__file__).resolve().parent.parent
    for package in (api, fingerprints, provenance):
        if package.__file__ is None or Path(package.__file__).resolve().parent.parent != ours:
            raise Misconfigured(
                f"the package {package.__name__!r} was overwritten by another project ({package.__file__}): install "
                "sourcemark in an environment of its own"
            )


def run() -> None:
    """The entry point of the command `sourcemark`."""
    sys.exit(_status())


def _status() -> int:
    try:
        _refuse_foreign_packages()
        status = app(standalone_mode=False)
        sys.stdout.flush()
        return status if isinstance(status, int) else 0
    except SourcemarkError as error:
        fail(error)
        return error.exit_status
    except _UsageError as error:
        context = getattr(error, "ctx", None)
        hint = f" (see `{context.command_path} --help`)" if context is not None else ""
        print(f"sourcemark: {printable(error.format_message())}{hint}", file=sys.stderr)
        return 2
    except (KeyboardInterrupt, typer.Abort):
        print("sourcemark: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output has gone: nothing is wrong, nothing more to say
        _drop_output()
        return 0
    except OSError as error:
        _drop_output()
        print(f"sourcemark: {error.strerror or error}: {printable(str(error.filename or 'output'))}", file=sys.stderr)
        return 3


def _drop_output() -> None:
    """What is still buffered for a broken or full stdout would only fail again when the interpreter ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    run()
