"""The knowledge base: articles and the questions they answer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Api
from unthread_mcp.sandbox import Sandbox

pytestmark = pytest.mark.anyio

NOTHING: dict[str, Any] = {"answer": "No article answers this question.", "articles": []}


async def asked(api: Api, query: str, **context: str) -> Any:
    return await api.ok("POST", "/knowledge-base/query", {"query": query, **context})


class TestQuery:
    @pytest.mark.parametrize(
        ("query", "title"),
        [
            ("Nobody can sign in, SAML says invalid signature", "Renewing the SAML certificate for single sign-on"),
            ("The CSV export stops at 500,000 rows", "Exports: formats, limits and why a file can be cut off"),
            ("we get 429 from the api", "API rate limits and how to stay below them"),
            ("webhook signatures don't match", "Verifying webhook signatures"),
            ("How do I reset my password?", "Resetting a password or a lost second factor"),
            ("Why is the dashboard so slow?", "Making slow dashboards fast"),
            ("are viewers charged for a seat?", "How seats are counted and changed"),
            ("INVALID_SESSION_ID", "Salesforce sync stops with INSUFFICIENT_ACCESS or INVALID_SESSION_ID"),
            ("daylight saving scheduled report an hour late", "Scheduled reports and the time zone they use"),
        ],
    )
    async def test_the_best_article_comes_first_and_the_answer_is_its_opening(
        self, api: Api, query: str, title: str
    ) -> None:
        found = await asked(api, query)
        best = found["articles"][0]
        assert best["title"] == title
        assert best.keys() == {"id", "title", "url", "excerpt"}
        article = await api.ok("GET", f"/knowledge-base/articles/{best['id']}")
        assert article["content"].startswith(found["answer"])
        assert 0 < len(found["answer"]) <= 700
        assert len(found["articles"]) <= 5

    @pytest.mark.parametrize(
        "query",
        [
            "Do you have a dark mode?",
            "the and of",
            "?!",
            "Was kostet das?",
            "helicopter pilot licence exam",
            "helicopter pilot invoice",
            '"',
            "🚀",
        ],
    )
    async def test_no_article_answers_what_none_is_about(self, api: Api, query: str) -> None:
        assert await asked(api, query) == NOTHING

    async def test_inactive_articles_answer_nothing(self, api: Api) -> None:
        assert await asked(api, "tablet app") == NOTHING
        (article,) = await api.rows(
            "/knowledge-base/articles", where=[{"field": "title", "operator": "contains", "value": "tablet"}]
        )
        assert article["status"] == "inactive"
        await api.ok("PATCH", f"/knowledge-base/articles/{article['id']}", {"status": "active"})
        assert (await asked(api, "tablet app"))["articles"][0]["id"] == article["id"]

    async def test_the_context_has_to_exist(self, sandbox: Sandbox, api: Api) -> None:
        conversation = sandbox.landmark("angry")
        whole = await api.ok("GET", f"/conversations/{conversation}")
        context = {
            "conversationId": conversation,
            "customerId": whole["customerId"],
            "userId": whole["initialMessage"]["userId"],
        }
        assert (await asked(api, "certificate", **context)) == await asked(api, "certificate")
        for name, what in (("conversationId", "Conversation"), ("customerId", "Customer"), ("userId", "User")):
            refused = await api.refused("POST", "/knowledge-base/query", {"query": "x", name: "nope"})
            assert refused == f"{what} not found"

    async def test_the_query_is_required(self, api: Api) -> None:
        assert await api.refused("POST", "/knowledge-base/query", {}) == '"query" is required'
        assert await api.refused("POST", "/knowledge-base/query", {"query": ""}) == '"query" is not allowed to be empty'
        assert (
            await api.refused("POST", "/knowledge-base/query", {"query": "x", "limit": 1}) == '"limit" is not allowed'
        )

    async def test_search_syntax_in_a_question_is_only_words(self, api: Api) -> None:
        assert (await asked(api, 'title: (certificate AND NOT "saml*" NEAR)'))["articles"]


class TestArticles:
    async def test_an_articles_life(self, api: Api) -> None:
        made = await api.ok(
            "POST",
            "/knowledge-base/articles",
            {
                "title": "Parking a zeppelin",
                "content": "Moor it at the mast.",
                "url": "https://help.example/z",
                "userGroupIds": ["g"],
            },
        )
        assert (
            made.items() >= {"status": "active", "userGroupIds": ["g"], "createdAt": "2025-03-18T10:00:00.000Z"}.items()
        )
        assert (await asked(api, "zeppelins"))["answer"] == "Moor it at the mast."
        changed = await api.ok(
            "PATCH", f"/knowledge-base/articles/{made['id']}", {"content": "Use the hangar.", "userGroupIds": []}
        )
        assert (changed["content"], changed["title"], changed["userGroupIds"]) == (
            "Use the hangar.",
            "Parking a zeppelin",
            [],
        )
        assert (await asked(api, "hangar"))["articles"][0]["id"] == made["id"]
        assert await asked(api, "mast") == NOTHING
        url = f"/knowledge-base/articles/{made['id']}"
        assert await api.ok("DELETE", url, status=204) is None
        assert await asked(api, "hangar") == NOTHING
        for method, body in (("GET", None), ("PATCH", {"title": "x"}), ("DELETE", None)):
            assert await api.refused(method, url, body) == "Article not found"

    async def test_a_long_first_paragraph_is_answered_whole(self, api: Api) -> None:
        content = "word " * 300 + "\n\nsecond"
        await api.ok("POST", "/knowledge-base/articles", {"title": "Xylophones", "content": content})
        assert (await asked(api, "xylophone"))["answer"] == "word " * 300

    async def test_the_list_conventions_hold(self, api: Api) -> None:
        where = [{"field": "status", "operator": "==", "value": "active"}]
        body = {"select": ["id", "title", "url", "status"], "order": ["createdAt"], "where": where, "descending": True}
        page = await api.listed("/knowledge-base/articles", **body, limit=10)
        assert (page["totalCount"], len(page["data"])) == (15, 10)
        assert page["data"][0]["url"] == "https://help.quayside.example/warehouse-network"
        (internal,) = await api.rows(
            "/knowledge-base/articles", where=[{"field": "title", "operator": "like", "value": "Internal:%"}]
        )
        assert internal["url"] is None
        assert len(internal["userGroupIds"]) == 1

    @pytest.mark.parametrize(
        ("body", "title"),
        [
            ({"title": "x"}, '"content" is required'),
            ({"title": "", "content": "x"}, '"title" is not allowed to be empty'),
            ({"title": "x", "content": "x", "status": "inactive"}, '"status" is not allowed'),
        ],
    )
    async def test_a_bad_article_is_refused_by_name(self, api: Api, body: Any, title: str) -> None:
        assert await api.refused("POST", "/knowledge-base/articles", body) == title
