"""`python -m signoff.cli`: the command, where its script is not on the path."""

from signoff.cli import main

main()
