"""`python -m pathcast` is the command line."""

from pathcast.cli import main

main()
