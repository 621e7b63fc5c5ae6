"""The messages of the demo shops."""

from __future__ import annotations

from typing import NamedTuple


class ShopMessage(NamedTuple):
    """To the person with this index, `days` from today at `time`; without a time, `days` minutes from now."""

    person: int
    channel: str
    body: str
    days: int
    time: str = ""
    status: str = "scheduled"
    reason: str = ""


JAKARTA = (
    ShopMessage(2, "whatsapp", "Hello, your pandan cake is ready. We are open until 20:00.", -25, status="reminder"),
    ShopMessage(
        4, "whatsapp", "Hello Ayu, shall we bake the birthday cake for Saturday again?", -90, status="reminder"
    ),
    ShopMessage(
        8, "whatsapp", "Good morning, here is the menu for Friday's catering. Is it all right?", -6, status="reminder"
    ),
    ShopMessage(
        3, "sms", "Your coffee beans have arrived.", -1, "10:00", "failed", "The number can't get this message."
    ),
    ShopMessage(0, "sms", "Hello Siti, thank you for your order. Pick-up is tomorrow from 9.", 150),
    ShopMessage(1, "whatsapp", "Hello Budi, may we confirm lunch boxes for 30 people?", 1, "09:00"),
    ShopMessage(5, "sms", "Your table for two is reserved for 19:00.", 1, "12:00"),
    ShopMessage(0, "whatsapp", "Hello Siti, how was the cake?", 2, "10:00"),
    ShopMessage(6, "whatsapp", "Good morning, the invoice for October is attached.", 2, "08:30"),
    ShopMessage(10, "sms", "Your nut-free cake is ready on Thursday from 15:00.", 3, "09:00"),
    ShopMessage(12, "whatsapp", "Hello Kartika, new flavours this week: klepon and durian.", 3, "16:00"),
    ShopMessage(14, "sms", "Your order is planned for Friday, 11:00.", 4, "08:00"),
    ShopMessage(20, "whatsapp", "Good day, may we send the offer for the faculty dinner?", 5, "09:30"),
    ShopMessage(17, "sms", "Your card is worth a free coffee this week.", 6, "10:00"),
    ShopMessage(25, "whatsapp", "Hello Gita, we open in Serpong next month!", 12, "10:00"),
    ShopMessage(33, "sms", "Your payment has arrived, thank you.", 6, "11:00"),
    ShopMessage(7, "sms", "Hello Dewi, your cake is ready.", -3, "14:00", "sent"),
    ShopMessage(9, "sms", "Your order is ready for pick-up.", -5, "09:15", "sent"),
    ShopMessage(11, "sms", "We are closed on Monday.", -8, "08:00", "sent"),
    ShopMessage(13, "sms", "Your lunch boxes leave the kitchen now.", -9, "11:20", "sent"),
    ShopMessage(0, "sms", "Hello Siti, your birthday voucher waits for you.", -20, "10:00", "sent"),
    ShopMessage(15, "sms", "Your beans are roasted today.", -12, "07:45", "sent"),
    ShopMessage(18, "sms", "Thank you for your visit!", -15, "18:00", "sent"),
    ShopMessage(22, "sms", "Your order is ready.", -2, "13:30", "sent"),
)
KARACHI = (
    ShopMessage(3, "whatsapp", "Assalam o alaikum, your passport is back from the embassy.", -40, status="reminder"),
    ShopMessage(0, "whatsapp", "Your Umrah papers are complete. Shall we book?", -10, status="reminder"),
    ShopMessage(1, "sms", "Your visa appointment is tomorrow at 10:00. Bring two photos.", 90),
    ShopMessage(2, "whatsapp", "Your flight leaves at 03:40. Be there by midnight.", 1, "18:00"),
    ShopMessage(5, "sms", "Web check-in for Dubai is open.", 2, "09:00"),
    ShopMessage(6, "whatsapp", "We need the passport numbers of your group.", 3, "11:00"),
    ShopMessage(4, "sms", "Last seats for Hunza in May.", -4, "12:00", "sent"),
)
