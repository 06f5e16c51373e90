"""The visitors of the demo app: clients that together use every route, in the order of a story, some of them badly.

First the simple things, one after the other; then streams and uploads; then several at once, chatting; then everything that
goes wrong. A whole visit takes about seven seconds.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from time import perf_counter_ns

from asgiviz.model.events import NOTE, Emit
from asgiviz.traffic.crowd import Crowd
from asgiviz.traffic.forms import Fill
from asgiviz.traffic.script import Script
from asgiviz.traffic.steps import (
    Close,
    Expect,
    ExpectClose,
    HangUp,
    OpenWebSocket,
    Ping,
    Pipeline,
    Read,
    Request,
    Reset,
    SendBytes,
    SendFragments,
    SendText,
    Step,
    Wait,
)
