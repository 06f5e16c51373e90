"""An old driver. It can only block, and you may not change it.

Each query leaves a mark in the recording: when it began, and when it
was done.
"""

import os
import time

import asgiviz

WAIT = float(os.environ.get("WAIT", "1"))


def query(path):
    with asgiviz.span("legacy.query", path=path):
        time.sleep(WAIT)
    return f"row {path}"
