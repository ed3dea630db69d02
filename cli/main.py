"""Wires the commands together and turns every error into one line and an exit status.

Exit: 0 ok, 1 a finding (a match, a proof that fails), 2 usage or bad input, 3 service or network, 4 permission,
130 interrupted.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from provenance.errors import Misconfigured, SourcemarkError
from provenance.names import printable

from .lazy_commands import group_of
from .output import Interrupted, fail

# typer carries its own copy of click and exports only the leaves of its exceptions.
_UsageError: Any = next(c for c in typer.BadParameter.__mro__ if c.__name__ == "ClickException")
_NoArguments: Any = sys.modules[_UsageError.__module__].NoArgsIsHelpError

COMMANDS = {
    "init": "Make the log and its keys; says what to back up. 创建账本与密钥，并说明如何备份。",
    "register": "Register works: prove later that you had them now. 登记作品。",
    "scan": "Find registered works in an upload and check its marking. 扫描上传内容。",
    "lookup": "Where a work was seen: where, by whom, when, how much, marked how. 查找转载记录。",
    "marking": "Check how posts mark owner and source; no ledger needed. 核对署名与来源标注。",
    "credit": "The credit line that passes the check, printed or written into a copy. 生成署名行。",
    "receipt": "Write the proof of a registration: folder, .zip or .json. 导出登记凭证。",
    "verify": "Check a receipt offline. 离线核验凭证。",
    "amend": "Correct what is claimed of a work; the log keeps both. 更正登记内容。",
    "transfer": "Name another owner of a work; you sign for it. 转让作品。",
    "withdraw": "Withdraw a registration; it stays provable. 撤回登记。",
    "erase": "Delete what is personal about a registration, for good. 永久删除登记中的个人信息。",
    "purge": "Delete what has been kept long enough, by the settings. 按保存期限清除数据。",
    "backup": "Copy the database, in use or not, and the keys apart from it. 备份。",
    "restore": "Put a backup back where there is no database. 恢复备份。",
    "serve": "Serve the HTTP API. 启动 HTTP 服务。",
    "worker": "Carry out jobs, send webhooks and mail. 处理任务、发送通知。",
    "demo": "The main job, shown on made works or on a folder of yours. 演示。",
    "config": "Every setting and its value. 查看设置。",
    "doctor": "Check the installation. 检查安装。",
    "index": "The index of works on several machines: how far each part is. 索引状态。",
    "ledger": "The public log: checkpoint, export, audit, fsck, rebuild. 公开账本。",
    "witness": "Be a witness of somebody's log. 为他人的账本作见证。",
    "account": "Accounts: producers, platforms, rights holders, administrators; official ones. 账号与公众账号。",
    "person": "Who signs in to the pages. 页面登录人员。",
    "qualification": "Licences of official accounts. 公众账号资质。",
    "standing": "Standing of official accounts: what counts against them, appeals. 公众账号信用等级。",
    "webhook": "Endpoints that are told of what happens. 事件通知地址。",
    "watch": "Be told where your works are seen. 关注作品的转载。",
    "job": "What takes longer than a request: list, show, cancel. 任务。",
    "key": "API keys and signing keys. 密钥。",
    "policy": "Policies: what is done with a scanned post. 处理策略。",
    "queue": "Posts that wait for a person: take, decide, overview. 人工审核队列。",
    "decision": "What was decided about posts, and what posters are told. 审核决定与限制理由说明。",
    "stay-down": "Confirmed cases that are not to come back. 持续下架清单。",
    "case": "Complaints about posts: list, decide, export. 投诉案件。",
    "evidence": "What shows whose a work is. 权属证据。",
    "claim": "Who claims the same content, and whose claim counts. 权属争议与裁定。",
    "grant": "Grants: who may reuse a work. 授权（白名单、地域、期限）。",
}

app = typer.Typer(
    name="sourcemark",
    cls=group_of(COMMANDS, homes={"transfer": "amend", "restore": "backup", "stay-down": "stay_down"}),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"sourcemark {version('sourcemark')}")
        raise typer.Exit


@app.callback(
    help="Register original works, find their reposts, check how they are marked, prove it later.\n\n"
    "登记原创作品，查找转载，核对署名与来源标注，日后可供查证。"
)
def _sourcemark(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="The version of Sourcemark.")
    ] = False,
) -> None:
    """Options before any command."""


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
    # Before numpy is loaded. The matrices are small: its threads would only wait for each other, and take whole cores.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not where a shell told us to ignore it
        signal.signal(signal.SIGINT, _interrupt)
    sys.exit(_status())


def _interrupt(_number: int, _frame: object) -> None:
    """The first Ctrl-C ends in order, the second at once: what is cut off anywhere is repaired at the next start."""
    signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    raise KeyboardInterrupt


def _status() -> int:
    try:
        _refuse_foreign_packages()
        status = app(standalone_mode=False)
        sys.stdout.flush()
        if status == 130:  # typer makes a status of a `KeyboardInterrupt`
            raise KeyboardInterrupt
        return status if isinstance(status, int) else 0
    except SourcemarkError as error:
        fail(error)
        return error.exit_status
    except _NoArguments as error:
        print(error.format_message(), file=sys.stderr)  # a page of help, not a line
        return 2
    except _UsageError as error:
        context = getattr(error, "ctx", None)
        hint = f" (see `{context.command_path} --help`)" if context is not None else ""
        print(f"sourcemark: {printable(error.format_message())}{hint}", file=sys.stderr)
        return 2
    except (Interrupted, KeyboardInterrupt, typer.Abort) as error:
        print(f"sourcemark: interrupted{f': {error}' if str(error) else ''}", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output has gone: nothing is wrong, nothing more to say
        _drop_output()
        return 0
    except ModuleNotFoundError as error:  # after an update without the packages that came with it
        print(
            f"sourcemark: the Python package {error.name} is missing: install Sourcemark again, so that it gets the "
            "packages it needs (in a clone `make demo` does that)",
            file=sys.stderr,
        )
        return 3
    except OSError as error:
        _drop_output()
        print(f"sourcemark: {error.strerror or error}: {printable(str(error.filename or 'output'))}", file=sys.stderr)
        return 3


def _drop_output() -> None:
    """What is still buffered for a broken or full stdout would only fail again when the interpreter ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    run()
