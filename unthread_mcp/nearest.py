"""The nearest known word to one that isn't known, for refusals that help."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_SYNONYMS: Final = {
    # Arguments and fields.
    "query q search searchterm keyword keywords phrase": ("text", "question", "title"),
    "body content markdown message": ("text", "content"),
    "sort sortby orderby order sortorder": ("order_by", "order"),
    "count max maxresults pagesize size top": ("limit",),
    "page offset skip after next": ("cursor",),
    "fields columns": ("select",),
    "filter filters": ("where",),
    "assignee assignedto assigneeid owner": ("assignee", "assignedToUserId"),
    "tags tag label labels tagname": ("tag", "tags", "tags.name"),
    "customerid client company": ("customer", "customerId", "customer.name"),
    "id conversationid ticket ticketid number": ("conversation", "friendlyId", "id"),
    "channel source": ("source", "sourceType"),
    "subject": ("title", "subject"),
    "state": ("status",),
    "type tickettype": ("ticket_type", "ticketTypeId", "type"),
    "author from role": ("by",),
    "since createdafter startdate": ("created_after", "after", "start"),
    "until createdbefore enddate": ("created_before", "before", "end"),
    # Tools.
    "closeconversation resolveconversation reopenconversation assignconversation snoozeconversation closeticket "
    "updateticket setstatus setpriority": ("update_conversation",),
    "reply replytoconversation sendmessage postmessage respond": ("send_reply",),
    "addnote createnote addinternalnote addcomment postnote": ("add_private_note",),
    "listconversations findconversations searchtickets listtickets findtickets": ("search_conversations",),
    "getticket readconversation showconversation readticket": ("get_conversation",),
    "getmessages readmessages": ("list_messages",),
    "tagconversation addtag": ("tag_conversations",),
    "listcustomers findcustomers getcustomers": ("search_customers",),
    "searchusers findusers getusers": ("list_users",),
    "createticket newconversation": ("create_conversation",),
    "searchkb searchknowledgebase searcharticles": ("search_kb_articles", "query_knowledge_base"),
    "getreport report getstats getmetrics": ("run_report",),
}
"""What others call a thing, by what is called so here; the first that there is at the place is meant."""
_MEANT: Final = {word: meant for words, meant in _SYNONYMS.items() for word in words.split()}
_ALIKE: Final = 0.7
"""How much of two words agrees for one to be suggested for the other: `query` and `user` do by two thirds."""
_NEARLY_SAME: Final = 0.9
"""How much of them has to, where a word means something else: as in a plural."""
_BEGINNING: Final = 3
"""Letters with which a word may be cut short."""


def nearest(word: str, known: Iterable[str], *, most: int = 1, cutoff: float = 0.55) -> list[str]:
    """Up to `most` of `known`, nearest first; fewer where nothing is as near as `cutoff`, of 1 for the same word."""
    import difflib  # noqa: PLC0415 - only refusals need it

    folded = _by_letters(known)
    return [folded[each] for each in difflib.get_close_matches(_fold(word), folded, n=most, cutoff=cutoff)]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`Did you mean x?`: what means the same or is spelled much the same; nothing where there is none."""
    folded, letters = _by_letters(known), _fold(word)
    meant = [folded[letters]] if letters in folded else []
    if not meant and letters in _MEANT:
        meant = [folded[_fold(each)] for each in _MEANT[letters] if _fold(each) in folded]
    # What has a meaning of its own is no slip of something else's name.
    meant = meant or nearest(word, folded.values(), cutoff=_NEARLY_SAME if letters in _MEANT else _ALIKE)
    if not meant and letters not in _MEANT and len(letters) >= _BEGINNING:
        meant = [each for start, each in folded.items() if start.startswith(letters)]
    return f"Did you mean {meant[0]}?" if meant else ""


def _by_letters(known: Iterable[str]) -> dict[str, str]:
    folded: dict[str, str] = {}
    for each in known:
        letters = _fold(each)
        # Of assignedToUserId and assignedToUser.id, which differ in no letter, the plainer one.
        if letters not in folded or len(each) < len(folded[letters]):
            folded[letters] = each
    return folded


def _fold(word: str) -> str:
    return "".join(filter(str.isalnum, word.casefold()))
