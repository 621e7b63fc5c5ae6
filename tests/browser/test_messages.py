"""A person at the counter: scheduling, changing and seeing to messages in the browser."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from crm.accounts.services import change_organization
from crm.delivery import jobs
from crm.message_templates.services import add_template
from crm.messages import services
from crm.messages.channels.whatsapp import WHATSAPP
from crm.values import clock
from tests.browser.steps import sign_in
from tests.factories import Cast, make_customer
from tests.product import RunningApp

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def counter(page: Page, running_app: RunningApp, cast: Cast, app: Flask) -> Page:
    """The home page, with staff signed in, Siti to write to, and one reminder for Budi."""
    with cast.owner.acting():
        change_organization(cast.owner.organization_id, {"sms_gateway": "console"})
        make_customer(name="Siti Rahma", phone="0812-3456-7890")
        budi = make_customer(name="Budi Santoso", phone="0813-1111-2222")
        services.schedule_message(budi, WHATSAPP, "Your cake is ready.", clock.utcnow())
    with app.app_context():
        jobs.deliver_due()
    sign_in(page, running_app.url, cast.staff)
    return page


def test_a_message_is_scheduled_in_a_window_that_says_what_will_happen(counter: Page) -> None:
    counter.get_by_role("row", name="Siti Rahma").hover()
    counter.get_by_role("link", name="Schedule message to Siti Rahma").click()
    window = counter.get_by_role("dialog", name="Schedule message to Siti Rahma")
    expect(window.get_by_label("Message", exact=True)).to_be_focused()
    counter.keyboard.type("See you soon")
    window.get_by_label("SMS").check()
    window.get_by_text("Pick a time").click()
    window.get_by_label("Or on a date and time").fill("2027-11-22T09:00")

    expect(
        window.get_by_text("On Monday 22 November 2027 at 09:00 (Asia/Jakarta), by SMS, to +62 812-3456-7890.")
    ).to_be_visible()
    expect(window.get_by_text("1 SMS, 12 characters")).to_be_visible()
    window.get_by_role("button", name="Schedule message").click()

    expect(window).to_be_hidden()
    expect(counter.get_by_text("Message scheduled.")).to_be_visible()
    expect(counter.get_by_role("row", name="Siti Rahma")).to_contain_text("Mon 22 Nov 2027 09:00 SMS")
    expect(counter.get_by_role("link", name="Schedule message to Siti Rahma")).to_be_focused()


def test_a_whatsapp_for_tomorrow_takes_three_taps_and_a_text(counter: Page) -> None:
    counter.get_by_role("row", name="Siti Rahma").hover()
    counter.get_by_role("link", name="Schedule message to Siti Rahma").click()
    window = counter.get_by_role("dialog")
    expect(window.get_by_label("Message", exact=True)).to_be_focused()
    counter.keyboard.type("Your cake is ready")
    window.get_by_text("Next week").click()
    expect(window.get_by_text("by WhatsApp, to +62 812-3456-7890.")).to_be_visible()
    window.get_by_text("Tomorrow 09:00").click()
    window.get_by_role("button", name="Schedule message").click()
    expect(counter.get_by_role("row", name="Siti Rahma")).to_contain_text("Tomorrow 09:00 WhatsApp")


def test_a_mistake_keeps_the_window_and_what_was_typed(counter: Page) -> None:
    counter.get_by_role("row", name="Siti Rahma").hover()
    counter.get_by_role("link", name="Schedule message to Siti Rahma").click()
    window = counter.get_by_role("dialog")
    window.get_by_label("Message", exact=True).fill("See you")
    window.get_by_text("Pick a time").click()
    window.get_by_label("Send in … days").fill("-4")
    window.get_by_role("button", name="Schedule message").click()

    expect(
        window.get_by_role("alert").get_by_role("link", name="Enter a number of days from 0 to 731.")
    ).to_be_visible()
    expect(window.get_by_label("Message", exact=True)).to_have_value("See you")


def test_a_reminder_is_done_and_undone(counter: Page) -> None:
    reminders = counter.get_by_role("region", name="Due reminders")
    expect(reminders.get_by_role("link", name="WhatsApp to Budi Santoso")).to_have_attribute(
        "href", "https://wa.me/6281311112222?text=Your%20cake%20is%20ready."
    )
    reminders.get_by_role("button", name="Mark as done for Budi Santoso").click()
    expect(reminders).to_have_count(0)

    counter.get_by_role("button", name="Undo").click()

    expect(counter.get_by_text("Undone. It's due again.")).to_be_visible()
    expect(reminders.get_by_role("button", name="Mark as done for Budi Santoso")).to_be_visible()
    assert counter.evaluate("document.activeElement !== document.body")


def test_a_message_is_changed_and_canceled_on_the_customers_page(counter: Page) -> None:
    counter.get_by_role("link", name="Budi Santoso").first.click()
    panel = counter.get_by_role("region", name="Messages")
    expect(panel).to_contain_text("Ready to send")
    panel.get_by_label(re.compile("Actions for the message")).click()
    panel.get_by_role("link", name="Change").click()
    window = counter.get_by_role("dialog", name="Change message to Budi Santoso")
    window.get_by_label("Send in … days").fill("3")
    window.get_by_role("button", name="Save message").click()

    expect(panel).to_contain_text("Scheduled")
    panel.get_by_label(re.compile("Actions for the message")).click()
    panel.get_by_role("button", name="Cancel message").click()
    expect(panel).to_contain_text("Canceled")
    expect(panel.get_by_label(re.compile("Actions for the message"))).to_have_count(0)


def test_a_template_is_chosen_and_the_message_comes_again(counter: Page, cast: Cast) -> None:
    with cast.owner.acting():
        add_template({"name": "Rent", "channel": "sms", "body": "Hi {name}, the rent is due."})
    counter.get_by_role("row", name="Siti Rahma").hover()
    counter.get_by_role("link", name="Schedule message to Siti Rahma").click()
    window = counter.get_by_role("dialog", name="Schedule message to Siti Rahma")
    window.get_by_text("Pick a time").click()
    window.get_by_label("Or on a date and time").fill("2027-01-31T09:00")
    text = window.get_by_label("Message", exact=True)
    text.fill("My own words")
    window.get_by_label("Template").select_option("Rent (SMS)")
    expect(text).to_have_value("Hi Siti Rahma, the rent is due.")
    window.get_by_role("button", name="Put it back").click()
    expect(text).to_have_value("My own words")
    window.get_by_label("Template").select_option("Rent (SMS)")
    expect(text).to_have_value("Hi Siti Rahma, the rent is due.")
    expect(window.get_by_label("SMS")).to_be_checked()
    expect(window.get_by_label("Or on a date and time")).to_have_value("2027-01-31T09:00")

    window.get_by_text("Repeat", exact=True).click()
    window.get_by_label("How often").select_option("Monthly")
    expect(window.get_by_text("to +62 812-3456-7890. Then every month on the 31st or the last day.")).to_be_visible()
    window.get_by_role("button", name="Schedule message").click()
    expect(window).to_be_hidden()

    counter.get_by_role("link", name="Siti Rahma").first.click()
    panel = counter.get_by_role("region", name="Messages")
    expect(panel).to_contain_text("Repeats every month on the 31st or the last day, at 09:00, by SMS.")
    panel.get_by_role("button", name="Stop repeating").click()
    expect(panel).to_contain_text("Canceled")
    expect(panel).not_to_contain_text("Repeats")
    counter.get_by_role("button", name="Undo").click()
    expect(panel).to_contain_text("Repeats every month")
    expect(panel).to_contain_text("Scheduled")


def test_enter_schedules_although_another_button_comes_first(counter: Page, cast: Cast) -> None:
    with cast.owner.acting():
        add_template({"name": "Rent", "channel": "sms", "body": "Hi {name}"})
    counter.get_by_role("row", name="Siti Rahma").hover()
    counter.get_by_role("link", name="Schedule message to Siti Rahma").click()
    window = counter.get_by_role("dialog")
    window.get_by_label("Message", exact=True).fill("See you")
    window.get_by_text("Pick a time").click()
    window.get_by_label("Send in … days").press("Enter")
    expect(counter.get_by_text("Message scheduled.")).to_be_visible()


def test_a_template_is_written_with_a_preview_of_a_real_customer(
    page: Page, running_app: RunningApp, cast: Cast, app: Flask
) -> None:
    with cast.owner.acting():
        make_customer(name="Siti Rahma", phone="0812-3456-7890")
        make_customer(name="Ayşe", phone="0813-1111-2222")
    sign_in(page, running_app.url, cast.manager)
    page.goto(f"{running_app.url}/settings/templates")
    page.get_by_role("link", name="Add template").click()
    window = page.get_by_role("dialog", name="Add template")
    window.get_by_label("Name", exact=True).fill("Rent")
    window.get_by_label("SMS").check()
    window.get_by_label("Text", exact=True).fill("Hi {name}, the rent of {month} is due." + "." * 60)
    expect(window.get_by_text("There is no field {month}.")).to_be_visible()
    window.get_by_label("Text", exact=True).fill("Hi {name}, the rent is due." + "." * 60)
    window.get_by_label("Preview for").fill("Ay")
    expect(window.get_by_text("“ş” makes this 2 parts instead of 1.")).to_be_visible()
    window.get_by_role("button", name="Save template").click()

    expect(window).to_be_hidden()
    expect(page.get_by_text("Rent added.")).to_be_visible()
    page.get_by_label("Actions for Rent").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("No templates yet")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("row", name="Rent")).to_be_visible()
