"""Invoices, receipts and points of the demo shops."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

from crm.accounts.queries import current_organization
from crm.invoices.files import Upload
from crm.invoices.queries import points_key
from crm.invoices.services import add_invoice
from crm.loyalty.services import change_points, earn
from crm.values import clock, money


class Sale(NamedTuple):
    person: int
    days_ago: int
    note: str
    lines: tuple[tuple[str, int], ...]
    has_receipt: bool = False


class Given(NamedTuple):
    person: int
    points: int
    reason: str


class Regular(NamedTuple):
    """Who came `times` times, every so many days, the last time `days_ago`; `amount` is that of each time."""

    person: int
    days_ago: int
    every: int
    times: int
    amount: int


SALES = {
    "demo": (
        Sale(0, 6, "Birthday cake", (("Pandan cake 24 cm", 42_500_000), ("Candles", 2_500_000)), True),
        Sale(0, 48, "", (("Klepon cake", 28_500_000),)),
        Sale(1, 3, "Lunch boxes for 30", (("Nasi box 30 x", 135_000_000), ("Delivery", 7_500_000)), True),
        Sale(3, 9, "", (("Gayo beans 1 kg", 31_000_000),)),
        Sale(4, 12, "Wedding cake, first half", (("Wedding cake", 250_000_000),), True),
        Sale(6, 20, "Office catering October", (("Catering 4 weeks", 960_000_000),), True),
        Sale(9, 5, "", (("Toraja beans 500 g", 16_500_000),)),
        Sale(12, 1, "", (("Cupcakes 24 x", 36_000_000),)),
        Sale(20, 30, "Faculty dinner", (("Dinner 80 guests", 1_200_000_000), ("Waiters", 160_000_000))),
        Sale(26, 14, "Flowers for the counter", (("Cake exchange", 12_000_000),)),
    ),
    "demo-travel": (
        Sale(0, 4, "Umrah package, deposit", (("Umrah 10 nights", 15_000_000),), True),
        Sale(2, 10, "", (("KHI-DXB return", 9_450_000),)),
        Sale(6, 2, "Group of five, deposit", (("Umrah 14 nights 5 x", 62_500_000),), True),
    ),
}
REGULARS = {
    "demo": (
        Regular(2, 63, 21, 7, 18_500_000),
        Regular(5, 4, 14, 6, 9_500_000),
        Regular(7, 35, 30, 5, 27_500_000),
        Regular(8, 95, 45, 4, 62_000_000),
        Regular(10, 16, 28, 4, 21_000_000),
        Regular(11, 120, 30, 5, 14_500_000),
        Regular(13, 210, 60, 3, 48_000_000),
        Regular(14, 8, 0, 1, 17_500_000),
        Regular(15, 26, 7, 6, 6_500_000),
        Regular(17, 150, 0, 1, 22_000_000),
        Regular(18, 45, 20, 3, 8_500_000),
        Regular(19, 75, 90, 2, 19_500_000),
        Regular(21, 240, 35, 4, 16_000_000),
        Regular(22, 2, 10, 4, 5_500_000),
        Regular(23, 300, 0, 1, 24_000_000),
        Regular(24, 58, 0, 1, 13_500_000),
        Regular(25, 110, 40, 2, 31_000_000),
        Regular(27, 180, 25, 3, 12_500_000),
        Regular(28, 22, 0, 1, 9_000_000),
    ),
}
POINTS = {
    "demo": (
        Given(0, -115, "Birthday voucher"),
        Given(4, -1_880, "Dinner for the parents"),
        Given(5, 60, "First visit"),
        Given(6, -8_640, "Coffee machine for the office"),
        Given(20, -12_240, "Lunch for the students"),
        Given(20, -500, "Coffee for the faculty"),
    ),
    "demo-travel": (Given(3, 100, "Brought a friend"),),
}


EARNED_PER = 1_000_00
"""Hundredths for one point."""


def fill(shop: str, customer_ids: Sequence[int]) -> None:
    organization = current_organization()
    unit = money.unit(organization.currency)
    today = clock.to_local(clock.utcnow(), clock.zone(organization.time_zone)).date()
    for sale in SALES[shop]:
        date, total = today - dt.timedelta(days=sale.days_ago), sum(amount for _what, amount in sale.lines)
        uploads = [_receipt(sale, date, total)] if sale.has_receipt else []
        invoice = add_invoice(customer_ids[sale.person], total * unit // 100, date, sale.note, uploads)
        if not organization.earn_points:
            reason = sale.note or sale.lines[0][0]
            earn(invoice.customer_id, total // EARNED_PER, points_key(invoice.id), f"Invoice {invoice.id}", reason)
    for regular in REGULARS.get(shop, ()):
        for time in reversed(range(regular.times)):
            date = today - dt.timedelta(days=regular.days_ago + time * regular.every)
            add_invoice(customer_ids[regular.person], regular.amount * unit // 100, date, "")
    for one in POINTS[shop]:
        change_points(customer_ids[one.person], one.points, one.reason)


def _receipt(sale: Sale, date: dt.date, total: int) -> Upload:
    organization = current_organization()
    paper = Image.new("RGB", (620, 420 + 48 * len(sale.lines)), (250, 248, 242))
    draw, ink = ImageDraw.Draw(paper), (45, 45, 50)
    small, large = ImageFont.load_default(26), ImageFont.load_default(38)
    draw.text((310, 60), organization.name, ink, large, anchor="mm")
    draw.text((310, 110), f"{date:%d/%m/%Y}", ink, small, anchor="mm")
    lines = [*sale.lines, ("TOTAL", total)]
    for row, (what, amount) in enumerate(lines):
        height = 180 + 48 * row + (24 if row == len(sale.lines) else 0)
        draw.text((40, height), what, ink, small)
        draw.text((580, height), f"{amount // 100:,}", ink, small, anchor="ra")
    draw.line((40, 186 + 48 * len(sale.lines), 580, 186 + 48 * len(sale.lines)), ink, 2)
    draw.text((310, paper.height - 60), "Thank you!", ink, small, anchor="mm")
    content = io.BytesIO()
    paper.rotate(1.2, expand=True, fillcolor=(120, 104, 92), resample=Image.Resampling.BICUBIC).save(
        content, "JPEG", quality=80
    )
    return Upload(f"receipt-{date:%Y-%m-%d}.jpg", "jpeg", content)
