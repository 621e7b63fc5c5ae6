# ruff: noqa: RUF001  Letters of other scripts are what people write.
"""Codes, signs and local words that people write beside an amount."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from babel import Locale

# A word of several currencies is accepted for the organization's own, refused for any other.
_WORDS = """
AED dh dhs dirham dirhams | AFN af afs afghani ؋ | ARS $ peso pesos | AUD $ a$ au$ dollar dollars
AZN ₼ manat | BDT tk taka ৳ টাকা | BGN lv leva лв | BND $ b$ dollar dollars ringgit | BOB bs
BRL r$ reais real | BWP p pula | CAD $ c$ ca$ dollar dollars | CHF fr sfr chf franken francs
CLP $ peso pesos | CNY ¥ 元 圆 rmb yuan cn¥ | COP $ peso pesos | CRC ₡ colones | CZK kč kc | DKK kr dkr
DOP $ rd$ peso pesos | DZD da dinar dinars دج | EGP £ e£ le l.e ج.م جنيه pound pounds | ETB br birr ብር
EUR € euro euros | FJD $ fj$ | GBP £ pound pounds quid | GEL ₾ lari | GHS gh₵ gh¢ ₵ ¢ cedi cedis ghc
GMD d dalasi | GNF fg gnf | HKD $ hk$ dollar dollars 元 | HNL l lempiras | HUF ft forint
IDR rp rph rupiah | ILS ₪ nis shekel shekels | INR rs ₹ re inr rupee rupees रु रुपये
IRR ریال ﷼ rial rials | ISK kr | JMD $ j$ | JPY ¥ 円 yen jp¥ | KES ksh kshs sh shs shilling shillings
KHR ៛ riel | KRW ₩ 원 won | KZT ₸ тг тенге | LAK ₭ kip | LBP £ ل.ل l.l ll lbp
LKR rs re රු රු. rupee rupees | MAD dh dhs dirham dirhams د.م | MMK ks kyat kyats | MNT ₮ төгрөг
MUR rs ₨ rupee rupees | MVR rf mrf ރ rufiyaa | MXN $ mx$ peso pesos | MYR rm ringgit
MZN mt mtn meticais | NAD $ n$ | NGN ₦ n naira | NOK kr nkr | NPR rs ₨ रु रू rupee rupees
NZD $ nz$ dollar dollars | PAB b/ b/. | PEN s/ s/. soles sol | PHP ₱ p php peso pesos piso
PKR rs re ₨ rupee rupees روپے روپیہ روپئے | PLN zł zl złotych | PYG ₲ gs
QAR qr ر.ق ریال ريال riyal riyals ﷼ | RON lei leu | RSD din дин | RUB ₽ р руб рублей | RWF frw rf
SAR sr ر.س ريال riyal riyals ﷼ ⃁ | SEK kr skr kronor | SGD $ s$ sg$ dollar dollars | SYP £ ل.س | SZL e
THB ฿ บาท baht b | TND dt د.ت dinar dinars | TRY ₺ tl lira | TWD $ nt$ 元 圓
TZS tsh tshs sh shs shilling shillings | UAH ₴ грн | UGX ush ushs sh shs shilling shillings
USD $ us$ dollar dollars | UYU $ u$ peso pesos | UZS som so'm сум | VND ₫ đ d vnđ dong đồng
XAF fcfa cfa f francs franc francscfa | XOF fcfa cfa f francs franc francscfa | YER ريال ﷼ | ZAR r rand
ZMW k kwacha
"""
_NUMBERS = frozenset({"k", "m", "mn"})
"""Currencies before a number, thousands or millions after it."""


def means(mark: str, currency: str, locale: str, *, after: bool = False) -> bool:
    """Test for any currency when `currency` is ""."""
    folded = _folded(mark)
    is_number = after and folded in _NUMBERS and folded != _symbol_after(locale, currency)
    return not is_number and folded in _marks_of(locale, currency)


def is_known(mark: str, locale: str, *, after: bool = False) -> bool:
    return means(mark, "", locale, after=after) or all(unicodedata.category(char) == "Sc" for char in mark)


@lru_cache(maxsize=256)
def _symbol_after(locale: str, currency: str) -> str:
    """Return the symbol that the locale writes after amounts, as the K of kyats in Burmese."""
    found = Locale.parse(locale.replace("-", "_"))
    pattern = str(found.currency_formats["standard"].pattern).split(";")[0]
    return _folded(found.currency_symbols.get(currency, "")) if pattern.rstrip("\u200f ").endswith("¤") else ""


@lru_cache(maxsize=256)
def _marks_of(locale: str, currency: str) -> frozenset[str]:
    tables = (Locale.parse(locale.replace("-", "_")).currency_symbols, Locale("en").currency_symbols)
    symbols = [symbol for table in tables for code, symbol in table.items() if currency in ("", code)]
    codes = [currency] if currency else list(Locale("en").currencies)
    words = [word for code, words in _words().items() if currency in ("", code) for word in words]
    return frozenset(filter(None, map(_folded, (*symbols, *codes, *words))))


@lru_cache(maxsize=1)
def _words() -> dict[str, list[str]]:
    rows = (row.split() for line in _WORDS.strip().splitlines() for row in line.split("|"))
    return {code: words for code, *words in rows}


def _folded(mark: str) -> str:
    folded = unicodedata.normalize("NFKC", mark).casefold()
    return "".join(char for char in folded if char != "." and not char.isspace() and unicodedata.category(char) != "Cf")
