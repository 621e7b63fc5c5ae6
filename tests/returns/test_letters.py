"""`flask doctor --mail`: a letter that is sent to the mailbox for returned mail, and the signature it arrives with."""

from __future__ import annotations

import pytest

from crm.programs.doctor import letters
from crm.returns import trial
from tests.returns.conftest import Returns
from tests.test_doctor import findings

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

ALL = "from:to:subject:List-Unsubscribe:list-unsubscribe-post"


def signed(raw: bytes, *signatures: str) -> bytes:
    heads = [f"DKIM-Signature: v=1; a=rsa-sha256; {tags};\r\n\tbh=x; b=y\r\n" for tags in signatures]
    return "".join(heads).encode() + raw


def found(returns: Returns) -> tuple[str, str]:
    with returns.app.app_context():
        finding = letters()
        return finding.level, finding.sentence


@pytest.mark.parametrize(
    ("signatures", "said"),
    [
        ([f"d=toko.test; h={ALL}"], ""),
        ([f"d=toko.test; h=from:to:\r\n\tsubject:{ALL}"], ""),
        ([f"d=mail.toko.test; h={ALL}"], ""),
        (["d=relay.test; h=from", f"d=TOKO.test; h={ALL}"], ""),
        ([], "without a DKIM signature of toko.test."),
        ([f"d=relay.test; h={ALL}"], "without a DKIM signature of toko.test, only one of relay.test."),
        ([f"d=nottoko.test; h={ALL}"], "only one of nottoko.test"),
        (["d=toko.test; h=from:to:subject"], "does not cover list-unsubscribe and list-unsubscribe-post,"),
        (["d=toko.test; h=from:list-unsubscribe"], "does not cover list-unsubscribe-post,"),
        (
            ["d=toko.test; h=from:list-unsubscribe", "d=toko.test; h=from:list-unsubscribe-post"],
            "does not cover list-unsubscribe and list-unsubscribe-post,",
        ),
    ],
)
def test_what_the_signature_leaves_out_is_said(returns: Returns, signatures: list[str], said: str) -> None:
    returns.sink.forwards = lambda raw: returns.box.put(signed(raw, *signatures))
    level, sentence = found(returns)
    assert (level, said in sentence) == ("warning" if said else "ok", True)
    (letter,) = returns.sink.taken
    assert letter["To"] == "bounce@toko.test"
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "UID STORE" not in returns.box.tells


def test_a_letter_of_before_is_not_taken_for_this_one(returns: Returns, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "PATIENCE", 0.0)
    returns.sink.forwards = lambda raw: returns.box.put(signed(raw, f"d=toko.test; h={ALL}"))
    assert found(returns)[0] == "ok"
    returns.sink.forwards = lambda raw: None
    level, sentence = found(returns)
    assert (level, "to bounce@toko.test did not arrive" in sentence) == ("warning", True)


def test_what_is_missing_is_said(returns: Returns) -> None:
    returns.sink.replies["RCPT"] = "550 5.1.1 no such user"
    assert "was not sent: There is no such mailbox" in found(returns)[1]
    returns.shop.set(email_gateway="manual")
    assert "No organization sends by this mail server." in found(returns)[1]
    returns.app.config["IMAP_HOST"] = ""
    assert "Set IMAP_HOST" in found(returns)[1]


def test_doctor_sends_nothing_unasked(returns: Returns) -> None:
    assert "letters" not in findings(returns.app)
    assert returns.sink.taken == []
