"""What a server should refuse by raising out of send: unknown types, missing keys, values of the wrong type."""

from __future__ import annotations

from asgiviz.protocol.fields import MESSAGES
from asgiviz.protocol.standing import NO_MESSAGE, NO_TYPE, UNANNOUNCED

#: Ids of the rules whose breach a server should refuse. Header names in capitals and tolerated types are not among them.
REFUSABLE: frozenset[str] = frozenset(
    {
        NO_MESSAGE.rule, NO_TYPE.rule, UNANNOUNCED.rule, "CORE-009", "CORE-014", "LIFE-015", "HTTP-S-007",
        *(rule for fields in MESSAGES.values() for field in fields for rule in (field.rule, field.missing) if rule),
    }
)  # fmt: skip
