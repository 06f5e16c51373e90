"""``python -m asgiviz``."""

from asgiviz.cli.main import main

main()
