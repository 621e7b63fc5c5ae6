"""Texts that may mean STOP: words of other languages, and polite sentences.

They hold pending messages and ask staff. False alarms are acceptable, but not for a bus stop, "stop by" or "don't
stop". All is compared folded (`text.fold`).
"""

# ruff: noqa: RUF001 -- letters of other scripts are meant

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from crm.values.text import fold

EDGE = 1_000
"""Characters judged at the beginning and at the end of a longer text."""

FEW = 6
"""Words of a sentence in which a leading or trailing "stop" counts."""


def may_mean_stop(text: str, keywords: Collection[str]) -> bool:
    """Whether to ask about a text that is no keyword; `keywords` are folded."""
    if len(text) > 2 * EDGE:
        text = f"{text[:EDGE]} {text[-EDGE:]}"
    if _without_marks(text) in _SIGNS:
        return True
    tokens = _tokens(fold(text))
    if not tokens:
        return False
    line = " ".join(tokens)
    return (
        _is_only_a_word(tokens, keywords)
        or "dừng" in _tokens(unicodedata.normalize("NFC", text).lower())[:2]
        or any(part in line for part in _UNSPACED)
        or _PHRASES.search(line) is not None
        or _is_a_wish(tokens, text)
    )


def _is_only_a_word(tokens: list[str], keywords: Collection[str]) -> bool:
    """Whether only politeness surrounds a keyword: "please stop", "stop thanks", "stop messages"."""
    said = [token for token in tokens if token not in _POLITE]
    meant = [token for token in said if token in keywords or token in _FOREIGN]
    about = [token for token in said if token not in meant and not _MESSAGES.fullmatch(token)]
    joined = "".join(said)
    return (bool(meant) and not about) or joined in keywords or joined in _FOREIGN


def _is_a_wish(tokens: list[str], text: str) -> bool:
    """Whether "stop" begins or ends a short sentence, or is shouted in a longer one."""
    shouted = re.search(r"\bSTOP\b", text) is not None and not text.isupper()
    if (len(tokens) > FEW and not shouted) or tokens[0] in _QUESTIONS or text.rstrip().endswith("?"):
        return False
    for place, token in enumerate(tokens):
        before, after = tokens[:place], tokens[place + 1 :]
        if token not in ("stop", "stopp") or _NO_WISH_AFTER & {*before[-1:]} or _NO_WISH_BEFORE & {*after[:1]}:
            continue
        if shouted or _POLITE.issuperset(before) or _POLITE.issuperset(after):
            return True
    return False


def _tokens(text: str) -> list[str]:
    """Return the words; apostrophes join ("dont"), marks belong to their letters."""
    text = text.replace("'", "")
    words = "".join(char if char.isalnum() or unicodedata.category(char)[0] == "M" else " " for char in text).split()
    return ["stop" if _DRAWN_OUT.fullmatch(word) else word for word in words]


def _without_marks(text: str) -> str:
    kept = (char for char in text if unicodedata.category(char)[0] == "S" and not "\U0001f3fb" <= char <= "\U0001f3ff")
    return "".join(dict.fromkeys(kept)) if not any(map(str.isalnum, text)) else ""


def _words(text: str) -> frozenset[str]:
    return frozenset(fold(text).split())


_DRAWN_OUT = re.compile("s+t+o+p+")
_SIGNS = frozenset("🛑⛔🚫")

_POLITE = _words(
    """
    please pls plz plss plse kindly thanks thank thankyou thx tnx ty you u ok okay k hi hello hey dear sir madam
    maam miss bro sis team guys all now immediately asap just only it this that me us these those them
    everything so enough sorry and but i im already forever today right away anymore any more again my friend
    for from to here tolong mohon ya yaa dong deh kak kakak mas mbak pak bu ibu bapak min admin gan terima kasih
    makasih trims saja aja sudah udah lagi semua ini itu bhai ji jee janab shukriya meherbani kar karo kro kardo
    krdo do dein den kijiye karein karen ab por favor gracias obrigado obrigada svp stp sil vous plait merci
    bitte danke lutfen per favore grazie من فضلك شكرا رجاء لو سمحت براہ مہربانی شکریہ کریں کرو کر دیں دو
    করুন করো nyo ninyo na po пожалуйста спасибо alsjeblieft bedankt
    """
)
"""Words that change nothing about their neighbour."""

_FOREIGN = _words(
    """
    unsub unsubscribed arret arrets arreter arretez arrête stopp stoppt stoppen stopper stoppe baja alto
    parar pare parem sair cancelar cancela anular desuscribir desabonner desinscrire basta annulla
    cancellami disiscrivimi berhenti henti hentikan setop batal keluar iptal ret durdur çıkış abbestellen
    abmelden abmeldung aufhören ende beenden afmelden uitschrijven afmeld avsluta avregistrera sluta avslutt
    lopeta peruuta leiratkozas zrusit odhlasit wypisz rezygnuje koniec odjava opreste dezabonare itigil
    tigil hinto simama remove berenti tamat dur bas fermati fermatevi cancellatemi zastavte prestante
    przestancie sitisha stopall stopsms stopmsg hủy huy стоп стопп отписка отписаться отпишись отпишите
    отмена хватит прекратите стопе одјава зупинити відписатися διακοπη σταματηστε στοπ διαγραφη توقف توقفوا
    ايقاف إيقاف أوقف قف الغاء إلغاء ستوب كفى لغو بند روک روکو روکیں σταματα תפסיקו להסיר הסירו ختم הסר הפסק
    עצור रोको बंद बन्द रुको বন্ধ หยุด ยกเลิก 停止 退订 退訂 取消 ストップ 解除 配信停止 やめて 수신거부 중지 그만 중단 정지
    """
)

_UNSPACED = tuple(
    map(
        fold,
        (
            "退订",
            "退訂",
            "配信停止",
            "수신거부",
            "หยุดส่ง",
            "やめて",
            "不要再发",
            "別再傳",
            "取消订阅",
            "取消訂閱",
            "停止发",
            "停止傳",
            "그만 보내",
            "보내지 마",
        ),
    )
)
"""Parts of languages written without spaces."""

_QUESTIONS = _words(
    """
    when where what which who why does do did is are was how apa kapan dimana apakah
    """
)

_NO_WISH_AFTER = _words(
    """
    non dont cant wont didnt doesnt couldnt wouldnt not never bus train tram metro subway mrt lrt busway taxi
    halte next last first second third final one my your our the a each every what which truck rest pit short
    full door petrol gas coffee lunch dinner toilet school station road street same another other un any
    """
)
"""After these, "stop" is a noun or negated."""

_NO_WISH_BEFORE = _words(
    """
    by at over in near for here on off before after when if watch watches light lights loss sign signs the a my
    your our his her their di sebentar dulu selling serving making baking open opening
    """
)
"""Before these, "stop" has another object."""

_MESSAGE = (
    r"(?:messages?|msgs?|texts?|texting|sms|messaging|contacting|contact|writing|whatsapps?|spam|spamming|bothering"
    r"|disturbing|e?mails?|emailing|notifications?|notifying|reminders?|reminding|promos?|promosi|promotions?|promoting"
    r"|ads|adverts?|advertising|advertisements?|marketing|offers?|updates?|alerts?|newsletters?|subscriptions?"
    r"|harassing|annoying|broadcasts?|pesan|iklan)"
)
_MESSAGES = re.compile(
    _MESSAGE + r"|send|sending|calling|kirim|wa|langganan|mensajes?|mensagens|messaggi|nachrichten|mesaj|berichten"
)

_ENGLISH = (
    rf"(?<!dont )(?<!not )(?<!never )(?<!cant )(?<!wont )\b(?:stop|stopping|quit|cease) "
    rf"(?!by |at |over |in |near |here |off )(?:\w+ ){{0,3}}(?:{_MESSAGE}|sending|calling)\b",
    r"\b(?:can|could|will|would) (?:you|u) (?:please |pls |kindly |just )?stop\b(?! (?:by|at|over|in|near|for"
    r"|here|off))",
    r"\b(?:dont|do not|never|please not|must not|should not|no need to) (?:ever )?(?:text|message|msg|sms|contact"
    r"|whatsapp"
    r"|email|spam|disturb|bother|remind|notify|write)(?: (?:to )?(?:me|us|this number|my number|anymore|again)\b"
    r"| (?:or|and) | please| pls|$)|\b(?:dont|do not|never) call or (?:text|message)\b",
    r"\b(?:dont|do not|never) (?:ever )?call (?:me |us |this number )?(?:again|anymore|any more|ever)\b",
    rf"\b(?:dont|do not|never) (?:ever )?send (?:\w+ ){{0,3}}(?:{_MESSAGE}|anything|anymore|any more|again|stuff"
    rf"|more)\b",
    rf"^(?:please |pls |kindly |ok )*(?:no|enough) (?:further |such )?{_MESSAGE}\b(?: please| pls| thanks| anymore|$)",
    r"^(?:please |pls |ok )*no more(?: please| pls| thanks)?$|\bi want out\b|\bleave (?:me|us) be\b",
    rf"\bno more (?:of )?(?:the |these |your )?(?:{_MESSAGE}|calls?)\b",
    r"\bunsubscri\w*|\bunsub\b|\bopt(?:ed|ing)? (?:me |us |this number )?out\b|\boptout\b",
    r"\bremove (?:me|us|my|this number)\b|\btake (?:me|us|my \w+|this number) off\b|\b(?:get|keep) me off\b",
    r"\b(?:delete|erase) (?:me|my (?:number|no|name|phone|contact|data|details|account)|this number)\b",
    r"\boff (?:of )?(?:your|the|this|ur) (?:\w+ )?list\b|\bleave (?:me|us) alone\b|\bblock(?:ing)? you\b",
    rf"\b(?:dont|do not|no longer|not) (?:want|wish|like|need|care|agree|consent)(?: \w+){{0,4}} (?:{_MESSAGE}"
    rf"|contacted"
    r"|messaged|texted|hear from|from you)\b",
    r"\bhow (?:do|can|could|to) ?(?:i |we )?(?:stop|unsubscribe|opt out|get off)\b(?! (?:by|at|over|in|near))",
    r"\bwithdraw (?:my )?consent\b|\bcease and desist\b|\b(?:its|it is) spam\b",
)

_OTHERS = (
    # Indonesian and Malay.
    r"\b(?:jangan|jgn|gak usah|ga usah|gausah|tidak usah|tdk usah|nggak usah) (?:lagi )?(?:hubungi|sms|wa"
    r"|whatsapp|chat|ganggu|spam|ngirim|telepon|telpon)\b",
    r"\b(?:jangan|jgn|gak usah|ga usah|tidak usah|tdk usah|stop|berhenti|hentikan) (?:\w+ ){0,2}(?:kirim\w*"
    r"|mengirim\w*|hantar\w*)(?: \w+){0,2} (?:lagi|pesan|sms|wa|promo\w*|iklan|terus|spam|chat|apa)\b",
    r"\b(?:jangan|jgn) (?:kirim|hantar)\w*(?: ke)? (?:saya|aku|sy|lagi)\b",
    r"\bberhenti\b(?! (?:di|sebentar|dulu|dekat|depan))|\bhentikan\b",
    r"\b(?:tidak|tdk|gak|ga|nggak|ngga) (?:mau|ingin|perlu|butuh) (?:\w+ ){0,3}(?:pesan|sms|promo\w*|iklan|wa"
    r"|chat|notifikasi|dihubungi)\b",
    r"\bhapus (?:nomor|nomer|no|nama|data|kontak) (?:saya|aku|sy|ini|hp)\b",
    # Urdu and Hindi, in Latin letters and in their own.
    r"\b(?:msgs?|messages?|sms|texts?|whatsapp|call) (?:\w+ ){0,3}(?:band|bnd|bandh|mat|na|nahi|nahin|nhi|nai)\b"
    r"(?! (?:mil\w*|a+ya|gaya|dekh\w*|pahunch\w*|hua))",
    r"\b(?:mat|na) (?:bhej\w*|karo (?:msg|message|sms))",
    r"\bband (?:karo|kro|kar do|kardo|krdo|kr do|karein|karen|kijiye)\b",
    r"(?:میسج|میسیج|پیغام|پیغامات|ایس ایم ایس|رابطہ)(?: \w+){0,3} (?:نہ|مت|بند|نہیں)\b",
    r"\bبند (?:کر|کرو|کریں|کردیں)\b|\b(?:نہ|مت) (?:بھیج\w*)",
    r"मत भेज|न भेज|बंद कर|मैसेज मत|संदेश मत",
    r"\bرک جا\w*",
    # Arabic, Persian.
    r"\bلا (?:ترسل\w*|تراسل\w*|تتصل\w*|تبعث\w*)|\b(?:الغاء|إلغاء) (?:ال)?اشتراك",
    r"\b(?:اوقف|أوقف|اوقفوا|توقف|توقفوا|ايقاف|إيقاف) (?:\w+ )?(?:ال)?(?:رسائل|ارسال|إرسال|مراسلة|عن)",
    r"\bلا (?:اريد|أريد) (?:\w+ )?(?:ال)?رسائل|\bپیام ندهید",
    # Spanish, Portuguese, French, Italian.
    r"\bno (?:me |nos )?(?:envie\w*|mande\w*|escriba\w*|contacte\w*|moleste\w*)\b",
    r"\bdeje?n? de (?:\w+ )?(?:enviar\w*|mandar\w*|escribir\w*|molestar\w*|contactar\w*)|\bdar(?:me)? de baja\b",
    r"\bd[ae]n?me de baja\b|\b(?:quiero|solicito) (?:\w+ )?baja\b",
    r"\bno (?:quiero|deseo) (?:\w+ ){0,3}(?:mensajes?|sms|promociones|publicidad)\b|\bdesuscri\w*",
    r"\bno mas (?:mensajes|sms)\b",
    r"\bpar[ea]m? de (?:\w+ )?(?:mandar|enviar|escrever)\w*",
    r"\bnao (?:me )?(?:mande\w*|envie\w*|escreva\w*|perturbe\w*)\b",
    r"\bnao (?:quero|desejo) (?:\w+ ){0,3}(?:mensage\w*|sms)\b|\bdescadastr\w*|\bdesinscrev\w*",
    r"\bcancelar (?:\w+ )?(?:inscricao|suscripcion|assinatura)\b|\b(?:quiten|quita|saquen|saca|borren|borra)me\b",
    r"\blaissez moi tranquille\b|\blasst? mich in ruhe\b|\baboneli\w* (?:iptal|sonlandir\w*)",
    r"\barretez? (?:de |d |vos |les |ces )|\bn ?envoyez plus\b",
    r"\bne (?:m ?)?(?:me )?(?:envoye[zr]|ecrive[zr]|contacte[zr]) (?:plus|pas)\b",
    r"\bne plus (?:recevoir|m ?envoyer|me contacter)\b|\bdesabonn\w*|\bdesinscri\w*",
    r"\bplus de (?:messages?|sms)\b",
    r"\bnon (?:\w+ ){0,2}(?:mandate\w*|inviate\w*|scrivete\w*|contattate\w*|inviarmi|mandarmi)\b|\bsmettete\w*",
    r"\bdisiscri\w*",
    # German, Dutch, Turkish, Russian, Filipino, Swahili, Vietnamese.
    r"\bkeine? (?:weiteren? |mehr )?(?:nachrichten?|sms|werbung)\b|\babbestell\w*|\babmeld\w*",
    r"\bhor(?:t|en sie)? auf\b|\bnicht mehr (?:\w+ )?(?:schreiben|senden|schicken|kontaktieren|anschreiben)\b",
    r"\baufhoren\b",
    r"\bgeen (?:berichten|sms)(?:jes)? (?:meer)?|\bafmelden\b|\buitschrijven\b",
    r"\b(?:mesaj|sms)\w* (?:\w+ ){0,2}(?:gonderme\w*|atma\w*|istemiyorum)\b|\bgondermeyin\w*",
    r"\blisteden (?:cikar|sil)\w*",
    r"\bотпи[сш]\w*|\bне (?:надо )?(?:пиши\w*|присыла\w*|отправля\w*|звони\w*|беспоко\w*)|\bпрекрат\w*",
    r"\bхватит\b",
    r"\b(?:wag|huwag) (?:\w+ ){0,3}(?:text|mag ?text|send|mag ?send|message)\w*|\b[mu]sinitumie\w*",
    r"\bacha(?:ni)? kunitumia\b|\btama na\b|\bprzesta\w* \w+|\bwypisz\w* mnie\b|\bhuy dang ky\b",
    r"\bdung (?:nhan|gui)\b|\bngung (?:nhan|gui)\b|\bkhong (?:muon )?nhan (?:tin|sms)\b",
)

_PHRASES = re.compile("|".join((*_ENGLISH, *map(fold, _OTHERS))))
