"""Fields of the JSON API: strict types, text cleaned as in forms, problems as sentences."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from marshmallow import ValidationError, fields

from crm.accounts.access import here
from crm.people.contact_fields import BIRTHDAY_SENTENCE, EXTENSION_SENTENCE
from crm.people.limits import LIMITS
from crm.values import birthdays, clock, money
from crm.values.language import LANGUAGES
from crm.values.text import clean_line, clean_text, shorten

MAX_ID = 2**63 - 1
MAX_NUMERAL = 40
"""Characters, for a whole number sent as text."""

MAX_DIGITS = 10**15 - 1
"""E.164: at most 15 digits."""


class Number(fields.Integer):
    default_error_messages = {"invalid": "Send a whole number.", "range": "Send a whole number from {low} to {high}."}

    def __init__(self, low: int = 1, high: int = MAX_ID, **options: Any) -> None:
        self.low, self.high = low, high
        options["metadata"] = {"minimum": low, "maximum": high, **options.get("metadata", {})}
        super().__init__(strict=True, **options)

    def _validated(self, value: Any) -> int:
        if isinstance(value, bool):
            raise self.make_error("invalid")
        # JSON knows one kind of number: 50.0 is 50.
        number = super()._validated(int(value) if isinstance(value, float) and value.is_integer() else value)
        if not self.low <= number <= self.high:
            raise self.make_error("range", low=self.low, high=self.high)
        return number


class NumberOrDigits(Number):
    """A whole number, or its digits as text; `metadata["pattern"]` documents the texts in range."""

    def __init__(self, low: int, high: int, **options: Any) -> None:
        kinds = {"type": ["integer", "string"], "maxLength": MAX_NUMERAL}
        super().__init__(low, high, **{**options, "metadata": {**kinds, **options.get("metadata", {})}})

    def _validated(self, value: Any) -> int:
        if isinstance(value, str):
            if len(value) > MAX_NUMERAL or not re.fullmatch(r"-?[0-9]+", value, re.ASCII):
                raise self.make_error("invalid")
            value = int(value)
        return super()._validated(value)


class QueryNumber(Number):
    def _validated(self, value: Any) -> int:
        if not re.fullmatch(r"-?[0-9]{1,19}", value, re.ASCII):
            raise self.make_error("invalid")
        return super()._validated(int(value))


class YesNo(fields.Boolean):
    default_error_messages = {"invalid": "Send true or false."}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid")
        return value


class QueryYesNo(fields.Boolean):
    """`true`, `false`, 1 or 0 in a URL; empty asks for nothing."""

    default_error_messages = {"invalid": "Send true or false."}

    def __init__(self, **options: Any) -> None:
        kinds = {"type": ["boolean", "integer", "string"], "enum": [True, False, 1, 0, ""]}
        super().__init__(**{**options, "metadata": {**kinds, **options.get("metadata", {})}})

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not value:
            return None
        if value.lower() not in ("true", "false", "1", "0"):
            raise self.make_error("invalid")
        return value.lower() in ("true", "1")


class Text(fields.String):
    default_error_messages = {"invalid": "Send text."}
    clean = staticmethod(clean_text)
    may_be_empty = True

    def __init__(self, limit: int, **options: Any) -> None:
        self.limit = limit
        options["metadata"] = {"maxLength": limit, **options.get("metadata", {})}
        super().__init__(**{"allow_none": self.may_be_empty, **options})

    def deserialize(self, value: Any, attr: str | None = None, data: Any = None, **kwargs: Any) -> Any:
        """Return the text; null counts as missing where a text may be empty."""
        return super().deserialize("" if value is None and self.allow_none else value, attr, data, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = self.clean(typed := str(super()._deserialize(value, attr, data, **kwargs)))
        # The column has to have room for it, too: a few letters become longer when they are written in one way.
        over = max(len(typed), len(text)) - self.limit
        if over > 0:
            raise ValidationError(shorten("this", over, self.limit))
        return text


class TextLine(Text):
    clean = staticmethod(clean_line)


class Extension(TextLine):
    def __init__(self) -> None:
        super().__init__(LIMITS["phone_extension"], metadata={"pattern": "^[0-9]{0,7}$"})

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if isinstance(value, str) and not re.fullmatch("[0-9]*", value):
            raise ValidationError(str(EXTENSION_SENTENCE))
        return super()._deserialize(value, attr, data, **kwargs)


class LanguageCode(TextLine):
    """The language of a customer's messages, "" for the organization's; `ContactFields` refuses others."""

    def __init__(self) -> None:
        description = "Of their messages; empty for the organization's."
        super().__init__(LIMITS["language"], metadata={"enum": ["", *LANGUAGES, None], "description": description})


class Birthday(TextLine):
    """A day with its year, or without; "" and null mean none."""

    default_error_messages = {"invalid": str(BIRTHDAY_SENTENCE), "future": "This birthday is in the future."}

    def __init__(self) -> None:
        description = "As 1990-02-14, or 02-14 without the year; empty for none."
        pattern = "^(([0-9]{4}-)?[0-9]{2}-[0-9]{2})?$"
        super().__init__(LIMITS["birthday"], metadata={"pattern": pattern, "description": description})

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        today = clock.to_local(clock.utcnow(), clock.zone(here().organization.time_zone)).date()
        try:
            is_over = value == "" or birthdays.is_over(value, today)
        except (TypeError, ValueError):
            raise self.make_error("invalid") from None
        if not is_over:
            raise self.make_error("future")
        return super()._deserialize(value, attr, data, **kwargs)


NOT_BLANK = "x-says-something"
"""Marks a text that may not be blank; the document has a pattern in its place."""


class PhoneLine(TextLine):
    """A phone number; also as a JSON number."""

    def __init__(self, limit: int, **options: Any) -> None:
        text, number = {"type": "string", "maxLength": limit}, {"type": "integer", "minimum": 0, "maximum": MAX_DIGITS}
        options["metadata"] = {"anyOf": [text, number, {"type": "null"}]}
        super().__init__(limit, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= MAX_DIGITS:
            value = str(int(value)) if value == int(value) else value
        return super()._deserialize(value, attr, data, **kwargs)


class RequiredLine(TextLine):
    """A line that may not be blank; `sentence` is the error."""

    may_be_empty = False

    def __init__(self, limit: int, sentence: str, **options: Any) -> None:
        options["metadata"] = {NOT_BLANK: True, "minLength": 1, **options.get("metadata", {})}
        messages = {"required": sentence, "null": sentence, "empty": sentence}
        super().__init__(limit, error_messages=messages, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if not text:
            raise self.make_error("empty")
        return text


class RequiredText(RequiredLine):
    """Text of several lines that may not be blank."""

    clean = staticmethod(clean_text)


class Email(TextLine):
    """An e-mail address; null and "" mean none."""

    def __init__(self, limit: int, **options: Any) -> None:
        address = {"type": "string", "format": "email", "maxLength": limit}
        options["metadata"] = {"anyOf": [address, {"type": "null"}, {"const": ""}]}
        super().__init__(limit, **options)


class Timestamp(fields.DateTime):
    """An ISO 8601 time; the offset is required, answers are in UTC."""

    default_error_messages = {"invalid": "Send a date and time with its offset, like 2026-11-24T02:00:00Z."}

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dt.datetime:
        if not isinstance(value, str) or not _MOMENT.fullmatch(value):
            raise self.make_error("invalid")
        try:
            # Python takes six digits of a second at most, the format as many as one likes.
            return dt.datetime.fromisoformat(_LONG_FRACTION.sub(r"\1", value.upper())).astimezone(dt.UTC)
        except (ValueError, OverflowError):
            raise self.make_error("invalid") from None


_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?([Zz]|[+-][0-9]{2}:?[0-9]{2})"
)
_LONG_FRACTION = re.compile(r"(\.[0-9]{6})[0-9]+")


class Money(fields.String):
    """An amount as text with the currency's decimals, but at least two: `2500000.00`, `1.250` in KWD."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str:
        return money.to_json(value, getattr(obj, "currency", None) or here().organization.currency)


class MoneyOrNone(Money):
    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return None if value is None else super()._serialize(value, attr, obj, **kwargs)


class Amount(fields.Field[int]):
    """An amount, sent as text (`1500.50`) or as a number with up to the currency's decimals."""

    default_error_messages = {"invalid": 'Send the amount as a text with a point, like "1500.50".'}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise self.make_error("invalid")
        try:
            return money.from_json(value, here().organization.currency)
        except money.MoneyError as error:
            raise ValidationError(str(error)) from None


class AmountOrNothing(Amount):
    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        places = money.scale(here().organization.currency)
        nothing = rf"0{{1,10}}(\.0{{1,{places}}})?"
        is_nothing = re.fullmatch(nothing, value, re.ASCII) if isinstance(value, str) else value == 0
        if is_nothing and not isinstance(value, bool):
            return 0
        return super()._deserialize(value, attr, data, **kwargs)


DECIMALS = (
    "Two decimals at most, as a number too; three in a currency that has them, as KWD, and whole amounts in one "
    "without, as JPY."
)
LARGEST = float("9" * money.MAX_DIGITS + ".999")
WRITTEN = r"^-?[0-9]+\.[0-9]{2,3}$"
"""The pattern of an amount in answers."""

AMOUNT = {
    "type": ["string", "number"],
    "description": DECIMALS,
    "pattern": r"^(?!0+(\.0{1,3})?$)[0-9]{1,10}(\.[0-9]{1,3})?$",
    "minimum": 0.001,
    "maximum": LARGEST,
    "examples": ["150000.00"],
}


AMOUNT_OR_NOTHING = {
    "type": ["string", "number"],
    "description": DECIMALS,
    "pattern": r"^[0-9]{1,10}(\.[0-9]{1,3})?$",
    "minimum": 0,
    "maximum": LARGEST,
    "examples": ["2500000.00"],
}


class Day(fields.Date):
    default_error_messages = {"invalid": "Send a date like 2026-11-24."}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dt.date:
        if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
            raise self.make_error("invalid")
        return super()._deserialize(value, attr, data, **kwargs)


class Average(fields.Float):
    """The average of a customer's orders; the attribute is their total."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> float:
        unit = money.unit(here().organization.currency)
        return float(round(value / obj.total_orders) / unit) if obj.total_orders else 0.0


class Tenant(fields.Field[Any]):
    """An organization by its id or short name; the view checks which."""

    default_error_messages = {"invalid": "Tenant not found"}

    def __init__(self) -> None:
        kinds = {"type": ["integer", "string"]}
        super().__init__(allow_none=True, metadata={**kinds, "description": "No other one than is acted in."})

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise self.make_error("invalid")
        return value


class TenantName(fields.String):
    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str:
        return here().organization.name
