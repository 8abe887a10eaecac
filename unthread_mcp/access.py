"""What a tool may do: access levels, effects, and the decorators that declare them.

A tool is a plain async function below one of `reads`, `changes`, `creates`, `deletes` or
`sends`. The decorator leaves the function as it is and notes its effect, level and title
on it (`tool_of`); from these follow the MCP annotations and who may call it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar

Level = Literal["read", "triage", "reply", "admin"]
LEVELS: Final[tuple[Level, ...]] = ("read", "triage", "reply", "admin")
"""Each level includes the ones before it."""

ToolEffect = Literal["reads", "changes", "creates", "deletes", "sends"]

ToolFunction = Callable[..., Awaitable[Any]]
_F = TypeVar("_F", bound=ToolFunction)
_MARK: Final = "__unthread_tool__"


@dataclass(frozen=True, slots=True)
class ToolDeclaration:
    """What a decorator says of a tool."""

    function: ToolFunction
    title: str
    effect: ToolEffect
    level: Level
    shown: bool
    """Whether it belongs to the default set."""
    needs: str = ""
    """The option without which it is not offered."""
    toolset: str = ""
    """The domain it belongs to; filled in where the tools are gathered."""

    @property
    def name(self) -> str:
        """The tool's name: its function's."""
        return self.function.__name__

    @property
    def hints(self) -> dict[str, bool]:
        """The four MCP annotations, as true as a hint can be.

        Every tool talks to Unthread, whose texts strangers write: an open world. What is
        created beside what exists destroys nothing; what is overwritten or sent can't be
        taken back.
        """
        return {
            "read_only_hint": self.effect == "reads",
            "destructive_hint": self.effect in {"changes", "deletes", "sends"},
            "idempotent_hint": self.effect in {"reads", "changes", "deletes"},
            "open_world_hint": True,
        }


def permits(granted: Level, needed: Level) -> bool:
    """Whether `granted` includes `needed`."""
    return LEVELS.index(granted) >= LEVELS.index(needed)


def tool_of(function: object) -> ToolDeclaration | None:
    """What a decorator noted on `function`, or None if it is no tool."""
    return getattr(function, _MARK, None)


def _declare(effect: ToolEffect, title: str, level: Level, *, shown: bool, needs: str = "") -> Callable[[_F], _F]:
    def mark(function: _F) -> _F:
        setattr(function, _MARK, ToolDeclaration(function, title, effect, level, shown, needs))
        return function

    return mark


def reads(title: str, *, level: Level = "read", shown: bool = True) -> Callable[[_F], _F]:
    """Declare a tool that changes nothing."""
    return _declare("reads", title, level, shown=shown)


def changes(title: str, *, level: Level, shown: bool = True, needs: str = "") -> Callable[[_F], _F]:
    """Declare a tool that sets a state; doing it twice changes nothing more."""
    return _declare("changes", title, level, shown=shown, needs=needs)


def creates(title: str, *, level: Level, shown: bool = True) -> Callable[[_F], _F]:
    """Declare a tool that adds something beside what exists."""
    return _declare("creates", title, level, shown=shown)


def deletes(title: str, *, level: Level = "admin", shown: bool = False) -> Callable[[_F], _F]:
    """Declare a tool that removes something."""
    return _declare("deletes", title, level, shown=shown)


def sends(title: str, *, level: Level = "reply", shown: bool = True) -> Callable[[_F], _F]:
    """Declare a tool whose effect reaches a customer and can't be taken back."""
    return _declare("sends", title, level, shown=shown)
