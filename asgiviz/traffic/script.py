"""A client's behaviour as data: a name, its steps, and how long it waits. Scripts come from Python or from plain dicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from asgiviz.traffic import forms
from asgiviz.traffic.forms import Form
from asgiviz.traffic.steps import Step, checked_keys, key, step_as_dict, step_from_dict


def _read_steps(value: Any) -> tuple[Step, ...]:
    if not isinstance(value, (list, tuple)):
        raise ValueError("must be a list of steps")
    steps = []
    for number, item in enumerate(value, 1):
        try:
            steps.append(item if isinstance(item, Step) else step_from_dict(item))
        except ValueError as error:
            raise _StepError(f"step {number}: {error}") from None
    return tuple(steps)


class _StepError(ValueError):
    """What is wrong inside a step, already a whole sentence."""


@dataclass(frozen=True)
class Script:
    """What one client does, step by step.

    It begins `delay` seconds after it was started, waits `timeout` seconds for any one thing the server owes it, and is over
    after `limit` seconds whatever happens. `receive_buffer` bytes of answers fit into its socket (the system may round up);
    a small one lets the server feel a slow reader sooner.
    """

    name: str = key(forms.TEXT)
    steps: tuple[Step, ...] = key(Form(_read_steps, lambda steps: [step_as_dict(step) for step in steps]))
    delay: float = key(forms.SECONDS, 0.0)
    timeout: float = key(forms.SECONDS, 10.0)
    limit: float = key(forms.SECONDS, 60.0)
    receive_buffer: int | None = key(forms.optional(forms.COUNT), None)

    def __post_init__(self) -> None:
        for name, each in self.__dataclass_fields__.items():
            try:
                built = each.metadata["form"].read(getattr(self, name))
            except _StepError as error:
                raise ValueError(f'client "{self.name}", {error}') from None
            except ValueError as error:
                raise ValueError(f'client "{self.name}": "{name}" {error}') from None
            object.__setattr__(self, name, built)

    @classmethod
    def from_dict(cls, plain: Any) -> Script:
        """The script that a plain dict describes. ValueError with one sentence that names the wrong step or key."""
        if not isinstance(plain, Mapping):
            raise ValueError('a client is a table such as {"name": "ann", "steps": […]}')
        return cls(**checked_keys(plain, cls, f'client "{plain.get("name", "")}"'))

    def as_dict(self) -> dict[str, Any]:
        """The plain form: None, numbers, texts, lists and dicts, without the keys that have their default."""
        values = {name: (each, getattr(self, name)) for name, each in self.__dataclass_fields__.items()}
        return {name: each.metadata["form"].write(value) for name, (each, value) in values.items() if value != each.default}
