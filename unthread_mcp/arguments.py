"""The arguments that tools share, each described once.

A description here is paid for by every user on every request, in each tool that uses it:
few words. The types validate with pydantic; what is published of them is `schemas`'
business.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final, Literal, cast

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, PlainValidator

Status = Literal["open", "in_progress", "on_hold", "closed"]
Operator = Literal["==", "!=", ">", "<", "in", "notIn", "contains", "notContains", "like"]
"""The reference's nine operators."""

_PRIORITY_WORDS: Final = {"3": "low", "5": "medium", "7": "high", "9": "critical"}
IN_MESSAGE: Final = "\x02message:"
"""Marks, in a cursor, a search that went on to the first messages; nobody types its control character."""
IN_CONTENT: Final = "\x02content:"
"""Marks, in a cursor, a search that went on to the content."""
UNASSIGNED: Final = "unassigned"
"""An assignee that stands for nobody."""
_LONGEST_TEXT: Final = 200
PRIORITY_NUMBERS: Final = {"low": 3, "medium": 5, "high": 7, "critical": 9}


def _priority_word(value: Any) -> Any:
    text = str(value).strip().lower()
    return _PRIORITY_WORDS.get(text.removesuffix(".0"), text)


def _comparable(value: Any) -> str | int | float | list[str]:
    """What the reference lets a condition compare with. Numbers in a list become texts, as it has them; so do booleans.

    It has no null.
    """
    if value is None:
        raise ValueError("it can't ask for null; assignee=unassigned finds those of nobody")
    if isinstance(value, bool):
        return str(value).lower()
    items = cast("list[Any]", value) if isinstance(value, list) else [value]
    if not all(isinstance(each, str | int | float) and not isinstance(each, bool) for each in items):
        raise ValueError("it should be a text, a number or a list of texts")
    return [str(each) for each in items] if isinstance(value, list) else value


@dataclass(frozen=True, slots=True)
class Condition:
    """One of the reference's conditions; several are joined by AND."""

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")

    field: str
    operator: Operator
    value: Annotated[str | int | float | list[str], PlainValidator(_comparable)]


def _words(text: str) -> str:
    if len(text.removeprefix(IN_MESSAGE).removeprefix(IN_CONTENT)) > _LONGEST_TEXT:
        raise ValueError(f"it should have at most {_LONGEST_TEXT} characters")
    return text


Priority = Annotated[Literal["low", "medium", "high", "critical"], BeforeValidator(_priority_word)]
ConversationRef = Annotated[str, Field(description="Number (#1234), id or Unthread link", min_length=1, max_length=300)]
Conversations = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=300)]],
    Field(description="Numbers, ids or links", min_length=1, max_length=100),
]
Name = Annotated[str, Field(min_length=1, max_length=200)]
TagNames = Annotated[list[Name], Field(description="Names or ids", max_length=20)]
AsOf = Annotated[str, Field(description="as_of that get_conversation showed", max_length=100)]
Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
CustomerRef = Annotated[str, Field(description="Name or id", min_length=1, max_length=200)]
AccountRef = CustomerRef
UserRef = Annotated[str, Field(description="Name, e-mail or id", min_length=1, max_length=200)]
Select = Annotated[
    list[str],
    Field(description='Fields to return, dotted (customer.name); ["*"] for all', min_length=1, max_length=60),
]
Limit = Annotated[int, Field(ge=1, le=100)]
Cursor = Annotated[str, Field(description="From the previous answer; pass it alone", max_length=4_000)]
Where = Annotated[list[Condition], Field(description="Further conditions, joined by AND", max_length=20)]
When = Annotated[str, Field(max_length=40)]
Text = Annotated[str, Field(min_length=1, max_length=_LONGEST_TEXT)]
Words = Annotated[str, Field(min_length=1), AfterValidator(_words)]
"""What is searched for; in a cursor, a mark may stand before it."""
Attachments = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=300)]],
    Field(description="Files of the upload directory", max_length=10),
]
Clear = Annotated[list[str], Field(description="Names of fields to empty", min_length=1, max_length=20)]
