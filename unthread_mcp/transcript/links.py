"""Links without what only serves to watch who clicks: shorter, and the same page."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import Final
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit, urlunsplit

_LINK = re.compile(r"https?://[^\s<>\"«»“”„‹›\u3000-\u303f\uff00-\uffef]+", re.IGNORECASE)
_TRACKING_PARAMETER = re.compile(
    # Google, Meta, Microsoft, HubSpot, Mailchimp, Marketo, Matomo, Klaviyo, Adobe and Vero.
    r"(?:utm_\w+|gclid|gbraid|wbraid|dclid|fbclid|msclkid|yclid|twclid|igshid|_ga|_gl|_hs\w+|hsCtaTracking|mc_[ce]id|"
    r"mkt_tok|mtm_\w+|pk_\w+|_kx|_ke|s_cid|vero_\w+|trk\w*|elqTrack\w*|oly_\w+_id|__s)",
    re.IGNORECASE,
)
# Hosts that only pass on to a page which the link itself does not name.
_OPAQUE: Final = (
    ("sendgrid.net", ("/ls/click", "/wf/click", "/uni/")),
    ("list-manage.com", ("/track/click",)),
    ("mandrillapp.com", ("/track/click",)),
    ("hubspotlinks.com", ("/",)),
    ("hubspotemail.net", ("/",)),
    ("mimecast.com", ("/s/",)),
    ("mailgun.org", ("/c/",)),
    ("customeriomail.com", ("/e/c/",)),
    ("klclick.com", ("/",)),
    ("exct.net", ("/",)),
)
_WRAPPED_AT_MOST = 3  # a scanner's link around a newsletter's link around the page
_SENTENCE_END = ".,;:!?'*"


def shorten_links(text: str) -> str:
    """Replace each web link in `text` by the page that it leads to, without tracking parameters.

    Links of mail scanners (Microsoft, Proofpoint, Barracuda) and of redirectors are unwrapped where they carry their
    target. Where they don't, they are cut after the host and say so.
    """
    if "://" not in text:
        return text
    return _LINK.sub(lambda found: _shorten_in_sentence(found[0]), text)


def _shorten_in_sentence(link: str) -> str:
    end = len(link)
    while end and (link[end - 1] in _SENTENCE_END or (link[end - 1] in ")]}" and not _is_balanced(link[:end]))):
        end -= 1
    return shorten_link(link[:end]) + link[end:]


def _is_balanced(link: str) -> bool:
    return all(link.count(opening) >= link.count(closing) for opening, closing in ("()", "[]", "{}"))


def shorten_link(link: str) -> str:
    """One link without trackers; anything that doesn't read as a link comes back as it is."""
    for _ in range(_WRAPPED_AT_MOST):
        try:
            parts = urlsplit(link)
            target = _target(parts)
        except (ValueError, binascii.Error):  # "http://[": looks like a link, is none
            return link
        if not target:
            return _without_trackers(link, parts)
        link = target
    return link


def _target(parts: SplitResult) -> str:
    host = (parts.hostname or "").lower()
    for suffix, read in _WRAPPERS:
        if host == suffix or host.endswith("." + suffix):
            target = read(parts)
            if target.startswith(("http://", "https://")):
                return target
    return ""


def _parameter(*names: str) -> Callable[[SplitResult], str]:
    def read(parts: SplitResult) -> str:
        query = parse_qs(parts.query)
        return next((query[name][0] for name in names if name in query), "")

    return read


def _proofpoint(parts: SplitResult) -> str:
    if parts.path.startswith("/v2/"):
        return unquote(_parameter("u")(parts).replace("-", "%").replace("_", "/"))
    # /v3/__<link>__;<base64 of the characters that stars stand for>!!<token>
    link, _, rest = urlunsplit(parts).partition("/v3/__")[2].partition("__;")
    replaced = rest.partition("!")[0]
    if replaced and "**" not in link:
        letters = iter(base64.urlsafe_b64decode(replaced + "=" * (-len(replaced) % 4)).decode("utf-8"))
        link = re.sub(r"\*", lambda star: next(letters, star[0]), link)
    return link


def _amazon(parts: SplitResult) -> str:
    return unquote(parts.path.partition("/L0/")[2].partition("/")[0])


_WRAPPERS: Final[tuple[tuple[str, Callable[[SplitResult], str]], ...]] = (
    ("safelinks.protection.outlook.com", _parameter("url")),
    ("urldefense.com", _proofpoint),
    ("urldefense.proofpoint.com", _proofpoint),
    ("linkprotect.cudasvc.com", _parameter("a")),
    ("awstrack.me", _amazon),
    ("www.google.com", lambda parts: _parameter("q", "url")(parts) if parts.path == "/url" else ""),
    ("l.facebook.com", _parameter("u")),
    ("slack-redir.net", _parameter("url")),
)


def _without_trackers(link: str, parts: SplitResult) -> str:
    host = (parts.hostname or "").lower()
    for suffix, paths in _OPAQUE:
        if (host == suffix or host.endswith("." + suffix)) and parts.path.startswith(paths):
            kept = f"{parts.scheme}://{parts.netloc}/"
            return f"{kept}… [tracking link, {len(link) - len(kept):,} characters cut]"
    if not parts.query:
        return link
    kept_parameters = [p for p in parts.query.split("&") if not _TRACKING_PARAMETER.fullmatch(p.partition("=")[0])]
    query = "&".join(kept_parameters)
    return link if query == parts.query else urlunsplit(parts._replace(query=query))
