"""The knowledge base: articles, and questions answered from them by full-text search.

The answer to a question is undocumented. Guessed is `{"answer": text, "articles": [{"id", "title",
"url", "excerpt"}]}`, best first; the answer is the best article's opening and never made up.
"""

from __future__ import annotations

import json
import re
from typing import Final, cast

from unthread_mcp.api.endpoints import (
    CREATE_ARTICLE,
    DELETE_ARTICLE,
    GET_ARTICLE,
    LIST_ARTICLES,
    QUERY_KNOWLEDGE_BASE,
    UPDATE_ARTICLE,
)

from .calls import Call, JsonValue, answers, not_found
from .checks import Check, filled, list_of, one_of, record
from .encoding import columns, dumps
from .listing import one, page
from .objects import ARTICLE
from .store import SqlValue, Store

NO_ANSWER: Final = "No article answers this question."
MOST_ARTICLES: Final = 5
MOST_WORDS: Final = 16
LONGEST_ANSWER: Final = 700

_WORD: Final = re.compile(r"[^\W_]{2,}")
_STOP_WORDS: Final = (  # noqa: SIM905 - a hundred words between quotes and commas can't be read
    "about after also am an and any are as at be been before but by can cannot could did do does doesn"
    " don for from get getting had has have how if in into is isn it its just like may me more my need no"
    " not of on or our out please since so some still than that the their them then there they this to too"
    " up us use using want was we were what when where which who why will with won would you your"
).split()

_CONTEXT: Final = {
    "conversationId": ("conversations", "Conversation"),
    "customerId": ("customers", "Customer"),
    "userId": ("users", "User"),
}
_QUERY: Final[dict[str, Check]] = {"query": filled, **dict.fromkeys(_CONTEXT, filled)}
_CREATE: Final[dict[str, Check]] = {"title": filled, "content": filled, "url": filled, "userGroupIds": list_of(filled)}
_UPDATE: Final[dict[str, Check]] = {**_CREATE, "status": one_of("active", "inactive")}


@answers(QUERY_KNOWLEDGE_BASE)
def query_knowledge_base(call: Call) -> str:
    """The context ids are checked and change nothing else."""
    store = call.store
    request = record(call.body, _QUERY, "query")
    for name, (table, what) in _CONTEXT.items():
        if name in request and not store.exists(table, request[name]):
            raise not_found(what)
    found = _search(store, request["query"])
    if not found:
        return dumps({"answer": NO_ANSWER, "articles": []})
    (content,) = store.require("SELECT content FROM articles WHERE number = ?", found[0][0])
    articles: list[JsonValue] = []
    for number, excerpt in found:
        row = store.require("SELECT id, title, url FROM articles WHERE number = ?", number)
        article_id, title, url = cast("tuple[str, str, str | None]", row)
        articles.append({"id": article_id, "title": title, "url": url, "excerpt": excerpt})
    return dumps({"answer": _opening(str(content)), "articles": articles})


def _search(store: Store, query: str) -> list[tuple[int, str]]:
    """Numbers and excerpts of the active articles that answer the query, best first.

    A query of three or more telling words is answered by articles that have at least two of them.
    """
    words = list(dict.fromkeys(word for word in _WORD.findall(query.lower()) if word not in _STOP_WORDS))[:MOST_WORDS]
    if not words:
        return []
    needed = 2 if len(words) > 2 else 1
    rows = store.all(
        "WITH word AS (SELECT value AS word FROM json_each(?)),"
        " hits AS (SELECT article_words.rowid AS number, count(*) AS words FROM word"
        "  JOIN article_words ON article_words MATCH '\"' || word.word || '\"' GROUP BY 1)"
        " SELECT articles.number, snippet(article_words, 1, '', '', '…', 32) FROM article_words"
        " JOIN articles ON articles.number = article_words.rowid JOIN hits ON hits.number = articles.number"
        " WHERE article_words MATCH ? AND articles.status = 'active' AND hits.words >= ?"
        " ORDER BY bm25(article_words, 4.0, 1.0), articles.number LIMIT ?",
        [json.dumps(words), " OR ".join(f'"{word}"' for word in words), needed, MOST_ARTICLES],
    )
    return [(int(number or 0), str(excerpt)) for number, excerpt in rows]


def _opening(content: str) -> str:
    """The article's first paragraphs, as many as fit."""
    taken = ""
    for paragraph in content.split("\n\n"):
        longer = f"{taken}\n\n{paragraph}" if taken else paragraph
        if taken and len(longer) > LONGEST_ANSWER:
            break
        taken = longer
    return taken


@answers(GET_ARTICLE)
def get_article(call: Call) -> str:
    """One article, active or not."""
    return one(call, ARTICLE, call.ids["article_id"])


@answers(LIST_ARTICLES)
def list_articles(call: Call) -> str:
    """Articles, by the list conventions."""
    return page(call, ARTICLE)


@answers(CREATE_ARTICLE)
def create_article(call: Call) -> str:
    """A new article, active at once."""
    request = record(call.body, _CREATE, "title", "content")
    article_id, now = call.store.new_id("article"), call.store.stamp()
    row: dict[str, SqlValue] = {"id": article_id, "title": request["title"], "content": request["content"]}
    row |= {"url": request.get("url"), "status": "active", "userGroupIds": dumps(request.get("userGroupIds", []))}
    call.store.insert("articles", row | {"createdAt": now, "updatedAt": now})
    return one(call, ARTICLE, article_id)


@answers(UPDATE_ARTICLE)
def update_article(call: Call) -> str:
    """Changes what is given."""
    article_id = _existing(call)
    request = record(call.body, _UPDATE)
    call.store.update("articles", article_id, columns(request) | {"updatedAt": call.store.stamp()})
    return one(call, ARTICLE, article_id)


@answers(DELETE_ARTICLE)
def delete_article(call: Call) -> None:
    """The article goes for good."""
    call.store.delete("articles", _existing(call))


def _existing(call: Call) -> str:
    if not call.store.exists("articles", call.ids["article_id"]):
        raise not_found("Article")
    return call.ids["article_id"]
