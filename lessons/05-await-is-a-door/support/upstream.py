"""Two services somewhere else. Both answer. They take their time.

This file is not yours to change. Each question leaves a mark in the
recording, so that you can see when it was asked and answered.
"""

import asyncio
import os

import asgiviz

WAIT = float(os.environ.get("WAIT", "0.2"))


async def price(item):
    with asgiviz.span("upstream", what="price"):
        await asyncio.sleep(4 * WAIT)
    return f"price of {item}"


async def stock(item):
    with asgiviz.span("upstream", what="stock"):
        await asyncio.sleep(5 * WAIT)
    return f"stock of {item}"
