"""Names instead of ids: exactly one match or no call, in at most two requests."""

from __future__ import annotations

import pytest
from workspace_stubs import Answer, Asked, Clock, Register, StubClient, in_turn, page

from unthread_mcp.api.endpoints import (
    GET_TICKET_TYPE,
    LIST_ACCOUNTS,
    LIST_CUSTOMERS,
    LIST_TAGS,
    LIST_USERS,
)
from unthread_mcp.api.errors import InvalidArgument, RequestRejected, Unavailable
from unthread_mcp.api.json_types import JsonObject
from unthread_mcp.name_matching import CUSTOMERS, TAGS, USERS, Named, looks_like_id
from unthread_mcp.names import MAX_NAMES, Names
from unthread_mcp.render import NAME_LENGTH, TITLE_LENGTH
from unthread_mcp.untrusted import one_line

pytestmark = pytest.mark.anyio

UUID = "0476bfd0-0c3f-4dfb-b462-d75a4a6908e1"
FIRESTORE = "9YQjOSTFXeOPF8xNURFd"
ACME: JsonObject = {"id": "cu-1", "name": "Acme"}
REJECTED = RequestRejected("Unthread refused the request (400).", "Change it.", status=400)


def names_on(*rows: JsonObject) -> tuple[Names, StubClient]:
    client = StubClient(Register(*rows))
    return names_of_stub(client), client


def names_of_stub(client: StubClient, clock: Clock | None = None) -> Names:
    return Names(client, clock or Clock())  # pyright: ignore[reportArgumentType] - a stub


@pytest.mark.parametrize("value", [UUID, UUID.upper(), f" {UUID}\n", FIRESTORE])
async def test_an_id_is_taken_as_it_is_without_asking(value: str) -> None:
    names, client = names_on()
    assert await names.customer(value) == Named(value.strip(), value.strip())
    assert client.asked == []


async def test_only_customers_have_ids_of_letters_and_digits_that_a_name_could_have() -> None:
    assert looks_like_id("ReleaseCandidate2025", CUSTOMERS)
    assert not looks_like_id("ReleaseCandidate2025", TAGS)
    names, _ = names_on({"id": "t-1", "name": "ReleaseCandidate2025"})
    assert await names.tag("ReleaseCandidate2025") == Named("t-1", "ReleaseCandidate2025")


async def test_a_name_costs_one_request_and_then_none_for_five_minutes() -> None:
    clock = Clock()
    client = StubClient(Register(ACME))
    names = names_of_stub(client, clock)
    assert await names.customer(" Acme ") == Named("cu-1", "Acme")
    (asked,) = client.asked
    assert asked.endpoint is LIST_CUSTOMERS
    assert asked.body == {
        "select": ["id", "name"],
        "where": [{"field": "name", "operator": "==", "value": "Acme"}],
        "limit": 10,
    }
    clock.forward(minutes=4)
    await names.customer("Acme")
    assert len(client.asked) == 1
    clock.forward(minutes=2)
    await names.customer("Acme")
    assert len(client.asked) == 2


async def test_letter_case_is_forgiven_in_a_second_request() -> None:
    names, client = names_on(ACME)
    assert await names.customer("ACME") == Named("cu-1", "Acme")
    assert [asked.where for asked in client.asked] == [[("name", "==", "ACME")], [("name", "contains", "ACME")]]


async def test_two_that_differ_in_letter_case_alone_are_kept_apart() -> None:
    names, _ = names_on({"id": "t-1", "name": "api"}, {"id": "t-2", "name": "API"})
    assert (await names.tag("api")).id == "t-1"
    assert (await names.tag("API")).id == "t-2"
    with pytest.raises(InvalidArgument, match=r"Several tags are called 'Api'\. .*api \(t-1\); API \(t-2\)"):
        await names.tag("Api")


async def test_a_tag_and_a_customer_of_one_name_are_kept_apart() -> None:
    client = StubClient(lambda asked: page({"id": "t-1" if asked.endpoint is LIST_TAGS else "cu-1", "name": "Acme"}))
    names = names_of_stub(client)
    assert (await names.tag("Acme")).id == "t-1"
    assert (await names.customer("Acme")).id == "cu-1"


async def test_several_of_one_name_are_refused_with_their_ids() -> None:
    annas: list[JsonObject] = [{"id": f"u-{n}", "name": "Anna", "email": f"anna{n}@x.com"} for n in range(7)]
    names, client = names_on(*annas)
    with pytest.raises(InvalidArgument) as refusal:
        await names.user("Anna")
    assert refusal.value.what == "Several users are called 'Anna'."
    assert refusal.value.remedy.startswith("Pass the id of one of them: Anna <anna0@x.com> (u-0); ")
    assert refusal.value.remedy.endswith("(u-4); ….")
    assert len(client.asked) == 1


async def test_none_of_a_name_is_refused_with_the_nearest_in_two_requests() -> None:
    names, client = names_on({"id": "cu-1", "name": "Acme East"}, {"id": "cu-2", "name": "Acme West"})
    with pytest.raises(InvalidArgument, match=r"No customer is called 'acme'\. Similar: Acme East \(cu-1\); Acme West"):
        await names.customer("acme")
    assert len(client.asked) == 2


async def test_none_of_a_name_and_nothing_near_names_the_tool_that_lists_them() -> None:
    names, client = names_on()
    for find, said in (
        (names.customer, "No customer is called 'Q'. search_customers lists the customers."),
        (names.tag, "No tag is called 'Q'. list_tags lists the tags."),
        (names.ticket_type, "No ticket type is called 'Q'. list_ticket_types lists the ticket types."),
        (names.user, "No user is called 'Q'. list_users lists the users; customers' people can't be meant here."),
    ):
        client.asked.clear()
        with pytest.raises(InvalidArgument) as refusal:
            await find("Q")
        assert str(refusal.value) == said
        assert len(client.asked) == 2


@pytest.mark.parametrize("value", ["", "  ", "\n"])
async def test_an_empty_name_asks_nothing(value: str) -> None:
    names, client = names_on(ACME)
    with pytest.raises(InvalidArgument, match=r"An empty tag was given\. list_tags lists the tags\."):
        await names.tag(value)
    assert client.asked == []


async def test_what_may_be_an_id_or_a_name_is_looked_up_as_both() -> None:
    row: JsonObject = {"id": "U012ABCDEF", "name": "Prod-2024"}
    names, client = names_on(row)
    assert (await names.user("U012ABCDEF")).name == "Prod-2024"
    assert (await names.tag("Prod-2024")).id == "U012ABCDEF"
    assert (await names.tag("prod-2024")).id == "U012ABCDEF"
    with pytest.raises(InvalidArgument, match=r"No tag is called 'Prod-202'\. Similar: Prod-2024"):
        await names.tag("Prod-202")
    assert [asked.where[0][:2] for asked in client.asked] == [
        ("id", "=="),
        *[("id", "=="), ("name", "contains")] * 3,
    ]


async def test_an_exact_name_is_found_among_many_that_contain_it() -> None:
    rows: list[JsonObject] = [{"id": f"t-{n}", "name": f"x{n:02} release-2024"} for n in range(40)]
    names, _ = names_on(*rows, {"id": "t-99", "name": "release-2024"})
    assert (await names.tag("release-2024")).id == "t-99"


async def test_users_go_by_mail_address_too_and_the_gone_are_not_counted() -> None:
    gone: JsonObject = {"id": "u-1", "name": "Anna", "email": "anna@x.com", "deleted": True}
    names, client = names_on(gone, {"id": "u-2", "name": "Anna B", "email": "anna@x.com", "deleted": False})
    assert await names.user("anna@x.com") == Named("u-2", "Anna B")
    assert "select" not in client.asked[0].body, "what says that somebody is gone has no documented name"
    assert await names.user("ANNA@x.com") == Named("u-2", "Anna B")
    assert [asked.where[0][0] for asked in client.asked] == ["email", "email", "email"]
    assert all("includeExternalUsers" not in asked.body for asked in client.asked)


async def test_somebody_who_is_gone_is_named_as_such() -> None:
    gone: JsonObject = {"id": "u-1", "name": "Anna", "email": "anna@x.com", "deleted": True}
    for asked in ("Anna", "anna@x.com", "ANNA"):
        names, client = names_on(gone)
        with pytest.raises(InvalidArgument) as refusal:
            await names.user(asked)
        assert str(refusal.value) == (
            f"No user is called {asked!r} any more: Anna <anna@x.com> (u-1, deleted). list_users lists the users."
        )
        assert len(client.asked) == 2


async def test_who_is_gone_can_be_meant_where_it_is_asked_for_and_stays_nobody_elsewhere() -> None:
    gone: JsonObject = {"id": "u-1", "name": "Anna", "email": "anna@x.com", "deleted": True}
    names, client = names_on(gone)
    assert await names.user("Anna", deleted=True) == Named("u-1", "Anna")
    asked = len(client.asked)
    assert await names.user("Anna", deleted=True) == Named("u-1", "Anna")
    assert len(client.asked) == asked, "it is remembered"
    assert (await names.user("anna", deleted=True)).id == "u-1"
    with pytest.raises(InvalidArgument, match=r"No user is called 'Anna' any more"):
        await names.user("Anna")
    names.forget("u-1")
    await names.user("Anna", deleted=True)
    assert len(client.asked) > asked + 2


async def test_who_is_there_is_meant_before_who_is_gone() -> None:
    rows: list[JsonObject] = [{"id": "u-1", "name": "Anna", "deleted": True}, {"id": "u-2", "name": "anna"}]
    names, _ = names_on(*rows)
    assert (await names.user("Anna", deleted=True)).id == "u-2"


async def test_one_address_of_several_people_is_refused_with_what_tells_them_apart() -> None:
    teams = {"u-1": "Quayside", "u-2": "Kestrel Insurance"}
    same: JsonObject = {"name": "Aisha", "email": "a@x.com"}
    rows: list[JsonObject] = [{**same, "id": each, "slackTeam": {"name": team}} for each, team in teams.items()]
    names, _ = names_on(*rows)
    with pytest.raises(InvalidArgument) as refusal:
        await names.user("a@x.com", external=True)
    assert str(refusal.value) == (
        "Several users are called 'a@x.com'. Pass the id of one of them: "
        "Aisha <a@x.com> (u-1, of Quayside); Aisha <a@x.com> (u-2, of Kestrel Insurance)."
    )


@pytest.mark.parametrize("value", ["me", "Me", " myself ", "@me"])
async def test_an_api_key_is_nobodys_own(value: str) -> None:
    names, client = names_on({"id": "u-1", "name": "Mel", "email": "mel@x.com"})
    with pytest.raises(InvalidArgument) as refusal:
        await names.user(value)
    assert refusal.value.what == f"There is no {value.strip()!r} for an API key, which belongs to no person."
    assert refusal.value.remedy == "Pass the person's name or e-mail address."
    assert client.asked == []


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("Polder Systms", "Polder Systems"),
        ("Poldr Systems", "Polder Systems"),
        ("polder system", "Polder Systems"),
        ("Kestral", "Kestrel Insurance"),
        ("Norrvik Energy AB", "Norrvik Energi"),
        ("Escalatd", "Escalated"),
    ],
)
async def test_a_slip_of_the_pen_is_answered_with_what_may_be_meant_in_two_requests(asked: str, meant: str) -> None:
    rows = ("Polder Systems", "Kestrel Insurance", "Norrvik Energi", "Escalated", "Systems Group", "Vela Biotech")
    known: list[JsonObject] = [{"id": f"cu-{index}", "name": name} for index, name in enumerate(rows)]
    names, client = names_on(*known)
    with pytest.raises(InvalidArgument) as refusal:
        await names.customer(asked)
    assert refusal.value.remedy.startswith(f"Similar: {meant} (cu-{rows.index(meant)})")
    assert [each.where[0][1] for each in client.asked] == ["==", "contains"]


async def test_of_an_address_the_part_before_the_at_is_looked_for() -> None:
    names, client = names_on({"id": "u-1", "name": "Jonas", "email": "jonas.lindqvist@quayside.example"})
    with pytest.raises(InvalidArgument, match=r"Similar: Jonas <jonas\.lindqvist@quayside\.example>"):
        await names.user("jonas.lindqvst@quayside.example")
    assert client.asked[1].where == [("email", "contains", "jonas.lin")]


async def test_where_more_are_like_it_than_one_page_holds_nothing_is_guessed() -> None:
    other: JsonObject = {"id": "t-1", "name": "A Holding of Many Solutions and Companies"}
    names = names_of_stub(StubClient(in_turn(page(), page(other, following="more"))))
    with pytest.raises(InvalidArgument) as refusal:
        await names.customer("Fjord Solutions")
    assert str(refusal.value) == (
        "More customers have names like 'Fjord Solutions' than could be looked through. Pass the name in its own "
        "letter case, or the id; search_customers finds it by a part of its name."
    )


async def test_what_is_only_like_it_among_too_many_is_no_proof_that_there_is_none() -> None:
    names = names_of_stub(StubClient(in_turn(page(), page({"id": "cu-1", "name": "Norlo Banks"}, following="more"))))
    with pytest.raises(InvalidArgument) as refusal:
        await names.customer("norlo bank")
    assert str(refusal.value) == (
        "No customer is called 'norlo bank' in just these letters. Similar among many: Norlo Banks (cu-1). "
        "search_customers finds others by a part of the name."
    )


async def test_accounts_go_by_name_too() -> None:
    names, client = names_on({"id": "ac-1", "name": "Acme"})
    assert (await names.account("Acme")).id == "ac-1"
    assert client.asked[0].endpoint is LIST_ACCOUNTS
    with pytest.raises(InvalidArgument, match=r"No account is called 'Q'\. search_accounts lists the accounts\."):
        await names.account("Q")


async def test_several_customers_cost_one_request_where_their_names_are_exact() -> None:
    names_known = ("Acme", "Vela", "Twin", "Twin")
    rows: list[JsonObject] = [{"id": f"cu-{index}", "name": name} for index, name in enumerate(names_known)]

    def answer(asked: Asked) -> Answer:
        ((_, operator, value),) = asked.where
        return page(*(row for row in rows if row["name"] in value)) if operator == "in" else Register(*rows)(asked)

    client = StubClient(answer)
    names = names_of_stub(client)
    acme, vela, again, known = await names.customers(["Acme", " Vela ", "Acme", UUID])
    assert [acme, vela, again, known] == [Named("cu-0", "Acme"), Named("cu-1", "Vela"), acme, Named(UUID, UUID)]
    assert [asked.where for asked in client.asked] == [[("name", "in", ["Acme", "Vela"])]]
    twin, nobody = await names.customers(["Twin", "Nobody"])
    assert isinstance(twin, InvalidArgument)
    assert isinstance(nobody, InvalidArgument)
    assert twin.what == "Several customers are called 'Twin'."
    assert nobody.what == "No customer is called 'Nobody'."


async def test_what_was_renamed_or_deleted_is_looked_up_anew() -> None:
    names, client = names_on(ACME)
    await names.customer("Acme")
    names.forget("cu-1")
    await names.customer("Acme")
    assert len(client.asked) == 2


async def test_people_outside_the_team_are_only_looked_for_where_they_may_be_meant() -> None:
    names, client = names_on({"id": "u-1", "name": "Anna", "email": "anna@x.com"})
    await names.user("Anna", external=True)
    await names.user("Anna")
    assert [asked.body.get("includeExternalUsers") for asked in client.asked] == [True, None]


async def test_a_name_that_a_list_cut_short_is_found_by_its_beginning() -> None:
    long = "The Extraordinarily Long Company Name Incorporated"
    names, client = names_on({"id": "cu-1", "name": long}, {"id": "cu-2", "name": f"Not {long}"})
    assert (await names.customer(long[:39] + "…")).id == "cu-1"
    assert len(client.asked) == 2


async def test_a_name_cut_short_is_found_wherever_we_cut_it_and_nowhere_else() -> None:
    long = 'The Extraordinarily Long Company Name Incorporated, "Shipping" and Forwarding, of Rotterdam and Antwerp'
    names, _ = names_on({"id": "cu-1", "name": long}, {"id": "cu-2", "name": "The Elms"})
    for limit in (NAME_LENGTH, 60, TITLE_LENGTH):
        assert (await names.customer(one_line(long, limit))).id == "cu-1"
    for cut in ("T…", "The E…", "The Elm…", "The Elms…", long[:20] + "…", long[:38] + "…", long[:50] + "…", "…"):
        with pytest.raises(InvalidArgument, match="No customer is called"):
            await names.customer(cut)


@pytest.mark.parametrize(
    "row", [{"id": "../x", "name": "Acme"}, {"id": 7, "name": "Acme"}, {"name": "Acme"}, {"id": "", "name": "Acme"}]
)
async def test_a_row_without_a_usable_id_is_none(row: JsonObject) -> None:
    names, _ = names_on(row)
    with pytest.raises(InvalidArgument, match="No customer is called 'Acme'"):
        await names.customer("Acme")


async def test_an_api_that_ignores_the_condition_is_not_believed() -> None:
    names = names_of_stub(StubClient(lambda _: page({"id": "cu-9", "name": "Somebody else"})))
    with pytest.raises(InvalidArgument, match=r"No customer is called 'Acme'\. search_customers lists"):
        await names.customer("Acme")
    with pytest.raises(InvalidArgument, match="No user is called 'U012ABCDEF'"):
        await names.user("U012ABCDEF")


async def test_hostile_names_stay_on_their_line_in_a_refusal() -> None:
    hostile = '\u202eAcme\n#7 · closed\n<<end 123>> "' + "x" * 500
    names, _ = names_on({"id": "cu-1", "name": hostile + "1"}, {"id": "cu-2", "name": hostile + "2"})
    for value in ("acme", hostile[:200]):
        with pytest.raises(InvalidArgument) as refusal:
            await names.customer(value)
        said = str(refusal.value)
        assert said.isprintable()
        assert "<<" not in said
        assert len(said) < 400


async def test_what_the_api_says_to_a_lookup_is_passed_on() -> None:
    names = names_of_stub(StubClient(lambda _: REJECTED))
    with pytest.raises(RequestRejected):
        await names.customer("Acme")


async def test_memory_is_bounded() -> None:
    client = StubClient(lambda asked: page({"id": "t-1", "name": asked.where[0][2]}))
    names = names_of_stub(client)
    for number in range(MAX_NAMES + 1):
        await names.tag(f"tag {number}")
    client.asked.clear()
    await names.tag(f"tag {MAX_NAMES}")
    await names.tag("tag 1")
    assert client.asked == []
    await names.tag("tag 0")
    assert len(client.asked) == 1


async def test_the_name_behind_a_user_is_remembered_and_its_absence_too() -> None:
    clock = Clock()
    client = StubClient(Register({"id": "u-1", "name": "Anna\n#1"}))
    names = names_of_stub(client, clock)
    assert [await names.name_of_user(each) for each in ("u-1", "u-1", "u-2", "u-2")] == [
        "Anna #1",
        "Anna #1",
        "u-2",
        "u-2",
    ]
    assert [asked.where for asked in client.asked] == [[("id", "==", "u-1")], [("id", "==", "u-2")]]
    assert client.asked[0].endpoint is LIST_USERS
    assert client.asked[0].body["includeExternalUsers"] is True
    clock.forward(minutes=6)
    await names.name_of_user("u-1")
    assert len(client.asked) == 3


async def test_where_nobody_can_be_asked_a_user_goes_by_their_id() -> None:
    client = StubClient(in_turn(Unavailable("Unthread failed (500).", "Later."), page({"id": "u-1", "name": "Anna"})))
    names = names_of_stub(client)
    assert await names.name_of_user("u-1") == "u-1"
    assert await names.name_of_user("u-1") == "Anna"


async def test_a_ticket_types_definition_is_remembered_for_five_minutes() -> None:
    clock = Clock()
    client = StubClient(lambda _: {"id": "tt-1", "fields": []})
    names = names_of_stub(client, clock)
    for _ in range(2):
        assert await names.ticket_type_definition("tt-1") == {"id": "tt-1", "fields": []}
    assert [(asked.endpoint, asked.ids) for asked in client.asked] == [(GET_TICKET_TYPE, {"ticket_type_id": "tt-1"})]
    clock.forward(minutes=6)
    await names.ticket_type_definition("tt-1")
    assert len(client.asked) == 2


async def test_what_is_listed_again_is_remembered_for_longer() -> None:
    clock = Clock()
    client = StubClient(lambda _: {})
    names = names_of_stub(client, clock)
    for minutes in (0, 2, 2, 4):
        clock.forward(minutes=minutes)
        names.remember_names(USERS, [{"id": "u-1", "name": "Anna"}])
        assert names.names_known(USERS, ["u-1"]) == {"u-1": "Anna"}
        names.remember_ticket_types([{"id": "tt-1", "name": "Bug"}])
        assert await names.ticket_type_definition("tt-1") == {"id": "tt-1", "name": "Bug"}
    names.remember_names(USERS, [{"id": "u-1", "name": "Anna Lee"}])
    names.remember_ticket_types([{"id": "tt-1", "name": "Defect"}])
    assert names.names_known(USERS, ["u-1"]) == {"u-1": "Anna Lee"}
    assert await names.ticket_type_definition("tt-1") == {"id": "tt-1", "name": "Defect"}
    assert client.asked == []


async def test_what_is_listed_again_unchanged_is_not_replaced_by_pieces_of_each_answer() -> None:
    names = names_of_stub(StubClient(lambda _: {}))
    first: JsonObject = {"id": "tt-1", "name": "Bug"}
    again: JsonObject = {**first}
    for definition in (first, again):
        names.remember_ticket_types([definition])
        assert await names.ticket_type_definition("tt-1") is first


async def test_a_name_in_another_letter_case_is_refused_where_not_all_that_have_it_were_seen() -> None:
    row: JsonObject = {"id": "t-1", "name": "VIP"}
    whole, cut = page(row), page(row, following="more")
    for answer in (whole, cut):
        names = names_of_stub(StubClient(in_turn(page(), answer)))
        if answer is whole:
            assert (await names.tag("vip")).id == "t-1"
        else:
            with pytest.raises(InvalidArgument, match=r"More tags have names like 'vip' .* One is VIP \(t-1\)"):
                await names.tag("vip")
