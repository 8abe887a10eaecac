"""Tags made, renamed and deleted; names that mean something else afterwards."""

from __future__ import annotations

from collections.abc import Callable

import httpx2
import pytest

from tests.support import Desk, Era, Human
from tests.tools.examples import EVERYTHING, tag_id

pytestmark = pytest.mark.anyio


@pytest.fixture
def desk() -> Desk:
    return Desk(EVERYTHING)


def tags(desk: Desk, name: str) -> int:
    return desk.sandbox.database.execute("SELECT count(*) FROM tags WHERE name = ?", [name]).fetchone()[0]


def losing(method: str, path: str) -> Callable[[httpx2.Request, httpx2.Response], httpx2.Response]:
    """The request takes effect, and its answer gets lost."""

    def lose(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if request.method == method and path in request.url.path:
            raise httpx2.ReadError("reset", request=request)
        return answer

    return lose


def tags_at(place: str) -> Callable[[httpx2.Request], httpx2.Response | None]:
    """Every request to one tag is answered as if there were no such route."""
    missing = httpx2.Response(404, json={"errors": [{"status": 404, "title": "Not found."}]})
    return lambda request: missing if f"{request.method} {request.url.path}".startswith(place) else None


async def test_a_tag_is_read_by_its_name_in_any_letter_case(desk: Desk, era: Era) -> None:
    async with desk.agent(era) as agent:
        said = await agent.call("get_tag", tag="bug")
    assert said.text == f"tag 'Bug' ({tag_id(desk, 'Bug')})"


async def test_a_tag_is_made_once(desk: Desk, era: Era) -> None:
    async with desk.agent(era) as agent:
        first = await agent.call("create_tag", name="Beta")
        again = await agent.call("create_tag", name="Beta")
        desk.clock.forward(minutes=11)
        later = await agent.call("create_tag", name="Beta")
    assert first.text == f"done: tag 'Beta' ({tag_id(desk, 'Beta')})."
    assert again.text.startswith("already_done: tag 'Beta'")
    refused = "refused: There is a tag with the name 'Beta' already."
    assert later.text == f"{refused} Use that one, {tag_id(desk, 'Beta')}, or take another name."
    assert tags(desk, "Beta") == 1


async def test_a_tag_that_was_made_and_deleted_can_be_made_again(desk: Desk) -> None:
    async with desk.agent() as agent:
        for _ in range(2):
            assert (await agent.call("create_tag", name="Beta")).text.startswith("done: ")
            assert (await agent.call("delete_tag", tag="Beta")).text.startswith("done: ")
    assert tags(desk, "Beta") == 0


async def test_a_deletion_that_is_repeated_takes_no_tag_of_nearly_that_name(desk: Desk) -> None:
    desk.sandbox.database.execute("UPDATE tags SET name = 'bug' WHERE name = 'Billing'")
    async with desk.agent(human=(human := Human())) as agent:
        said = await agent.call("delete_tag", tag="Bug")
        asked = len(human.asked)
        again = await agent.call("delete_tag", tag="Bug")
        other = await agent.call("delete_tag", tag="bug")
    assert said.text.startswith("done: tag 'Bug' (")
    assert again.text.startswith("already_done: tag 'Bug'. It was deleted a moment ago; 'bug' (")
    assert again.text.endswith(") is another one, and stands.")
    assert other.text.startswith("done: tag 'bug' (")
    assert len(human.asked) == 2 * asked


async def test_a_lost_creation_is_unknown_and_shows_what_stands_there(desk: Desk) -> None:
    lose = losing("POST", "/tags")
    desk.wire.after = lambda request, answer: lose(request, answer) if request.url.path.endswith("/tags") else answer
    async with desk.agent() as agent:
        said = await agent.call("create_tag", name="Beta")
    assert said.text == (
        "unknown: It is not known whether the tag was created. Don't create it again; look whether the tag is there. "
        f"With the same name there are: {tag_id(desk, 'Beta')}."
    )


async def test_a_renamed_tag_goes_by_its_new_name_at_once(desk: Desk, era: Era) -> None:
    async with desk.agent(era) as agent:
        before = await agent.call("get_tag", tag="Bug")
        said = await agent.call("update_tag", tag="Bug", name="Defect")
        gone = await agent.call("get_tag", tag="Bug")
        made = await agent.call("create_tag", name="Bug")
        other = await agent.call("get_tag", tag="Bug")
        renamed = await agent.call("get_tag", tag="Defect")
    assert said.text == "done: tag 'Bug' is now 'Defect'."
    assert gone.failed
    assert made.text.startswith("done: ")
    assert other.text != before.text
    assert renamed.text == before.text.replace("Bug", "Defect")


async def test_a_new_tag_goes_by_its_name_where_another_did_in_other_letter_case(desk: Desk) -> None:
    async with desk.agent() as agent:
        before = await agent.call("get_tag", tag="BUG")
        await agent.call("create_tag", name="BUG")
        after = await agent.call("get_tag", tag="BUG")
    assert before.text == f"tag 'Bug' ({tag_id(desk, 'Bug')})"
    assert after.text == f"tag 'BUG' ({tag_id(desk, 'BUG')})"


async def test_a_tag_that_was_looked_up_while_it_was_renamed_is_not_remembered(desk: Desk) -> None:
    names = desk.server.workspace.names

    def rename(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        names.forget("Bug")
        return answer

    desk.wire.after = rename
    await names.tag("Bug")
    desk.wire.clear()
    await names.tag("Bug")
    assert len(desk.wire.sent) == 1


async def test_a_tag_can_t_take_the_name_of_another_but_its_own(desk: Desk) -> None:
    async with desk.agent() as agent:
        taken = await agent.call("update_tag", tag="Bug", name="Billing")
        same = await agent.call("update_tag", tag="Bug", name="Bug")
    assert taken.text.startswith("refused: There is a tag with the name 'Billing' already.")
    assert same.text.startswith("done: ")


async def test_a_lost_renaming_is_read_back(desk: Desk) -> None:
    desk.wire.after = losing("PATCH", "/tags/")
    async with desk.agent() as agent:
        said = await agent.call("update_tag", tag="Bug", name="Defect")
    assert said.text == ("done: tag 'Bug' is now 'Defect'. The answer got lost, but reading it back shows the change.")


async def test_a_deleted_tag_is_gone_from_everything_and_its_name_forgotten(desk: Desk, era: Era) -> None:
    identity = tag_id(desk, "Bug")
    async with desk.agent(era) as agent:
        await agent.call("get_tag", tag="Bug")
        said = await agent.call("delete_tag", tag="Bug")
        again = await agent.call("delete_tag", tag="Bug")
        by_id = await agent.call("delete_tag", tag=identity)
        read = await agent.call("get_tag", tag="Bug")
        desk.clock.forward(minutes=11)
        later = await agent.call("delete_tag", tag="Bug")
    assert said.text == f"done: tag 'Bug' ({identity}) is deleted."
    assert again.text == "already_done: tag 'Bug'. It was deleted a moment ago."
    assert by_id.text.startswith("already_done: ")
    assert "No tag is called 'Bug'." in read
    assert later.text.startswith("refused: No tag is called 'Bug'.")
    assert tags(desk, "Bug") == 0
    assert [str(sent) for sent in desk.wire.writes] == [f"DELETE /tags/{identity}"]


async def test_an_id_that_was_never_seen_is_refused_and_not_already_done(desk: Desk) -> None:
    async with desk.agent() as agent:
        said = await agent.call("delete_tag", tag="00000000-0000-4000-8000-000000000000")
    assert said.text.startswith("refused: ")
    assert desk.wire.writes == []


async def test_a_tag_that_somebody_else_deletes_first_is_already_done(desk: Desk) -> None:
    identity = tag_id(desk, "Bug")

    def first(request: httpx2.Request) -> httpx2.Response | None:
        if request.method == "DELETE":
            desk.sandbox.database.execute("DELETE FROM tags WHERE id = ?", [identity])
        return None

    desk.wire.before = first
    async with desk.agent() as agent:
        said = await agent.call("delete_tag", tag="Bug")
    assert said.text == f"already_done: tag 'Bug' ({identity}) is deleted. Somebody else had deleted it."


async def test_a_route_that_does_not_exist_is_no_deletion(desk: Desk) -> None:
    desk.wire.before = tags_at("DELETE ")
    async with desk.agent() as agent:
        said = await agent.call("delete_tag", tag="Bug")
    assert said.text.startswith("refused: ")
    assert tags(desk, "Bug") == 1


async def test_a_lost_deletion_is_looked_up(desk: Desk) -> None:
    desk.wire.after = losing("DELETE", "/tags/")
    async with desk.agent() as agent:
        said = await agent.call("delete_tag", tag="Bug")
        desk.wire.after = lambda _, answer: answer
        desk.wire.before = lambda request: httpx2.Response(500) if request.method == "DELETE" else None
        unknown = await agent.call("delete_tag", tag="Billing")
    assert said.text.endswith("The answer got lost, but it is gone.")
    assert said.text.startswith("done: ")
    assert unknown.text.startswith("unknown: ")
    assert tags(desk, "Billing") == 1


async def test_what_hides_something_is_no_name(desk: Desk) -> None:
    async with desk.agent() as agent:
        for tool, arguments in (("create_tag", {}), ("update_tag", {"tag": "Bug"})):
            said = await agent.call(tool, **arguments, name="Be\u202eta")
            assert said.text.startswith("refused: The text holds an invisible character")
    assert desk.wire.sent == []


async def test_where_writing_is_limited_to_customers_no_tag_of_the_others_changes() -> None:
    desk = Desk({**EVERYTHING, "UNTHREAD_ALLOWED_CUSTOMERS": "c1"})
    async with desk.agent() as agent:
        said = await agent.call("delete_tag", tag="Bug")
        renamed = await agent.call("update_tag", tag="Bug", name="Defect")
    for each in (said, renamed):
        assert each.text.startswith("refused: The operator allows writing only for certain customers")
    assert desk.wire.sent == []
    desk.sandbox.close()
