"""Prints the state machines as the server's transition tables have them.

`--write` puts them into CONTRIBUTING.md, where a test wants to find them.
"""

import argparse
from pathlib import Path

from signoff.server.domain import approval, execution
from signoff.server.domain.transition import draw

CONTRIBUTING = Path(__file__).parents[1] / "CONTRIBUTING.md"
BEGIN = "<!-- printed by tools/diagrams.py --write -->\n"
END = "<!-- end -->\n"


def diagrams() -> str:
    """Both machines, as Markdown."""
    executions = draw(execution.STATES, execution.TRANSITIONS)
    approvals = draw(approval.STATES, approval.TRANSITIONS)
    return (
        f"### Executions\n\n```text\n{executions}```\n\n"
        f"### Approval requests\n\n```text\n{approvals}```\n"
    )


def placed(text: str) -> str:
    """The text of CONTRIBUTING.md with the diagrams in their place."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise SystemExit(f"{CONTRIBUTING.name} has no place for the diagrams: {BEGIN}")
    return f"{before}{begin}\n{diagrams()}\n{end}{after}"


def main() -> None:
    """Print, or write."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--write", action="store_true", help="into CONTRIBUTING.md")
    if not arguments.parse_args().write:
        print(diagrams(), end="")
        return
    text = CONTRIBUTING.read_text(encoding="utf-8")
    CONTRIBUTING.write_text(placed(text), encoding="utf-8")


if __name__ == "__main__":
    main()
