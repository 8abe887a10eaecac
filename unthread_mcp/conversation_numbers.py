"""Conversations by number: the ids behind `#1234`, looked up with one request and remembered."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from unthread_mcp.answers import Page, as_page, friendly_number, id_of
from unthread_mcp.api.endpoints import LIST_CONVERSATIONS
from unthread_mcp.api.errors import InvalidArgument, NotFound, RequestRejected, UnthreadError
from unthread_mcp.conversation_references import number_or_id

if TYPE_CHECKING:
    from unthread_mcp.api.client import UnthreadClient
    from unthread_mcp.api.json_types import JsonObject, JsonValue

MAX_NUMBERS: Final = 20_000
"""Conversation numbers kept; about 4 MB."""
SCANNED_PAGES: Final = 5
_SEVERAL: Final = ""
"""Kept for a number that several conversations carry."""


class ConversationNumbers:
    """Tells which conversation a reference means, for one workspace."""

    def __init__(self, client: UnthreadClient) -> None:
        self._client = client
        self._numbers: OrderedDict[int, str] = OrderedDict()

    async def identify(self, reference: str) -> str:
        """The id of a conversation given as `#1234`, its id, or a pasted Unthread link."""
        given = number_or_id(reference)
        return given if isinstance(given, str) else self._numbered(given, await self._look_up([given]))

    async def identify_all(self, references: Sequence[str]) -> list[str | UnthreadError]:
        """The same for several, each or why there is none; the numbers among them cost one request together."""
        given: list[int | str | UnthreadError] = []
        for reference in references:
            try:
                given.append(number_or_id(reference))
            except InvalidArgument as refusal:
                given.append(refusal)
        scanned = await self._look_up([each for each in given if isinstance(each, int)])
        found: list[str | UnthreadError] = []
        for each in given:
            try:
                found.append(self._numbered(each, scanned) if isinstance(each, int) else each)
            except (InvalidArgument, NotFound) as refusal:
                found.append(refusal)
        return found

    def remember(self, conversation: JsonObject) -> None:
        """Keep the id behind a conversation's number, as far as they are given."""
        number = friendly_number(conversation.get("friendlyId"))
        if number is not None and (identity := id_of(conversation)):
            if self._numbers.setdefault(number, identity) != identity:
                self._numbers[number] = _SEVERAL
            self._numbers.move_to_end(number)
            if len(self._numbers) > MAX_NUMBERS:
                self._numbers.popitem(last=False)

    async def _look_up(self, numbers: Sequence[int]) -> str:
        """Remember the ids behind `numbers` as far as there are some. Returns how they were looked for, if oddly.

        The reference doesn't promise a filter by `friendlyId` (inferred): it must give the
        very numbers, and if it is refused, the newest pages are looked through.
        """
        wanted = [*dict.fromkeys(number for number in numbers if number not in self._numbers)]
        if not wanted:
            return ""
        only = len(wanted) == 1
        values: JsonValue = wanted[0] if only else [str(number) for number in wanted]
        where: JsonValue = [{"field": "friendlyId", "operator": "==" if only else "in", "value": values}]
        try:
            for row in (await self._conversations({"where": where, "limit": min(100, 2 * len(wanted))})).rows:
                self.remember(row)
        except (RequestRejected, NotFound):
            # A refusal may read "field not found".
            return await self._scan(set(wanted))
        return ""

    def _numbered(self, number: int, scanned: str) -> str:
        """The id behind a number that was looked up. Raises `NotFound`, or `InvalidArgument` if there are several."""
        if number not in self._numbers:
            raise NotFound(
                f"No conversation #{number} was found{scanned}.",
                "Check the number, or pass the conversation's id or link.",
            )
        if self._numbers[number] == _SEVERAL:
            raise InvalidArgument(
                f"Several conversations have the number #{number}.", "Pass the conversation's id or link instead."
            )
        return self._numbers[number]

    async def _scan(self, wanted: set[int]) -> str:
        cursor, seen = None, 0
        for _ in range(SCANNED_PAGES):
            body: JsonObject = {"order": ["createdAt", "id"], "descending": True, "limit": 100}
            page = await self._conversations({**body, **({"cursor": cursor} if cursor else {})})
            for row in page.rows:
                self.remember(row)
            seen, cursor = seen + len(page.rows), page.next
            if cursor is None or wanted <= self._numbers.keys():
                break
        return f" among the newest {seen}, the only ones that could be looked through"

    async def _conversations(self, body: JsonObject) -> Page:
        return as_page(
            await self._client.read(LIST_CONVERSATIONS, {}, body={"select": ["id", "friendlyId", "createdAt"], **body})
        )
