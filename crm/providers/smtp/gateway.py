"""E-mail by a mail server (RFC 5321), with the standard library."""

from __future__ import annotations

from crm.messages.channels.base import Channel
from crm.messages.channels.email import EMAIL
from crm.providers import answers
from crm.providers.base import Answer, Call, Found, Outcome, Question, Sender
from crm.providers.http import LostError, NoConnectionError
from crm.providers.letters.http_gateway import reference
from crm.providers.letters.message import NO_ADDRESS, NOT_ASCII, ascii_address, letter_of, sender_of
from crm.providers.smtp import connections
from crm.providers.smtp.replies import verdict_of
from crm.providers.smtp.return_path import return_path
from crm.values.language import N_

NAME = N_("The mail server")
NO_SERVER = N_("E-mail needs a mail server. An owner can enter it in Settings › Messaging.")


class Smtp:
    name = "smtp"
    by_hand = False
    reports = False
    keeps_window = False
    max_calls = 8  # connections at a time; servers allow 10 to 20 of one client

    def carries(self, channel: Channel) -> bool:
        return channel is EMAIL

    def lacks(self, sender: Sender, channel: Channel) -> str:
        if not sender.base:
            return NO_SERVER
        return "" if sender.number else NO_ADDRESS

    def send(self, call: Call) -> Outcome:
        """Hand the letter over; what ends before its last dot was not sent."""
        lacking = self.lacks(call.sender, call.channel)
        if lacking:
            return answers.not_set_up(lacking)
        try:
            letter, recipient, back = letter_of(call), ascii_address(call.to), _comes_back_to(call)
        except ValueError:
            return Outcome(Answer.PERMANENT, code="address", sentence=NOT_ASCII)
        try:
            connections.hand_over(_server(call.sender), back, recipient, letter.as_bytes())
        except connections.RefusedError as error:
            verdict, code = verdict_of(error.reply), error.reply.enhanced or str(error.reply.code)
            return Outcome(verdict.answer, code=code, sentence=verdict.said(error.reply), is_dead=verdict.is_dead)
        except (NoConnectionError, LostError) as error:
            return answers.failed(NAME, error)
        return Outcome(Answer.ACCEPTED, provider_id=letter["Message-ID"].strip("<>")[:100])

    def look_up(self, question: Question) -> Found | None:
        """Find nothing: a mail server keeps no list of what it took."""
        return None


def _comes_back_to(call: Call) -> str:
    """Return the envelope sender: who sends it, or the address by which returned mail is known."""
    if not call.sender.returns_to:
        return sender_of(call).addr_spec
    return return_path(call.sender.returns_to, reference(call), call.sender.returns_key)


def _server(sender: Sender) -> connections.Server:
    host, port, security = sender.base.split(":")
    return connections.Server(host, int(port), security, sender.account, sender.token, is_public=sender.is_own)
