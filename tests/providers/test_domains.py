"""What is said of a domain that mail is sent from, asked of a name server on this machine."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import dns.flags
import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest
from flask import Flask

from crm.accounts.models import Organization
from crm.accounts.services import change_organization
from crm.kernel import vault
from crm.kernel.db import transaction
from crm.kernel.tenancy import use_organization
from crm.programs.doctor import examine
from crm.providers.letters import domains
from tests.factories import Cast

GOOD = {
    "toko.test": ["unrelated", "v=spf1 include:mail.test ~all"],
    "s2._domainkey.toko.test": ["v=DKIM1; k=rsa; p=MIGfMA0"],
    "_dmarc.toko.test": ["v=DMARC1; p=none"],
}


class NameServer:
    """Answers for the names it knows; says of others that there are none."""

    def __init__(self) -> None:
        self.records: dict[str, list[str]] = dict(GOOD)
        self.is_silent = False
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                raw, asker = self.socket.recvfrom(4096)
            except OSError:
                return
            asked = dns.message.from_wire(raw)
            answer, name = dns.message.make_response(asked), asked.question[0].name
            answer.flags |= dns.flags.RA
            known = self.records.get(name.to_text(omit_final_dot=True))
            if known is None:
                answer.set_rcode(dns.rcode.NXDOMAIN)
            else:
                answer.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", *(f'"{text}"' for text in known)))
            if not self.is_silent:
                self.socket.sendto(answer.to_wire(), asker)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[NameServer]:
    found = NameServer()
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], found.socket.getsockname()[1]
    monkeypatch.setattr(dns.resolver, "default_resolver", resolver)
    yield found
    found.socket.close()


def said(domain: str = "toko.test", *selectors: str) -> list[str]:
    return list(domains.problems(domain, selectors or ("s1", "s2")))


def test_all_that_receivers_ask_for_is_there(server: NameServer) -> None:
    assert said() == []
    assert said("toko.test", "other") == [
        "There is no DKIM key. Add the record that your mail provider shows; looked for at other._domainkey.toko.test."
    ]


@pytest.mark.parametrize(
    ("name", "records", "sentence"),
    [
        ("toko.test", [], "toko.test has no SPF record."),
        ("toko.test", ["v=spf10 ~all"], "toko.test has no SPF record."),
        ("toko.test", ["v=spf1 a ~all", "V=SPF1 mx -all"], "toko.test has 2 SPF records, so none counts."),
        ("toko.test", ["v=spf1 +ALL"], "The SPF record of toko.test lets everybody send from it."),
        ("s2._domainkey.toko.test", [], "There is no DKIM key."),
        ("s2._domainkey.toko.test", ["v=DKIM1; p="], "There is no DKIM key."),
        ("_dmarc.toko.test", [], "toko.test has no DMARC record."),
        ("_dmarc.toko.test", ["v=DMARC1; p=none", "v=DMARC1; p=reject"], "_dmarc.toko.test has 2 DMARC records"),
    ],
)
def test_what_is_missing_is_said(server: NameServer, name: str, records: list[str], sentence: str) -> None:
    if records:
        server.records[name] = records
    else:
        del server.records[name]
    (problem,) = said()
    assert problem.startswith(sentence)


def test_the_record_of_a_domain_counts_for_those_below_it(server: NameServer) -> None:
    server.records |= {"news.toko.test": ["v=spf1 mx -all"], "s1._domainkey.news.toko.test": ["p=abc"]}
    assert said("news.toko.test") == []
    server.records["_dmarc.news.toko.test"] = ["v=DMARC1;p=reject", "v=DMARC1; p=none"]
    assert said("news.toko.test") == ["_dmarc.news.toko.test has 2 DMARC records, so none counts. Keep one."]


def test_a_mailbox_of_everybody_is_nobodys_to_send_from(server: NameServer) -> None:
    assert said("gmail.com") == ["Nobody else may send from gmail.com. Send from an address of your own domain."]


def test_doctor_looks_at_each_domain_that_is_sent_from(app: Flask, cast: Cast, server: NameServer) -> None:
    def mail() -> tuple[str, str]:
        with app.app_context():
            return next((one.level, one.sentence) for one in examine() if one.check == "mail")

    assert mail() == ("ok", "No organization sends e-mail.")
    with app.app_context(), use_organization(cast.owner.organization_id), transaction() as session:
        organization = session.get_one(Organization, cast.owner.organization_id)
        organization.email_gateway, organization.email_from = "sendgrid", "Toko <hello@toko.test>"
        vault.keep("sendgrid_api_key", "SG.key")
    assert mail() == ("ok", "Receivers find what they ask for at toko.test.")
    del server.records["_dmarc.toko.test"]
    level, sentence = mail()
    assert (level, "has no DMARC record" in sentence) == ("warning", True)
    server.is_silent = True
    assert mail() == ("warning", "DNS does not answer: look again later whether mail will be accepted.")


def settings(cast: Cast, **values: str) -> None:
    with cast.owner.acting():
        change_organization(cast.owner.organization_id, values)


def checked(cast: Cast, *, htmx: bool = False) -> str:
    headers = {"HX-Request": "true"} if htmx else {}
    answer = cast.owner.client().post("/settings/messaging/domain", headers=headers)
    assert answer.status_code == 200
    assert ("<html" in answer.text) is not htmx
    return answer.text.partition('id="domain-result"')[2].partition("</form>")[0] if not htmx else answer.text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("htmx", [True, False])
def test_an_owner_has_the_domain_checked(app: Flask, cast: Cast, server: NameServer, *, htmx: bool) -> None:
    assert "E-mail is not sent by a provider yet." in checked(cast, htmx=htmx)
    app.config["PUBLIC_URL"] = "https://crm.toko.test"
    settings(cast, email_gateway="sendgrid", email_from="Toko <hello@toko.test>", sendgrid_api_key="SG.key")
    settings(cast, sendgrid_verification_key="")
    assert "Receivers find what they ask for at toko.test." in checked(cast, htmx=htmx)
    del server.records["_dmarc.toko.test"]
    app.config["PUBLIC_URL"] = "http://127.0.0.1:8000"
    said = checked(cast, htmx=htmx)
    assert "toko.test has no DMARC record." in said
    assert "Links to unsubscribe need https." in said
    assert "has no SPF record" not in said
    settings(cast, email_from="toko@gmail.com")
    assert "Nobody else may send from gmail.com." in checked(cast, htmx=htmx)
    settings(cast, language="id")
    assert "Tidak ada yang boleh mengirim dari gmail.com selain pemiliknya." in checked(cast, htmx=htmx)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_mail_servers_signature_is_not_looked_for(app: Flask, cast: Cast, server: NameServer) -> None:
    settings(cast, email_gateway="smtp", email_from="hello@toko.test", smtp_host="smtp.toko.test")
    said = checked(cast)
    assert "can&#39;t be seen here" in said
    assert "DKIM key" not in said
    assert "The mailbox" not in said
    settings(cast, imap_host="127.0.0.1", imap_username="bounce", imap_password="secret")
    assert "mailbox for returned mail can&#39;t be opened: 127.0.0.1 has no address that may be used" in checked(cast)
    server.is_silent = True
    assert "The name servers did not answer." in checked(cast)
