"""How a command says no: one line what, one line what to do, and an exit code."""

import sys
from collections.abc import Sequence
from typing import Any

from rich.text import Text

from signoff.cli import output, times
from signoff.cli.exits import Exit
from signoff.contract_gen import Candidate
from signoff.errors import (
    AlreadyDecidedError,
    ApiError,
    ForbiddenError,
    MissingDependencyError,
    SignoffError,
    TransportError,
    UnauthorizedError,
)
from signoff.strict_json import dumps_text


class Failure(Exception):
    """The command ends here.

    `what` is a sentence for people, `to_do` what may help, `code` a word for programs: of the
    contract, or one of ours. `problem` is the server's answer, where it gave one. `log` are
    lines that help whoever looks into it.
    """

    def __init__(
        self,
        exit: Exit,  # noqa: A002 - the word for it
        code: str,
        what: str,
        to_do: str = "",
        *,
        problem: dict[str, Any] | None = None,
        candidates: Sequence[Candidate] = (),
        log: Sequence[str] = (),
    ) -> None:
        super().__init__(what)
        self.exit = exit
        self.code = code
        self.what = what
        self.to_do = to_do
        self.problem = problem
        self.candidates = candidates
        self.log = log

    def show(self, *, as_json: bool) -> None:
        """Print it on standard error; as JSON, one object with `code` and `detail`."""
        if as_json:
            members = self.problem or {"code": self.code, "detail": self.what}
            if self.candidates:
                members |= {"candidates": [output.plain(one) for one in self.candidates]}
            print(dumps_text(members | {"exit_code": int(self.exit)}), file=sys.stderr)  # noqa: T201
            return
        output.remark(Text.assemble(("signoff: ", "bold red"), output.safe(self.what)))
        for one in self.candidates:
            where = one.execution_id or "standalone"
            output.remark(
                Text.assemble("  ", one.id, "  ", output.status(one.status), f"  {where}")
            )
        for line in self.log:
            output.remark(Text(output.safe(line), style="dim"))
        if self.to_do:
            output.remark(Text.assemble(("  → ", "bold"), output.safe(self.to_do)))


def of_error(error: SignoffError, server: str) -> Failure:
    """The failure that an error of the client stands for; `server` is where it was sent."""
    if isinstance(error, ApiError):
        return _of_answer(error)
    if isinstance(error, TransportError):
        return Failure(
            Exit.UNREACHABLE,
            "unreachable",
            f"no answer: {error}",
            "start it with `signoff serve`, or name another with --server or SIGNOFF_SERVER",
        )
    if isinstance(error, MissingDependencyError):
        return Failure(Exit.CANNOT_START, "missing_packages", str(error))
    return Failure(
        Exit.SERVER_FAULT, "protocol_error", f"{server}: {error}", "is that a signoff server?"
    )


def _of_answer(error: ApiError) -> Failure:
    exit_code, to_do = _meaning(error)
    problem = output.plain(error.problem) if error.problem is not None else None
    what = _won(error) if isinstance(error, AlreadyDecidedError) else error.detail
    return Failure(exit_code, error.code, what, to_do, problem=problem)


def _won(error: AlreadyDecidedError) -> str:
    won = error.approval
    if won is None:
        return error.detail
    by = "" if won.reviewer is None else f" by {won.reviewer.name or won.reviewer.id}"
    at = "" if won.decided_at is None else f", {times.local(won.decided_at)}"
    return f"{won.approval_request_id} is {won.status} already{by}{at}"


def _meaning(error: ApiError) -> tuple[Exit, str]:
    if isinstance(error, UnauthorizedError):
        return Exit.FORBIDDEN, "give a key in SIGNOFF_API_KEY; `signoff keys create` makes one"
    if isinstance(error, ForbiddenError):
        return Exit.FORBIDDEN, "use a key that has the role: `signoff keys create --role …`"
    if error.status in (401, 403):
        return Exit.FORBIDDEN, "call it from the machine that it runs on, or give it keys"
    if error.status == 404:
        return Exit.NOT_FOUND, "`signoff executions list` and `signoff approvals list` show what is"
    if error.status == 409:
        return Exit.CONFLICT, ""
    if error.status >= 500:
        return Exit.SERVER_FAULT, "try again; the server's log says more"
    return Exit.USAGE, "`--help` says what fits"
