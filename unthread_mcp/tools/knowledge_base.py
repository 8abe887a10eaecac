"""The knowledge base: asking it, reading it, extending it."""

from __future__ import annotations

import hashlib
from typing import Annotated, Final, Literal

from pydantic import Field

from unthread_mcp.access import changes, creates, deletes, reads
from unthread_mcp.answers import as_object, text_of
from unthread_mcp.api.endpoints import (
    CREATE_ARTICLE,
    DELETE_ARTICLE,
    GET_ARTICLE,
    LIST_ARTICLES,
    QUERY_KNOWLEDGE_BASE,
    UPDATE_ARTICLE,
)
from unthread_mcp.api.errors import InvalidArgument
from unthread_mcp.api.json_types import JsonObject
from unthread_mcp.arguments import IN_CONTENT, ConversationRef, Cursor, CustomerRef, Id, Limit, Select, UserRef, Words
from unthread_mcp.fields import ARTICLE
from unthread_mcp.gate import Gate
from unthread_mcp.knowledge_answers import RESTRICTED, knowledge_lines, restricted_among
from unthread_mcp.listing import Listed, Query, list_page
from unthread_mcp.name_matching import Named
from unthread_mcp.natural_keys import NaturalKey
from unthread_mcp.outgoing import prepare
from unthread_mcp.questions import laid_out, of_deletion
from unthread_mcp.render import SEPARATOR, TITLE_LENGTH, Answer, compact, compose, selected_object, some_of
from unthread_mcp.untrusted import Fence, one_line
from unthread_mcp.urls import public_https_url
from unthread_mcp.workspace import Workspace
from unthread_mcp.writing import change, create, delete, require_as_asked

ArticleStatus = Literal["active", "inactive"]
Title = Annotated[str, Field(min_length=1, max_length=300)]
Content = Annotated[str, Field(min_length=1, max_length=100_000)]
Url = Annotated[str, Field(description="https address of the published article", max_length=2_000)]
GroupIds = Annotated[list[Id], Field(description="User groups that may see it", max_length=100)]

_WRITTEN: Final = ("title", "content", "url", "userGroupIds", "status")
"""What of an article is written, and so what a human says yes to."""


@reads("Ask the knowledge base")
async def query_knowledge_base(
    workspace: Workspace,
    question: Annotated[str, Field(description="The question, in plain words", min_length=1, max_length=4_000)],
    conversation: ConversationRef | None = None,
    customer: CustomerRef | None = None,
    user: UserRef | None = None,
) -> Answer:
    """Ask the knowledge base a question; name the conversation or customer it is for.

    Answers with what the knowledge base says and the articles behind it. Check an answer against
    its article before you pass it on.
    """
    if not question.strip():
        raise InvalidArgument("question is empty.", "Ask in plain words.")
    body: JsonObject = {"query": question}
    if conversation:
        body["conversationId"] = await workspace.numbers.identify(conversation)
    if customer:
        body["customerId"] = (await workspace.names.customer(customer)).id
    if user:
        body["userId"] = (await workspace.names.user(user, external=True)).id
    said = await workspace.client.read(QUERY_KNOWLEDGE_BASE, {}, body=body)
    restricted = await restricted_among(workspace, said)
    lines = knowledge_lines(said, restricted or frozenset())
    remark = "Which of these only some may see is not known: get_kb_article tells." if restricted is None else ""
    text = compose([], lines, [remark], fence=Fence()) if lines else "The knowledge base has no answer to this."
    return Answer(text, said if isinstance(said, dict) else {"answer": said})


@reads("Search knowledge base articles")
async def search_kb_articles(
    workspace: Workspace,
    text: Annotated[
        Words | None, Field(description="A phrase in the title or, if no title has it, in the content")
    ] = None,
    status: ArticleStatus | None = None,
    select: Select | None = None,
    limit: Limit = 25,
    cursor: Cursor | None = None,
) -> Answer:
    """List knowledge base articles, last updated first. To ask a question, use query_knowledge_base."""

    def query(field: str | None, carried: JsonObject) -> Query:
        where: list[JsonObject] = []
        if field and text:
            where.append({"field": field, "operator": "contains", "value": text.removeprefix(IN_CONTENT)})
        if status:
            where.append({"field": "status", "operator": "==", "value": status})
        return Query(
            LIST_ARTICLES,
            ARTICLE,
            {
                "text": text,
                "status": status,
                "select": [*select] if select else None,
                "limit": limit if limit != 25 else None,
            },
            select=select,
            where=where,
            order=("updatedAt",),
            limit=limit,
            cursor=cursor,
            absolute=carried,
        )

    in_content = bool(text and text.startswith(IN_CONTENT))
    remark = "words found in the content" if in_content else ""
    listed = await list_page(workspace, query("content" if in_content else "title", {}))
    if text and not in_content and not listed.rows and not cursor:
        listed = await list_page(workspace, query("content", {"text": IN_CONTENT + text}))
        remark = "no title has these words, these contents do"
    if listed.chosen:
        return listed.selected("article")
    return _articles_listed(workspace, listed, remark)


def _articles_listed(workspace: Workspace, listed: Listed, remark: str) -> Answer:
    lines = [
        SEPARATOR.join(
            [
                _short(row, "id"),
                (_short(row, "status") or "-") + (RESTRICTED if row.get("userGroupIds") else ""),
                workspace.date(row.get("updatedAt")),
                title_of(row),
            ]
        )
        for row in listed.rows
    ]
    return listed.answer(
        "article", lines, remark=remark, legend=f"id{SEPARATOR}status{SEPARATOR}updated{SEPARATOR}title"
    )


def _short(article: JsonObject, name: str) -> str:
    return one_line(text_of(article, name), 64)


def title_of(article: JsonObject) -> str:
    """An article's title as one short line."""
    return one_line(text_of(article, "title"), TITLE_LENGTH) or "(no title)"


@reads("Get a knowledge base article")
async def get_kb_article(workspace: Workspace, article: Id, select: Select | None = None) -> Answer:
    """Read one knowledge base article whole, by the id that search_kb_articles shows."""
    chosen = ARTICLE.check(select) if select else None
    found = as_object(await workspace.client.read(GET_ARTICLE, {"article_id": article}))
    if chosen:
        return selected_object(found, chosen)
    url = one_line(text_of(found, "url"), 2_000)
    facts = [_short(found, "status"), f"updated {workspace.date(found.get('updatedAt'))}", url]
    groups = found.get("userGroupIds")
    if isinstance(groups, list) and groups:
        facts.append(f"only for groups {some_of([str(each) for each in groups], 64)}")
    head = [f"{title_of(found)} (article {article})", SEPARATOR.join(fact for fact in facts if fact)]
    return Answer(compose(head, [text_of(found, "content")], [], fence=Fence()), found)


@creates("Create a knowledge base article", level="reply")
async def create_kb_article(
    workspace: Workspace,
    gate: Gate,
    title: Title,
    content: Content,
    url: Url | None = None,
    user_group_ids: GroupIds | None = None,
) -> Answer:
    """Add an article to the knowledge base, from which customers may be answered.

    Search first: an article that exists is better corrected with update_kb_article.
    """
    title, content = prepare(title), prepare(content)
    body: JsonObject = {"title": title, "content": content}
    if url:
        body["url"] = public_https_url(url, "url")
    if user_group_ids:
        body["userGroupIds"] = [*user_group_ids]
    question = laid_out("Add this article to the knowledge base?", _facts(body), [content])
    created = await create(
        workspace,
        CREATE_ARTICLE,
        body,
        what="article",
        key=NaturalKey(LIST_ARTICLES, "title", title),
        approve=lambda: gate.pass_through(question),
    )
    identity = one_line(text_of(created.body, "id"), 64)
    return Answer(
        f"article {identity or '(its id was not returned)'} {one_line(title, TITLE_LENGTH)!r}" + created.note,
        {**created.body},
        created.outcome,
    )


@changes("Update a knowledge base article", level="reply")
async def update_kb_article(
    workspace: Workspace,
    gate: Gate,
    article: Id,
    title: Title | None = None,
    content: Content | None = None,
    url: Url | None = None,
    user_group_ids: GroupIds | None = None,
    status: ArticleStatus | None = None,
) -> Answer:
    """Change an article. What is passed replaces what was there, the whole content included; the rest stays."""
    body: JsonObject = {}
    if title is not None:
        body["title"] = prepare(title)
    if content is not None:
        body["content"] = prepare(content)
    if url is not None:
        body["url"] = public_https_url(url, "url")
    if user_group_ids is not None:
        body["userGroupIds"] = [*user_group_ids]
    if status is not None:
        body["status"] = status
    if not body:
        raise InvalidArgument("Nothing to change was passed.", "Pass title, content, url, user_group_ids or status.")

    def question(found: JsonObject) -> str:
        return _question(workspace, found, body)

    # Taking it down says nothing to anybody, and can be taken back.
    asks = gate.asks and body != {"status": "inactive"}
    before: JsonObject = {}
    if asks:
        before = await _article(workspace, article)
        if all(before.get(name) == value for name, value in body.items()):
            return Answer(f"article {article} is so already.", before, "already_done")
        await gate.pass_through(question(before))
    async with workspace.writing_to(article):
        if asks:
            now = await _article(workspace, article)
            require_as_asked("article", so=question(now) == question(before))
        ids = {"article_id": article}
        changed = await change(workspace, UPDATE_ARTICLE, ids, body, read_back=GET_ARTICLE)
    return Answer(f"article {article}: changed {', '.join(body)}{changed.note}", changed.body, changed.outcome)


@deletes("Delete a knowledge base article")
async def delete_kb_article(workspace: Workspace, gate: Gate, article: Id) -> Answer:
    """Delete an article for good. update_kb_article can take it out of use instead: status inactive."""

    def question(found: JsonObject) -> str:
        lost = "It is out of use." if found.get("status") == "inactive" else "Customers may be answered from it."
        facts = _as_it_stands(workspace, found)
        return of_deletion(f"knowledge base article {title_of(found)!r}", found, facts, lost=lost)

    async def read(identity: str) -> JsonObject:
        return await _article(workspace, identity)

    async def identify(asked: str) -> Named:
        return Named(asked, asked)

    gone = await delete(
        workspace,
        gate,
        DELETE_ARTICLE,
        what="article",
        asked=article,
        identify=identify,
        read=read,
        question=question,
    )
    title = f" {title_of(gone.body)!r} is deleted" if gone.body else ""
    return Answer(f"article {article}{title}.{gone.note}", gone.body, gone.outcome)


async def _article(workspace: Workspace, identity: str) -> JsonObject:
    return as_object(await workspace.client.read(GET_ARTICLE, {"article_id": identity}))


def _as_it_stands(workspace: Workspace, article: JsonObject) -> list[tuple[str, str]]:
    """Facts for the human; with the digest, a yes to an article is none to what somebody has made of it since."""
    written = compact([article.get(name) for name in _WRITTEN])
    digest = hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return [
        ("Last changed", workspace.date(article.get("updatedAt"), clock=True)),
        ("As it stands", f"{len(text_of(article, 'content')):,} characters, sha256 {digest}…"),
    ]


def _question(workspace: Workspace, before: JsonObject, body: JsonObject) -> str:
    """What a human is asked before an article changes, out of use or not: what is written over can't be had back."""
    becomes_active = before.get("status") == "inactive" and body.get("status") == "active"
    # What an article that comes up says may be what a colleague wrote while it was down.
    shown: JsonObject = {name: before[name] for name in _WRITTEN if before.get(name)} if becomes_active else {}
    facts = [*_as_it_stands(workspace, before), *_facts(shown | body)]
    if "content" in body:
        # Who reads a part that was to be added would not see what it replaces.
        old, new = len(text_of(before, "content")), len(text_of(body, "content"))
        facts.append(("Content", f"{new:,} characters in the place of {old:,}"))
    says = [text_of(shown | body, "content")] if "content" in shown | body else []
    asked = "Publish" if becomes_active else "Change"
    return laid_out(f"{asked} the knowledge base article {title_of(before)!r}?", facts, says)


def _facts(body: JsonObject) -> list[tuple[str, str]]:
    """What is written of an article beside its content, for the human."""
    names = {"title": "Title", "url": "Address", "userGroupIds": "Only for the groups", "status": "Status"}
    said = {name: ", ".join(map(str, value)) if isinstance(value, list) else str(value) for name, value in body.items()}
    return [(words, said[name]) for name, words in names.items() if name in said]
