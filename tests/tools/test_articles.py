"""The knowledge base: asked, read, extended once, and changed past the gate."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest

from tests.support import Desk, Era, Human, Said
from tests.tools.examples import EVERYTHING, article_id

pytestmark = pytest.mark.anyio

NEW = {"title": "Clearing the cache", "content": "Open settings, choose storage, press clear."}


def articles(desk: Desk, title: str) -> int:
    return desk.sandbox.database.execute("SELECT count(*) FROM articles WHERE title = ?", [title]).fetchone()[0]


async def test_a_question_is_answered_with_the_articles_behind_it_inside_a_fence(desk: Desk, era: Era) -> None:
    number = desk.find("c.sourceType = 'email'")
    async with desk.agent(era) as agent:
        said = await agent.call(
            "query_knowledge_base",
            question="How do I renew the SAML certificate?",
            conversation=number,
            customer="Vela Biotech",
            user="mei.tanaka@quayside.example",
        )
    assert "Renewing the SAML certificate for single sign-on (article " in said
    assert said.text.startswith("<<quoted text")
    (body,) = [each.body for each in desk.wire.sent if each.path == "/knowledge-base/query"]
    assert body["conversationId"] == desk.id_of(number)
    assert set(body) == {"query", "conversationId", "customerId", "userId"}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("Just restart it.", "Just restart it."),
        ([{"id": "a1", "title": "Restarting", "score": 0.5}], "- Restarting (article a1)"),
        (
            {
                "response": "Yes.",
                "sources": [{"id": "a1", "title": "T", "url": "https://x.example"}],
                "confidence": 0.9,
            },
            "0.9",
        ),
        ({"something": {"new": ["kept"]}}, '{"something":{"new":["kept"]}}'),
        ({}, "The knowledge base has no answer to this."),
        ({"answer": "", "articles": []}, "no articles"),
    ],
)
async def test_whatever_shape_the_answer_has_nothing_of_it_is_lost(desk: Desk, answer: Any, words: str) -> None:
    desk.wire.before = lambda _: httpx2.Response(200, json=answer)
    async with desk.agent() as agent:
        said = await agent.call("query_knowledge_base", question="How?")
    assert not said.failed
    assert words in said


async def test_what_only_some_may_see_is_marked_in_answers_and_lists(desk: Desk) -> None:
    question = "How do I issue a recovery link to a locked-out workspace?"
    async with desk.agent() as agent:
        asked = await agent.call("query_knowledge_base", question=question)
        looked_up = desk.wire.sent[-1]
        listed = await agent.call("search_kb_articles", text="recovery link")
        inside = await agent.call("search_kb_articles", text="Only for members of the support team")
    hits = [line for line in asked.text.splitlines() if line.startswith("- ")]
    assert [hit.startswith("- Internal: ") for hit in hits] == [hit.endswith("(restricted)") for hit in hits]
    assert sum(hit.endswith("(restricted)") for hit in hits) == 1 < len(hits)
    assert "not known" not in asked
    assert looked_up.path == "/knowledge-base/articles/list"
    assert looked_up.body["select"] == ["id", "userGroupIds"]
    assert "active (restricted) · " in listed
    assert "active (restricted) · " in inside


async def test_where_it_is_not_told_who_may_see_an_article_that_is_said(desk: Desk) -> None:
    def before(request: httpx2.Request) -> httpx2.Response | None:
        if request.url.path.endswith("/articles/list"):
            return httpx2.Response(400, json={"errors": [{"title": "No such operator"}]})
        return None

    hits: list[dict[str, Any]] = [
        {"id": "a1", "title": "For some", "userGroupIds": ["g1"]},
        {"id": "a2", "title": "For all", "userGroupIds": []},
    ]
    async with desk.agent() as agent:
        desk.wire.before = before
        unknown = await agent.call("query_knowledge_base", question="How do I renew the SAML certificate?")
        desk.wire.clear()
        desk.wire.before = lambda _: httpx2.Response(200, json={"articles": hits})
        told = await agent.call("query_knowledge_base", question="How?")
    assert unknown.text.endswith("\nWhich of these only some may see is not known: get_kb_article tells.")
    assert "- For some (article a1) (restricted)\n" in told
    assert "- For all (article a2)\n" in told
    assert len(desk.wire.sent) == 1, "who may see them was told already"


async def test_a_long_excerpt_ends_at_a_word(desk: Desk) -> None:
    hits: list[dict[str, Any]] = [{"id": "a1", "title": "T", "excerpt": "certificate " * 60, "userGroupIds": []}]
    desk.wire.before = lambda _: httpx2.Response(200, json={"articles": hits})
    async with desk.agent() as agent:
        said = await agent.call("query_knowledge_base", question="How?")
    assert "certificate …\n" in said
    assert "cert…" not in said


async def test_articles_are_found_by_title_then_by_content(desk: Desk, era: Era) -> None:
    async with desk.agent(era) as agent:
        by_title = await agent.call("search_kb_articles", text="SAML", status="active")
        by_content = await agent.call("search_kb_articles", text="Retry-After", limit=1)
        none = await agent.call("search_kb_articles", text="zzzz")
        inactive = await agent.call("search_kb_articles", status="inactive")
    assert "Renewing the SAML certificate" in by_title
    assert "no title has these words, these contents do" in by_content
    assert none.text == "No articles found."
    assert inactive.text.count("inactive") >= 1


async def test_a_page_of_contents_goes_on_in_the_contents(desk: Desk) -> None:
    async with desk.agent() as agent:
        first = await agent.call("search_kb_articles", text="workspace", limit=1)
        if "contents do" not in first:
            first = await agent.call("search_kb_articles", text="the", limit=1)
        second = await agent.call("search_kb_articles", cursor=first.text.rpartition("cursor=")[2])
    assert not second.failed, second.text
    assert second.text.splitlines()[-1] != first.text.splitlines()[-1]


async def test_an_article_is_created_once(desk: Desk, era: Era) -> None:
    async with desk.agent(era) as agent:
        first = await agent.call(
            "create_kb_article", **NEW, url="https://help.example.com/cache", user_group_ids=["g1"]
        )
        again = await agent.call(
            "create_kb_article", **NEW, url="https://help.example.com/cache", user_group_ids=["g1"]
        )
        desk.clock.forward(minutes=11)
        later = await agent.call("create_kb_article", **NEW)
    assert first.text.startswith("done: article ")
    assert again.text.startswith("already_done: ")
    assert later.text.startswith("done: ")
    assert articles(desk, NEW["title"]) == 2


async def test_a_lost_creation_is_unknown_shows_candidates_and_is_never_sent_again(desk: Desk) -> None:
    def lose(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if request.url.path.endswith("/articles"):
            raise httpx2.ReadError("reset", request=request)
        return answer

    async with desk.agent() as agent:
        desk.wire.after = lose
        said = await agent.call("create_kb_article", **NEW)
        desk.wire.after = lambda _, answer: answer
        desk.clock.forward(days=40)
        again = await agent.call("create_kb_article", **NEW)
    for answer in (said, again):
        assert answer.failed
        assert answer.text.startswith("unknown: It is not known whether the article was created.")
        assert "With the same title there are:" in answer
    assert articles(desk, NEW["title"]) == 1


async def test_a_refused_creation_may_be_tried_again(desk: Desk) -> None:
    async with desk.agent() as agent:
        desk.wire.before = lambda _: httpx2.Response(403, json={})
        refused = await agent.call("create_kb_article", **NEW)
        desk.wire.before = lambda _: None
        done = await agent.call("create_kb_article", **NEW)
    assert refused.text.startswith("refused: ")
    assert done.text.startswith("done: ")


async def test_an_incomplete_receipt_is_still_done(desk: Desk) -> None:
    def cut(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if request.url.path.endswith("/articles"):
            return httpx2.Response(200, content=answer.content[:20], headers={"content-type": "application/json"})
        return answer

    desk.wire.after = cut
    async with desk.agent() as agent:
        said = await agent.call("create_kb_article", **NEW)
    assert said.text.startswith("done: article (its id was not returned)")
    assert "its receipt was incomplete" in said


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://help.example.com", "url is no https address."),
        ("https://user:pw@help.example.com", "url holds a user name or password."),
        ("https://127.0.0.1/x", "url names a host inside a network."),
        ("https://intranet.local/x", "url names a host inside a network."),
    ],
)
async def test_addresses_of_articles_are_public_and_https(desk: Desk, url: str, words: str) -> None:
    async with desk.agent() as agent:
        said = await agent.call("create_kb_article", **NEW, url=url)
        changed = await agent.call("update_kb_article", article=article_id(desk), url=url)
    assert words in said
    assert words in changed
    assert desk.wire.sent == []


@pytest.mark.parametrize("answer", ["approve", "decline"])
async def test_the_human_is_asked_before_an_article_is_created_or_changed(desk: Desk, era: Era, answer: Any) -> None:
    human = Human(answer)
    async with desk.agent(era, human=human) as agent:
        created = await agent.call("create_kb_article", **NEW)
        changed = await agent.call("update_kb_article", article=article_id(desk), content="New text.")
    assert created.failed == changed.failed == (answer == "decline")
    assert NEW["content"] in human.asked[0]
    assert "New text." in human.asked[-1]
    if answer == "decline":
        assert desk.wire.writes == []


async def test_taking_an_article_down_needs_no_human(desk: Desk) -> None:
    human = Human("decline")
    async with desk.agent(human=human) as agent:
        down = await agent.call("update_kb_article", article=article_id(desk), status="inactive")
        inactive = await agent.call("update_kb_article", article=article_id(desk), title="Changed while inactive")
    assert not down.failed, down.text
    assert inactive.failed or human.asked == []


async def test_an_active_article_is_not_rewritten_unasked_by_taking_it_down_at_the_same_time(era: Era) -> None:
    desk, human = Desk(), Human("decline")
    async with desk.agent(era, human=human) as agent:
        said = await agent.call("update_kb_article", article=article_id(desk), content="Send us it.", status="inactive")
    assert said.failed
    assert "Send us it." in human.asked[0]
    assert desk.wire.writes == []
    desk.sandbox.close()


async def test_publishing_an_article_shows_the_human_what_it_says(era: Era) -> None:
    desk, human = Desk(), Human("decline")
    article = article_id(desk)
    async with desk.agent(era, human=human) as agent:
        await agent.call("update_kb_article", article=article, status="inactive")
        rewritten(desk, article, content="Written while it was down.")
        published = await agent.call("update_kb_article", article=article, status="active", title="A new title")
    assert published.failed
    assert len(human.asked) == 1
    assert "Title: A new title" in human.asked[0]
    assert "It says:\n\n> Written while it was down." in human.asked[0]
    desk.sandbox.close()


def rewritten(desk: Desk, article: str, **values: str) -> None:
    """A colleague changes it in Unthread."""
    for name, value in values.items():
        desk.sandbox.database.execute(f"UPDATE articles SET {name} = ? WHERE id = ?", [value, article])


def stored(desk: Desk, article: str) -> tuple[str, str]:
    sql = "SELECT status, content FROM articles WHERE id = ?"
    return desk.sandbox.database.execute(sql, [article]).fetchone()


@dataclass(slots=True)
class Distracted(Human):
    """A human who says yes after another agent has made a call."""

    call: Callable[[], Awaitable[Said]] | None = None
    said: list[Said] = field(default_factory=list[Said])

    async def __call__(self, context: Any, params: Any) -> Any:
        if self.call and not self.said:
            self.said.append(await self.call())
        return await Human.__call__(self, context, params)


async def test_what_another_call_writes_into_an_article_while_the_human_reads_it_is_not_published(era: Era) -> None:
    desk = Desk()
    article, human = article_id(desk), Distracted()
    rewritten(desk, article, status="inactive", content="What the human reads.")
    async with desk.agent(era, human=human) as agent, desk.agent(era, human=Human()) as other:
        human.call = lambda: other.call("update_kb_article", article=article, content="Pay elsewhere.")
        said = await agent.call("update_kb_article", article=article, status="active")
    assert human.said[0].text.startswith("done: "), "nobody is answered from it yet"
    if era == "legacy":
        assert said.text.startswith("refused: The article changed while the human was asked")
        assert stored(desk, article) == ("inactive", "Pay elsewhere.")
    else:
        assert "> Pay elsewhere." in human.asked[-1], "they are asked anew"
    desk.sandbox.close()


async def test_what_is_written_into_an_article_out_of_use_is_not_written_if_it_is_published_meanwhile(
    desk: Desk,
) -> None:
    article = article_id(desk)
    rewritten(desk, article, status="inactive")
    human = Human(meanwhile=lambda: rewritten(desk, article, status="active"))
    async with desk.agent("legacy", human=human) as agent:
        said = await agent.call("update_kb_article", article=article, content="Pay elsewhere.")
    assert said.text.startswith("refused: The article changed while the human was asked")
    assert desk.wire.writes == []


@pytest.mark.parametrize("mode", ["auto", "always"])
async def test_taking_an_article_out_of_use_opens_no_way_around_the_human(era: Era, mode: str) -> None:
    desk, human = Desk({**EVERYTHING, "UNTHREAD_CONFIRM": mode}), Human("decline")
    article = article_id(desk)
    content = stored(desk, article)[1]
    async with desk.agent(era, human=human) as agent:
        retired = await agent.call("update_kb_article", article=article, status="inactive")
        rewritten = await agent.call("update_kb_article", article=article, content="Gone.")
        deleted = await agent.call("delete_kb_article", article=article)
    assert not retired.failed, "it tells nobody anything, and can be put back"
    assert rewritten.failed
    assert deleted.failed
    assert [each.partition(" the ")[0] for each in human.asked] == ["Change", "Delete"]
    assert human.asked[1].endswith("It is out of use. It can't be taken back.")
    assert stored(desk, article) == ("inactive", content)
    desk.sandbox.close()


@pytest.mark.parametrize("colleague", ["Written by a colleague, much longer.", "Same long."], ids=len)
async def test_a_colleagues_edit_while_the_human_reads_is_not_overwritten(desk: Desk, colleague: str) -> None:
    article = article_id(desk)
    rewritten(desk, article, content="What stood.")
    human = Human(meanwhile=lambda: rewritten(desk, article, content=colleague))
    async with desk.agent("legacy", human=human) as agent:
        said = await agent.call("update_kb_article", article=article, content="Mine.")
    assert said.text.startswith("refused: The article changed while the human was asked")
    assert stored(desk, article) == ("active", colleague)


async def test_an_edit_that_shows_in_no_question_is_seen_all_the_same(desk: Desk) -> None:
    """Within a minute of the edit before, and of a part that isn't asked about."""
    article = article_id(desk)
    human = Human(meanwhile=lambda: rewritten(desk, article, content="Another article now."))
    async with desk.agent("legacy", human=human) as agent:
        said = await agent.call("update_kb_article", article=article, title="The same under another title")
    assert said.text.startswith("refused: The article changed while the human was asked")
    assert stored(desk, article) == ("active", "Another article now.")


async def test_publishing_shows_the_human_the_address_and_the_groups_that_stand(desk: Desk) -> None:
    article, human = article_id(desk), Human("decline")
    rewritten(desk, article, status="inactive", url="https://help.example.com/x", userGroupIds='["g-7"]')
    async with desk.agent(human=human) as agent:
        await agent.call("update_kb_article", article=article, status="active")
    assert "Address: https://help.example.com/x\nOnly for the groups: g-7" in human.asked[0]


async def test_the_human_is_told_how_much_a_new_content_replaces(desk: Desk) -> None:
    human, article = Human("decline"), article_id(desk)
    sql = "SELECT length(content) FROM articles WHERE id = ?"
    (length,) = desk.sandbox.database.execute(sql, [article]).fetchone()
    async with desk.agent(human=human) as agent:
        await agent.call("update_kb_article", article=article, content="Admins are told, too.")
    assert human.asked[0].endswith(
        f"Content: 21 characters in the place of {length:,}\n\nIt says:\n\n> Admins are told, too."
    )
    assert "\nLast changed: 10-31\n" in human.asked[0]


async def test_nobody_is_asked_about_an_article_that_is_so_already(desk: Desk) -> None:
    human, article = Human(), article_id(desk)
    async with desk.agent(human=human) as agent:
        await agent.call("update_kb_article", article=article, title="A new title")
        again = await agent.call("update_kb_article", article=article, title="A new title", status="active")
    assert again.text == f"already_done: article {article} is so already."
    assert len(human.asked) == len(desk.wire.writes) == 1


async def test_only_what_is_passed_of_an_article_changes(desk: Desk) -> None:
    article = article_id(desk)
    async with desk.agent() as agent:
        said = await agent.call(
            "update_kb_article",
            article=article,
            title="T",
            content="C",
            url="https://help.example.com/t",
            user_group_ids=["g1"],
            status="active",
        )
        nothing = await agent.call("update_kb_article", article=article)
    assert said.text == f"done: article {article}: changed title, content, url, userGroupIds, status"
    assert nothing.text.startswith("refused: Nothing to change was passed.")


async def test_an_article_is_read_whole_and_fenced(desk: Desk, era: Era) -> None:
    async with desk.agent(era) as agent:
        said = await agent.call("get_kb_article", article=article_id(desk))
        missing = await agent.call("get_kb_article", article="0476bfd0-0c3f-4dfb-b462-d75a4a6908e1")
        forged = await agent.call("get_kb_article", article="../customers/1")
    assert "active · updated" in said
    assert "not instructions" in said
    assert missing.failed
    assert "article is not acceptable" in forged


async def test_an_article_for_some_groups_says_so(desk: Desk) -> None:
    desk.wire.after = lambda _, answer: httpx2.Response(200, json={**answer.json(), "userGroupIds": ["g1", "g2"]})
    async with desk.agent() as agent:
        said = await agent.call("get_kb_article", article=article_id(desk))
    assert "only for groups g1, g2" in said


@pytest.fixture
def admin() -> Iterator[Desk]:
    made = Desk({"UNTHREAD_ACCESS": "admin", "UNTHREAD_TOOLSETS": "all"})
    yield made
    made.sandbox.close()


def is_there(desk: Desk, article: str) -> bool:
    sql = "SELECT count(*) FROM articles WHERE id = ?"
    return desk.sandbox.database.execute(sql, [article]).fetchone()[0] == 1


async def test_an_article_that_customers_are_answered_from_is_deleted_once_somebody_agreed(
    admin: Desk, era: Era
) -> None:
    article = article_id(admin)
    human = Human("decline")
    async with admin.agent(era, human=human) as agent:
        refused = await agent.call("delete_kb_article", article=article)
        assert is_there(admin, article)
        human.answer = "approve"
        said = await agent.call("delete_kb_article", article=article)
        again = await agent.call("delete_kb_article", article=article)
        admin.clock.forward(minutes=11)
        later = await agent.call("delete_kb_article", article=article)
    assert refused.text.startswith("refused: The human did not approve this.")
    assert human.asked[0].startswith("Delete the knowledge base article '")
    assert said.text.startswith(f"done: article {article} '")
    assert said.text.endswith("' is deleted.")
    assert again.text == f"already_done: article {article}. It was deleted a moment ago."
    assert later.text.startswith("refused: ")
    assert not is_there(admin, article)
    assert [str(sent) for sent in admin.wire.writes] == [f"DELETE /knowledge-base/articles/{article}"]


async def test_an_article_that_changes_while_the_human_is_asked_is_not_deleted(admin: Desk) -> None:
    article = article_id(admin)
    human = Human(meanwhile=lambda: rewritten(admin, article, content="What a colleague made of it."))
    async with admin.agent("legacy", human=human) as agent:
        said = await agent.call("delete_kb_article", article=article)
    assert said.text.startswith("refused: The article changed while the human was asked")
    assert is_there(admin, article)


async def test_one_that_is_published_while_the_human_is_asked_is_not_deleted(admin: Desk) -> None:
    sql = "SELECT id FROM articles WHERE status = 'inactive'"
    article = admin.sandbox.database.execute(sql).fetchone()[0]
    human = Human(meanwhile=lambda: rewritten(admin, article, status="active"))
    async with admin.agent("legacy", human=human) as agent:
        said = await agent.call("delete_kb_article", article=article)
    assert said.text.startswith("refused: The article changed")
    assert is_there(admin, article)


@pytest.mark.parametrize(("looks", "words"), [(404, "done: "), (500, "unknown: ")])
async def test_a_deletion_that_nobody_confirmed_is_looked_up(admin: Desk, looks: int, words: str) -> None:
    article = article_id(admin)
    lost: list[str] = []

    def lose(request: httpx2.Request) -> httpx2.Response | None:
        if request.method == "DELETE":
            lost.append(article)
            return httpx2.Response(502)
        return httpx2.Response(looks, json={}) if lost else None

    admin.wire.before = lose
    async with admin.agent() as agent:
        said = await agent.call("delete_kb_article", article=article)
    assert said.text.startswith(words)


async def test_a_question_of_blanks_alone_is_refused_and_reaches_no_network(desk: Desk) -> None:
    async with desk.agent() as agent:
        said = await agent.call("query_knowledge_base", question=" \n ")
    assert said.failed
    assert said.text == "question is empty. Ask in plain words."
    assert desk.wire.sent == []
