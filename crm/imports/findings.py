"""What was repaired in a row, or is wrong with it, in sentences that the database keeps."""

from __future__ import annotations

from typing import NamedTuple

from crm.values.language import N_
from crm.values.stored import stored


class Finding(NamedTuple):
    """What was repaired, or is wrong. `code` is the same for all of its kind; `suggestion` are values by field."""

    field: str
    code: str
    sentence: str
    suggestion: dict[str, str] | None = None


_SENTENCES = {
    # Repaired.
    "spaces": N_("Spaces around the value, or invisible signs in it, were left out."),
    "formula": N_('The value stood in a formula, as in ="0812", and was taken out of it.'),
    "apostrophe": N_("The apostrophe that a spreadsheet puts before a value was left out."),
    "default_mark": N_("The star of Google's default value was left out."),
    "link": N_("The link's beginning, like tel: or mailto:, was left out."),
    "error_value": N_("The cell holds an error of the spreadsheet. It was read as empty."),
    "nothing": N_("The cell says that there is no value. It was read as empty."),
    "number": N_("The spreadsheet wrote the number with decimals or an exponent. All digits are there."),
    "without_zero": N_("The number came without its first 0. It was read as one of your country."),
    "without_plus": N_("The number came with its country code, but without the plus sign."),
    "several_phones": N_(
        "There were several numbers. The first one that can be called was taken, the others are kept."
    ),
    "several_emails": N_("There were several e-mail addresses. The first one was taken, the others are kept."),
    "not_callable": N_("This number can't be called. It is kept as it was written."),
    "phone_to_notes": N_("A number that can't be called was put into the notes."),
    "email_to_notes": N_("An e-mail address that can't be right was put into the notes."),
    "email_in_text": N_("The e-mail address was taken out of the text around it."),
    "quoted_tags": N_("The quotation marks around the tags were left out."),
    "serial_day": N_("The spreadsheet's number of a day was read as a date."),
    "two_digit_year": N_("The year had two digits. It was read as the latest one that is over."),
    "unknown_answer": N_("This is neither yes nor no. Nothing was changed."),
    "unknown_language": N_("No messages are written in this language here. The field was left empty."),
    "stays_withdrawn": N_("Stays withdrawn: only the customer or staff can change it."),
    "stays_opted_out": N_("Is not recorded as given: the address is on the opt-out list."),
    # Wrong.
    "digits_lost": N_("Excel cut this number; the digits are gone. Upload the .xlsx itself, it still has them."),
    "too_many_digits": N_("Excel keeps 15 digits of a number; the last ones are gone. Type the number as text."),
    "swapped": N_("The phone number and the e-mail address are in each other's column."),
    "email_elsewhere": N_("This is an e-mail address, not a phone number."),
    "phone_elsewhere": N_("This is a phone number, not an e-mail address."),
    "email": N_("Enter an e-mail address like name@example.com."),
    "date": N_("This is not a day. Write it like 1990-04-30."),
    "future": N_("This birthday is in the future."),
    "id": N_("This is not the number of a customer. Leave the cell empty for a new one."),
}
for _text in _SENTENCES.values():
    stored(_text)
STAYS = frozenset({"stays_withdrawn", "stays_opted_out"})
"""What a file says and can't change."""
TOO_LONG = stored(N_("This is too long: there is room for %(limit)s characters."))


def finding(field: str, code: str, suggestion: dict[str, str] | None = None) -> Finding:
    if suggestion is None:
        return _plain(field, code)
    return Finding(field, code, str.__str__(_SENTENCES[code]), suggestion)


_made: dict[tuple[str, str], Finding] = {}


def _plain(field: str, code: str) -> Finding:
    found = _made.get((field, code))
    if found is None:
        found = _made[field, code] = Finding(field, code, str.__str__(_SENTENCES[code]))
    return found
