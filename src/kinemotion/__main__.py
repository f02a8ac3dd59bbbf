"""`python -m kinemotion` is the command line."""

from kinemotion.cli import main

main()
