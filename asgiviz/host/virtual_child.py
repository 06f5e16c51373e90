"""The child process of an experiment in virtual time: ``python -m asgiviz.host.virtual_child CONTROL_FD WALL``.

Its very first act is to install the clock and the threads, before anything that takes a function from them is imported.
"""

from __future__ import annotations

import sys

if __name__ == "__main__":
    sys.path.pop(0)  # the working directory; the targets' own directories are put there instead
    from asgiviz.host.virtual_clock import install

    _baton = install(int(sys.argv[2]))

    from asgiviz.host.virtual_threads import install_threads

    install_threads(_baton)

    from asgiviz.host.virtual_stage import perform

    perform(int(sys.argv[1]), _baton)
