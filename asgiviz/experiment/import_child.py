"""The child process that imports one app: ``python -m asgiviz.experiment.import_child {"target": …}``.

It is under the limits of an exercise, and says in one line of JSON how many seconds the import took and what went wrong.
"""

from __future__ import annotations

import json
import os
import sys
from time import perf_counter


def main() -> None:
    """Import it; what the code prints goes nowhere."""
    from asgiviz.host.errors import HostError
    from asgiviz.host.limits import hold
    from asgiviz.host.options import Limits
    from asgiviz.host.target import load_target, load_wsgi_target

    asked = json.loads(sys.argv[1])
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.path[:1] = asked["paths"]  # the working directory is no place to import from
    load = load_wsgi_target if asked["interface"] == "wsgi" else load_target
    hold(Limits())
    began, trouble = perf_counter(), ""
    try:
        load(asked["target"], asked["app_dir"], factory=False)
    except HostError as error:
        trouble = str(error)
    with answer:
        json.dump({"seconds": perf_counter() - began, "trouble": trouble}, answer)


if __name__ == "__main__":
    main()
