"""What the knowledge base answers to a question: read whatever its shape, what only some may see marked.

The reference doesn't show the shape of an answer (inferred: an `answer` or the like, and articles with an excerpt).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from unthread_mcp.answers import as_page, id_of, text_of
from unthread_mcp.api.endpoints import LIST_ARTICLES
from unthread_mcp.api.errors import UnthreadError
from unthread_mcp.api.json_types import JsonObject, JsonValue
from unthread_mcp.render import TITLE_LENGTH, compact
from unthread_mcp.untrusted import one_line
from unthread_mcp.workspace import Workspace

RESTRICTED: Final = " (restricted)"
"""Behind an article that only members of some user groups may see."""
EXCERPT_LENGTH: Final = 400
_ANSWERS: Final = ("answer", "response", "text")
_HITS: Final = ("articles", "sources", "results")
_GROUPS: Final = "userGroupIds"


def knowledge_lines(
    said: JsonValue,
    restricted: Collection[str] = (),
    *,
    answer_length: int | None = None,
    most: int | None = None,
    excerpt_length: int = EXCERPT_LENGTH,
) -> list[str]:
    """Whatever the knowledge base said: its answer, then an entry for each article.

    Those with ids in `restricted`, and those that say it themselves, are marked. Nothing
    is dropped unless a bound is given: characters of the answer and of each excerpt, and articles.
    """
    if isinstance(said, str):
        return [said if answer_length is None else cut_at_word(said, answer_length)] if said.strip() else []
    rest, answer, hits, name = _taken_apart(said)
    lines = [answer if answer_length is None else cut_at_word(answer, answer_length)] if answer else []
    shown = hits[:most]
    lines += [_article_said(each, restricted, excerpt_length) for each in shown]
    if len(shown) < len(hits):
        lines.append(f"[{len(hits) - len(shown)} more; query_knowledge_base shows them]")
    if name and not hits:
        lines.append(f"no {name}")
    left: JsonObject = {key: value for key, value in rest.items() if value not in (None, "", [], {})}
    return [*lines, *([compact(left)] if left else [])]


def _taken_apart(said: JsonValue) -> tuple[JsonObject, str, list[JsonObject], str]:
    """What is left of an answer, its text, its articles, and what those are called (empty if there is no list)."""
    rest: JsonObject = dict(said) if isinstance(said, dict) else {"results": said}
    answer = ""
    for name in _ANSWERS:
        if isinstance(text := rest.get(name), str) and text.strip():
            answer = text
            del rest[name]
            break
    for name in _HITS:
        articles = rest.get(name)
        if isinstance(articles, list) and all(isinstance(each, dict) for each in articles):
            del rest[name]
            return rest, answer, [each for each in articles if isinstance(each, dict)], name
    return rest, answer, [], ""


def _article_said(article: JsonObject, restricted: Collection[str], excerpt_length: int) -> str:
    known = {name: text_of(article, name) for name in ("id", "title", "url", "excerpt")}
    others: JsonObject = {name: value for name, value in article.items() if name not in known and value is not None}
    if others.get(_GROUPS) == []:
        del others[_GROUPS]
    heading = f"- {one_line(known['title'], TITLE_LENGTH)} (article {known['id']})"
    heading += f" {known['url']}" if known["url"] else ""
    heading += RESTRICTED if article.get(_GROUPS) or known["id"] in restricted else ""
    return (
        heading
        + (f"\n  {cut_at_word(known['excerpt'], excerpt_length)}" if known["excerpt"] else "")
        + (f"\n  {compact(others)}" if others else "")
    )


def cut_at_word(text: str, length: int) -> str:
    """`text` on one line of at most `length` characters, which ends with a whole word if it had to be cut."""
    line = one_line(text, 2 * len(text) + 1)
    if len(line) <= length:
        return line
    cut = one_line(line, length - 1).removesuffix("…")
    words, _, broken = cut.rpartition(" ")
    # Scripts without blanks have no word to end at.
    return f"{words if words and len(broken) < length // 2 else cut} …"


async def restricted_among(workspace: Workspace, said: JsonValue) -> set[str] | None:
    """The ids of the articles in an answer that only some may see; None if that isn't known of each.

    One request, for those of which the answer doesn't tell it.
    """
    untold = {id_of(each) for each in _taken_apart(said)[2] if _GROUPS not in each} - {""}
    if not untold:
        return set()
    ids: list[JsonValue] = [*sorted(untold)]
    body: JsonObject = {
        "select": ["id", _GROUPS],
        "where": [{"field": "id", "operator": "in", "value": ids}],
        "order": ["id"],
        "limit": 100,
    }
    try:
        rows = as_page(await workspace.client.read(LIST_ARTICLES, {}, body=body)).rows
    except UnthreadError:
        # The question is answered all the same.
        return None
    told = {id_of(row): row.get(_GROUPS) for row in rows if _GROUPS in row}
    return {identity for identity in untold if told[identity]} if untold <= told.keys() else None
