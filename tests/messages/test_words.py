"""Which texts opt a customer out or in, which may mean STOP, and which say something else; pure values."""

# ruff: noqa: RUF001 -- letters of other scripts are meant

from __future__ import annotations

import re

import pytest

from crm.opt_outs import keywords, stop_phrases
from crm.opt_outs.keywords import Effect, effect_of, own_words

STOPS = (
    "STOP",
    "stop",
    "Stop.",
    "STOP!!!",
    "STOP 🛑",
    "STOP ⛔️",
    "Stop ❤️",
    "stop 🙅‍♀️",
    "STOP ✋🏽",
    "stop 🇮🇩",
    "STOP 1️⃣",
    '"STOP"',
    "“Stop”",
    "«stop»",
    "ＳＴＯＰ",
    "\u200fSTOP\u200e",
    "\ufeffSTOP",
    "ST\u200bOP",
    "s t o p",
    "S.T.O.P.",
    "opt-out",
    "Opt out",
    "OPT\u2011OUT",
    "un-subscribe",
    "Un subscribe",
    "STOP\n\nSent from my iPhone",
    "stop\n-- \nSari",
    "stop stop stop",
    "STOP STOP",
    "Stop all",
    "STOP-ALL",
    "𝐒𝐓𝐎𝐏",
    "Ⓢⓣⓞⓟ",
    "*STOP*",
    "_stop_",
    "~stop~",
    "`stop`",
    "stop™",
    "STOP\u3164",
    "stop 👨‍👩‍👧‍👦",
    "🏴󠁧󠁢󠁥󠁮󠁧󠁿 stop",
    "Cancel",
    "END",
    "quit.",
    "revoke",
    "stop❤",
    "STOP ☎️",
    "stop;",
    "(stop)",
    "[STOP]",
    "stop…",
    "stop?",
    "STOP\n",
    "\nSTOP",
    "ŚTOP",
    "Stop\u200d",
    "stop :D",
    "stop <3",
    "STOP！",
    "STOP؟",
    "\u2067STOP\u2069",
    "🛑🛑STOP🛑🛑",
    "Opt_out",
    "🅂🅃🄾🄿",
    "Stop\n\nGet Outlook for Android",
)
"""The whole of these is a keyword, whatever stands around it."""

MAY_MEAN_STOP = (
    "please stop",
    "stop thanks",
    "Stop please",
    "pls stop",
    "STOP PLEASE",
    "Please stop!!",
    "kindly stop",
    "ok stop",
    "stop it",
    "stop now",
    "stop now please",
    "please STOP 🙏",
    "stop sms",
    "Stop messages",
    "stop promo",
    "stop texting me",
    "stop sending me messages",
    "Please stop sending me these texts.",
    "dont text me",
    "Don't text me again",
    "Don’t message me",
    "do not contact me",
    "remove me",
    "remove me from your list",
    "take me off your list",
    "leave me alone",
    "no more messages",
    "No more texts please",
    "unsubscribe me",
    "I want to unsubscribe",
    "please unsubscribe",
    "opt me out",
    "I'd like to opt out",
    "How do I stop these?",
    "can you stop",
    "Could you please stop messaging me?",
    "I don't want these messages",
    "I do not wish to receive SMS",
    "no sms please",
    "stop dong",
    "stop ya kak",
    "udah stop",
    "tolong berhenti",
    "mohon berhenti",
    "berhenti",
    "jangan kirim lagi",
    "jangan sms saya",
    "Jangan WA lagi",
    "tolong hapus nomor saya",
    "ARRET",
    "arrêt",
    "arrêter",
    "Arrêtez",
    "BAJA",
    "sair",
    "SAIR",
    "BERHENTI",
    "STOPP",
    "СТОП",
    "توقف",
    "إلغاء",
    "إيقاف",
    "বন্ধ",
    "band karo",
    "message band karo",
    "msg mat karo",
    "mujhe message na bhejo",
    "sms mat bhejo",
    "مجھے میسج نہ کریں",
    "میسج بند کریں",
    "لا ترسل لي رسائل",
    "No me envíen más mensajes",
    "quiero darme de baja",
    "Pare de me mandar mensagens",
    "não quero receber mensagens",
    "ne plus recevoir de sms",
    "désabonner",
    "Keine SMS mehr bitte",
    "Bitte keine Nachrichten mehr",
    "abmelden",
    "iptal",
    "İPTAL",
    "mesaj göndermeyin",
    "отписаться",
    "не пишите мне",
    "退订",
    "停止",
    "配信停止",
    "수신거부",
    "Hủy",
    "dừng",
    "STOP\nSari",
    "STOP Sari",
    "stop, thank you",
    "Hello I am Sari from Bandung and I moved away so STOP",
    "cancel please",
    "please cancel",
    "unsubscribe please",
    "end it please",
    "🛑",
    "🛑🛑",
    "stop sending",
    "stop contacting me",
    "STOP 2",
    "Please stop calling me at six",
    "enough, stop",
    "I said stop",
    "No, stop",
    "stop spamming",
    "delete my number",
    "stop this",
    "wag na mag text",
    "stop por favor",
    "Basta",
    "I would like you to stop",
    "quit texting me",
    "don't ever text me",
    "Do NOT send me anything else",
    "not want to be contacted",
    "Please take me off this list",
    "stop stopp",
    "διακοπή",
    "ΔΙΑΚΟΠΗ",
    "Stop all messages",
    "Stop immediately",
    "stop everything",
    "hentikan",
    "stop kirim pesan",
    "setop",
    "stop plz bhai",
    "stoppp",
    "Would you mind stopping these messages",
    "Remove me pls",
    "No more please",
    "don't text",
    "Do not call or text",
    "I want out",
    "Cancelar suscripción",
    "quítenme de la lista",
    "lass mich in Ruhe",
    "basta messaggi",
    "dur lütfen",
    "aboneliği iptal",
    "رک جاؤ",
    "bas karo",
    "বন্ধ করুন",
    "przestańcie pisać",
    "itigil nyo na",
    "取消订阅",
    "그만 보내세요",
    "hủy đăng ký",
    "σταμάτα",
    "stop pub",
    "Stop promotions",
    "يرجى الغاء الاشتراك",
    "ga usah kirim lagi",
)
"""People are asked about these."""

SAY_ELSE = (
    "stopover",
    "don't stop",
    "Don’t stop",
    "non-stop",
    "nonstop",
    "bus stop?",
    "Where is the bus stop",
    "bus stop",
    "at the bus stop",
    "One stop shop",
    "I will stop by",
    "Can I stop by tomorrow?",
    "can't stop eating your cake",
    "stopwatch",
    "full stop",
    "Can you stop by at 5?",
    "the endless",
    "weekend",
    "End of the month ok?",
    "Cancel my booking",
    "cancel my appointment tomorrow",
    "yes please",
    "unstoppable",
    "Did you stop selling bread?",
    "Is my table booked?",
    "stopped",
    "no",
    "thanks",
    "Thank you!",
    "ok",
    "Does the bus stop near you?",
    "The next stop is ours",
    "Is it the last stop?",
    "We stop at 5",
    "I'm at the stop",
    "When do you stop serving?",
    "stop at the gate please",
    "please stop at my house",
    "Đúng",
    "dùng",
    "Never stop",
    "never stop being great",
    "Please don't stop sending me offers",
    "keep going don't stop",
    "Don't stop!",
    "can i order a cake",
    "I quit my job",
    "See you at the end",
    "the end",
    "weekend trip ends monday",
    "hello",
    "reacted",
    "👍",
    "❤️",
    "...",
    "berhenti di halte",
    "stop light",
    "what time does the bus stop",
    "How to get to the bus stop",
    "Doorstop",
    "Stop watch repair?",
    "stop sign",
    "Send me the bill",
    "please send me the message again",
    "remind me tomorrow",
    "Please call me",
    "I want to cancel my order",
    "cancel order 12",
    "fine",
    "para",
    "alto saxophone?",
    "my stop is the next one",
    "Let's stop for lunch",
    "We made a stop in Lahore",
    "can you stop at my office",
    "Could you stop by?",
    "Is there a stop on the way?",
    "no problem",
    "no message yet",
    "I got no message",
    "Did you send a message?",
    "dont forget me",
    "do not forget the cake",
    "Don't call before 9",
    "jangan lupa ya",
    "jangan pedas",
    "batalkan pesanan saya",
    "baju",
    "Ende gut, alles gut",
    "stop loss",
    "How long is the stop in Doha?",
    "message nahi mila",
    "acha ji",
    "Please remove the onions",
    "Stop at Bandung first",
    "batal pesanan nomor 5",
    "dukaan band hai?",
    "Please do not stop the music",
    "nonstop flight?",
    "got your message",
    "para dos personas",
)
"""These are about something else, and nobody is asked."""


@pytest.mark.parametrize("text", STOPS)
def test_the_whole_of_it_is_a_keyword(text: str) -> None:
    assert effect_of(text, ()) is Effect.STOP


@pytest.mark.parametrize("text", MAY_MEAN_STOP)
def test_what_may_mean_stop_is_asked_about(text: str) -> None:
    assert effect_of(text, ()) is Effect.ASK


@pytest.mark.parametrize("text", SAY_ELSE)
def test_what_says_something_else_is_left_alone(text: str) -> None:
    assert effect_of(text, ()) is Effect.NONE


@pytest.mark.parametrize("word", sorted(keywords.STOP))
def test_every_stop_word_stops_however_it_is_written(word: str) -> None:
    for text in (f"  {word.title()}!! ", " ".join(word), f"{word.lower()} \u26d4\ufe0f", f"\U0001f6d1{word}\u200f"):
        assert effect_of(text, ()) is Effect.STOP
    assert effect_of(f"Please {word.lower()}, thanks", ()) is Effect.ASK


@pytest.mark.parametrize("text", ["START", "start\u2764\ufe0f", "“yes”", "Yes!", "UNSTOP", "YES \U0001f44d\U0001f3fd"])
def test_every_start_word_starts(text: str) -> None:
    assert effect_of(text, ()) is Effect.START


@pytest.mark.parametrize(
    ("own", "text"),
    [
        ("iptal", "İptal"),
        ("arrêt", "ARRET"),
        ("διακοπή", "ΔΙΑΚΟΠΗ"),
        ("hủy", "HUY"),
        ("berhenti", "Berhenti."),
        ("jangan kirim", "Jangan  kirim!"),
        ("\U0001f44e", "\U0001f44e\U0001f3fd\U0001f44e\U0001f3fd"),
        ("\u26d4", "\u26d4\ufe0f"),
        ("बंद", "बंद।"),
        ("0", " 0 "),
    ],
)
def test_an_own_word_is_known_by_its_letters(own: str, text: str) -> None:
    assert effect_of(text, own_words([own])) is Effect.STOP
    assert effect_of(own, own_words([text])) is Effect.STOP
    assert effect_of("Hello", own_words([own])) is Effect.NONE


@pytest.mark.parametrize("text", ["", "…", "?", "Hello", "Hello!"])
def test_an_own_word_that_says_nothing_stops_nobody(text: str) -> None:
    assert effect_of(text, ["!!", ""]) is Effect.NONE
    assert effect_of("sudahi", ["!!", "SUDAHI"]) is Effect.STOP


def test_politeness_abatchan_own_word_is_asked_about() -> None:
    assert effect_of("tolong sudahi ya", ["SUDAHI"]) is Effect.ASK


@pytest.mark.parametrize(
    "text", ["stop " * 10_000, "a" * 50_000, "no " * 17_000, "dont send " * 5_000, "\u26d4" * 50_000]
)
def test_a_long_text_is_judged_as_well(text: str) -> None:
    effect_of(text, ())
    for pattern in vars(stop_phrases).values():
        if isinstance(pattern, re.Pattern):
            pattern.search(text)


def test_a_wish_at_the_end_of_a_long_text_is_asked_about() -> None:
    assert effect_of("We had a lovely evening. " * 200 + "Please stop sending me messages.", ()) is Effect.ASK
