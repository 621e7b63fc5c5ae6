"""Forms of invoices and receipts."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from flask_wtf.file import MultipleFileField
from wtforms import HiddenField, SelectField, StringField, TextAreaField, ValidationError

from crm.accounts.queries import current_organization
from crm.invoices import queries
from crm.invoices.edits import Values
from crm.invoices.filenames import clean_filename
from crm.invoices.files import Upload, read_upload
from crm.invoices.models import Invoice
from crm.invoices.rules import (
    FILE_LIMITS,
    FILE_SENTENCES,
    FIRST_YEAR,
    MAX_FILES,
    MAX_NOTE,
    NO_RECEIPT,
    Refused,
    date_problem,
)
from crm.kernel.errors import SentenceError
from crm.values import clock, money
from crm.values.language import N_
from crm.values.language import gettext as _
from crm.values.stored import shown
from crm.web.filters import amount, day
from crm.web.forms import CreatingForm, Form, Length, options


class ReceiptsField(MultipleFileField):  # type: ignore[misc]  # flask_wtf has no types
    """`refused` has sentences by the position of the file."""

    names_each = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.refused: dict[int, str] = {}

    @property
    def limits(self) -> dict[str, object]:
        """Return what the page's script checks files by."""
        return {**FILE_LIMITS, "sentences": {name: _(sentence) for name, sentence in FILE_SENTENCES.items()}}


class ReceiptsForm(CreatingForm):
    receipt = ReceiptsField(N_("Receipts"))
    uploads: list[Upload]

    def validate_receipt(self, field: ReceiptsField) -> None:
        self.uploads = []
        files = field.data or []
        if len(files) > MAX_FILES:
            raise ValidationError(_("Choose %(most)s files at most. Add the others afterwards.", most=MAX_FILES))
        for place, file in enumerate(files):
            name = clean_filename(file.filename)
            try:
                self.uploads.append(read_upload(name, file.stream))
            except Refused as refused:
                sentence = field.refused[place] = shown(str(refused))
                named = _("%(file)s: %(problem)s", file=name, problem=sentence)
                field.errors = [*field.errors, named if len(files) > 1 else sentence]

    def explain(self, error: SentenceError) -> None:
        self.renew_key()
        self.form_errors.append(str(error))


class NewReceiptsForm(ReceiptsForm):
    missing = NO_RECEIPT

    def validate_receipt(self, field: ReceiptsField) -> None:
        if not field.data:
            raise ValidationError(_(self.missing))
        super().validate_receipt(field)


class InvoiceFields(Form):
    """What is known of an invoice; its amount is in `currency`."""

    amount = StringField(N_("Amount"))
    date = StringField(N_("Date"))
    note = TextAreaField(N_("Note"), [Length(MAX_NOTE)])
    booking = SelectField(N_("Booking"), coerce=str)
    parsed_amount: int
    day: dt.date

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = current_organization().currency
        self.today = clock.to_local(clock.utcnow(), clock.zone(current_organization().time_zone)).date()

    @property
    def booking_id(self) -> int | None:
        return int(self.booking.data or 0) or None if self.booking else None

    def offer_bookings(self, customer_id: int, booking_id: int | None) -> None:
        """Offer the customer's bookings, and the one with `booking_id`."""
        bookings = dict(queries.bookings_to_pay(customer_id))
        if booking_id is not None:
            bookings[booking_id] = queries.booking_called(booking_id) or ""
        self.booking.choices = options([("", _("None")), *bookings.items()])
        if not bookings:
            del self.booking

    def validate_amount(self, field: StringField) -> None:
        try:
            self.parsed_amount = money.parse_amount(field.data or "", current_organization().locale, self.currency)
        except money.MoneyError as error:
            raise ValidationError(str(error)) from None

    def validate_date(self, field: StringField) -> None:
        self.day = _day(field.data or "")
        problem = self.problem_of(self.day)
        if problem:
            raise ValidationError(_(problem, year=FIRST_YEAR))

    def problem_of(self, day: dt.date) -> str | None:
        return date_problem(day, self.today)


class InvoiceForm(InvoiceFields, ReceiptsForm):
    receipt = ReceiptsField(N_("Receipts"))

    def __init__(self, *args: Any, customer_id: int, booking_id: int | None = None, **kwargs: Any) -> None:
        """Offer what is still to be paid for the booking with `booking_id`."""
        super().__init__(*args, **kwargs)
        self.offer_bookings(customer_id, booking_id)
        if booking_id is not None and not self.is_submitted():
            self.booking.data = str(booking_id)
            self.amount.data = typed_amount(max(0, queries.balance_of(booking_id)), self.currency)
        if not self.date.data:
            self.date.data = self.today.isoformat()


class EditInvoiceForm(InvoiceFields):
    """`version` is that of the invoice that the form was filled from."""

    version = HiddenField()

    def __init__(self, invoice: Invoice) -> None:
        super().__init__()
        self.invoice, self.currency = invoice, invoice.currency
        # A booking of another branch, which the user doesn't see, stays.
        if invoice.booking_id is None or queries.booking_called(invoice.booking_id) is not None:
            self.offer_bookings(invoice.customer_id, invoice.booking_id)
        else:
            del self.booking
        if not self.is_submitted():
            self.amount.data = typed_amount(invoice.amount, invoice.currency)
            self.date.data, self.note.data = invoice.date.isoformat(), invoice.note
            self.version.data = invoice.version
            if self.booking:
                self.booking.data = str(invoice.booking_id or "")

    def values(self) -> Values:
        values = Values(amount=self.parsed_amount, date=self.day, note=self.note.data or "")
        return values | {"booking_id": self.booking_id} if self.booking else values

    def say_stale(self, invoice: Invoice) -> None:
        """Say what somebody made of the invoice meanwhile; saving again replaces that."""
        sentence = N_(
            "This invoice was changed after you opened it: it is %(amount)s, %(date)s now. Check yours, then save it."
        )
        shown = amount(invoice.amount, invoice.currency)
        self.form_errors.append(_(sentence, amount=shown, date=day(invoice.date, inside=True)))
        self.version.data = invoice.version

    def problem_of(self, day: dt.date) -> str | None:
        """Let a date stay that was right where the invoice was entered."""
        return None if day == self.invoice.date else super().problem_of(day)


def typed_amount(amount: int, currency: str) -> str:
    """Write an amount as a field shows it; "" for none."""
    return money.as_typed(amount, currency, current_organization().locale) if amount else ""


def _day(text: str) -> dt.date:
    sentence = N_("Enter the invoice's date, like 2026-11-20.")
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        raise ValidationError(sentence)
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise ValidationError(sentence) from None
