"""The content of Meta's kinds of messages.

Source: developers.facebook.com/docs/whatsapp/cloud-api/webhooks/components, and the reference of each kind. Anything
may be missing or of another type.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from crm.messages.inbound_models import Effect
from crm.providers import untrusted
from crm.providers.descriptions import AD, CARDS, DETAILED, OTHER_KIND, REACTED, joined
from crm.values.language import N_
from crm.values.stored import stored

NEW_NUMBER = stored(N_("changed the number to %(number)s"))

MOST = 10
"""Named items of an order, cards or answers."""

PREFERENCES = {"stop": Effect.NO_OFFERS, "resume": Effect.OFFERS}
"""By Meta's word (webhooks, user_preferences)."""

PREFERENCE_WORDS = {
    Effect.NO_OFFERS: N_("stopped marketing in WhatsApp's settings"),
    Effect.OFFERS: N_("wants marketing again, by WhatsApp's settings"),
}

Part = dict[str, Any]


class Content(NamedTuple):
    """The customer's words, our description of the rest, whether it opens the window, and its effect."""

    body: str
    what: str = ""
    opens_window: bool = True
    effect: Effect = Effect.NONE


def content(one: Part) -> Content:
    kind = untrusted.text(one.get("type"), 30)
    read = _KINDS.get(kind)
    found = read(one, untrusted.child(one, kind)) if read else Content(_any_words(one, kind), _other(kind))
    headline = untrusted.text(untrusted.child(one, "referral").get("headline"), 80)
    if headline:
        found = found._replace(what=joined(found.what, AD.english(headline=headline)))
    return found


def _text(one: Part, part: Part) -> Content:
    return Content(_words(part.get("body")))


def _media(what: str) -> Callable[[Part, Part], Content]:
    return lambda one, part: Content(_words(part.get("caption")), what)


def _audio(one: Part, part: Part) -> Content:
    return Content("", N_("a voice message") if part.get("voice") is True else N_("a sound"))


def _document(one: Part, part: Part) -> Content:
    return Content(_words(part.get("caption")), _named(N_("a document"), part.get("filename")))


def _location(one: Part, part: Part) -> Content:
    place = untrusted.text(part.get("name")), untrusted.text(part.get("address")), _point(part)
    return Content("", _named(N_("a location"), ", ".join(filter(None, place))))


def _contacts(one: Part, part: Part) -> Content:
    cards = untrusted.objects(one.get("contacts"))
    noun = (
        N_("a contact card") if len(cards) == 1 else CARDS.english(number=len(cards)) if cards else N_("contact cards")
    )
    return Content("", _named(noun, "; ".join(filter(None, map(_card, cards[:MOST])))))


def _reaction(one: Part, part: Part) -> Content:
    emoji = untrusted.text(part.get("emoji"), 20)
    return Content("", REACTED.english(emoji=emoji) if emoji else N_("took a reaction back"), opens_window=False)


def _button(one: Part, part: Part) -> Content:
    words = _words(part.get("text")) or _words(part.get("payload"))
    return Content(words, "" if words else N_("pressed a button"))


def _interactive(one: Part, part: Part) -> Content:
    reply = untrusted.child(part, "button_reply") or untrusted.child(part, "list_reply")
    if reply:
        return Content(_words(reply.get("title")), _named(N_("from a list"), reply.get("description"), only_with=True))
    form = untrusted.child(part, "nfm_reply")
    if form:
        return Content("", _named(N_("a form that was filled in"), _answers(form.get("response_json"))))
    if untrusted.text(part.get("type")) == "call_permission_reply":
        allowed = untrusted.text(untrusted.child(part, "call_permission_reply").get("response")) == "accept"
        return Content("", N_("allowed calls") if allowed else N_("does not want calls"), opens_window=False)
    return Content("", N_("an answer of another kind"))


def _order(one: Part, part: Part) -> Content:
    items = [_item(item) for item in untrusted.objects(part.get("product_items"))[:MOST]]
    return Content(_words(part.get("text")), _named(N_("an order"), ", ".join(filter(None, items))))


def _system(one: Part, part: Part) -> Content:
    effect = PREFERENCES.get(untrusted.text(part.get("marketing")))
    if effect:
        return Content("", PREFERENCE_WORDS[effect], False, effect)
    number = untrusted.text(part.get("wa_id") or part.get("new_wa_id"), 20)
    if number.isdecimal():
        return Content("", NEW_NUMBER.english(number=f"+{number}"), opens_window=False)
    return Content("", _named(N_("a note of WhatsApp"), part.get("body")), opens_window=False)


def _edit(one: Part, part: Part) -> Content:
    """Replace the words; an edit does not open the window."""
    after = untrusted.child(part, "message")
    found = (
        _KINDS[kind](after, untrusted.child(after, kind))
        if (kind := untrusted.text(after.get("type"))) in _KINDS
        else None
    )
    body, what = (found.body, found.what) if found else (_any_words(after, ""), "")
    return Content(body, joined(N_("changed an earlier text"), what), opens_window=False)


def _revoke(one: Part, part: Part) -> Content:
    return Content("", N_("took a text back"), opens_window=False)


def _welcome(one: Part, part: Part) -> Content:
    return Content("", N_("opened the chat"), opens_window=False)


def _unsupported(one: Part, part: Part) -> Content:
    kind = untrusted.text(part.get("type") or one.get("unsupported_type"), 30).replace("_", " ")
    return Content("", _named(N_("a message that WhatsApp does not pass on"), kind))


def _ephemeral(one: Part, part: Part) -> Content:
    return Content("", N_("a disappearing message, which WhatsApp does not pass on"))


_KINDS: dict[str, Callable[[Part, Part], Content]] = {
    "text": _text,
    "image": _media(N_("a picture")),
    "video": _media(N_("a video")),
    "audio": _audio,
    "voice": _media(N_("a voice message")),
    "sticker": _media(N_("a sticker")),
    "document": _document,
    "location": _location,
    "contacts": _contacts,
    "reaction": _reaction,
    "button": _button,
    "interactive": _interactive,
    "order": _order,
    "system": _system,
    "edit": _edit,
    "revoke": _revoke,
    "request_welcome": _welcome,
    "unsupported": _unsupported,
    "unknown": _unsupported,
    "ephemeral": _ephemeral,
}


def _words(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _any_words(one: Part, kind: str) -> str:
    """Return the words of an unknown kind, if they stand where known kinds have them."""
    part = untrusted.child(one, kind) or untrusted.child(one, "text")
    return next(filter(None, (_words(part.get(name)) for name in ("body", "text", "caption"))), "")


def _other(kind: str) -> str:
    return OTHER_KIND.english(kind=kind.replace("_", " ")) if kind else N_("a message of another kind")


def _named(what: str, detail: Any, *, only_with: bool = False) -> str:
    found = untrusted.text(detail, 150)
    return DETAILED.english(sentence=what, detail=found) if found else ("" if only_with else what)


def _point(part: Part) -> str:
    sides = part.get("latitude"), part.get("longitude")
    return f"{sides[0]:.5f}, {sides[1]:.5f}" if all(isinstance(side, int | float) for side in sides) else ""


def _card(card: Part) -> str:
    name = untrusted.text(untrusted.child(card, "name").get("formatted_name"), 60)
    phones = [untrusted.text(phone.get("phone"), 30) for phone in untrusted.objects(card.get("phones"))]
    return " ".join(filter(None, (name, *phones[:2])))


def _item(item: Part) -> str:
    name, count = untrusted.text(item.get("product_retailer_id"), 60), item.get("quantity")
    return f"{count} of {name}" if name and isinstance(count, int | float) else name


def _answers(response: Any) -> str:
    """Read a form's answers: JSON within JSON."""
    try:
        found = json.loads(response) if isinstance(response, str) else response
    except (ValueError, RecursionError):
        return ""
    if not isinstance(found, dict):
        return ""
    answers = [(name, value) for name, value in found.items() if name != "flow_token"][:MOST]
    return ", ".join(f"{untrusted.text(name, 40)}: {_plain(value)}" for name, value in answers)


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return " and ".join(filter(None, map(_plain, value[:MOST])))
    return untrusted.text(value if isinstance(value, str) else json.dumps(value), 80)
