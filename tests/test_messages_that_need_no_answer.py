"""Which messages nobody has to answer. A mistake one way is a ping too many, the other way a customer unseen."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import mail
from bot.clock import automatic, hints, phrases, uncounted, waiting
from bot.model import Attachment, Conversation, Person, Status, Thread

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
MARK = Person(1, "customer", "Mark", "Moore", "mark@example.org")
ANA = Person(7, "user", "Ana", "Alves", "ana@example.org")
OOO, BOUNCE, MADE, THANKS = "an out-of-office answer", "a bounce", "an automatic message", "bare thanks"


def conversation(
    body: str,
    *,
    writer: str = "mark@example.org",
    subject: str = "Printer on fire",
    agent: str = "Done.",
    first: bool = False,
    files: int = 0,
) -> Conversation:
    """Mark asks, Ana says something, and somebody writes this; or, `first`, this is all."""
    who = Person(1, "customer", "Mark", "Moore", writer)
    before = (
        Thread(1, "customer", "published", NINE, body="It burns.", created_by=MARK, customer=MARK),
        Thread(
            2, "message", "published", NINE + timedelta(minutes=5), body=agent, created_by=ANA, customer=MARK
        ),
    )
    attached = tuple(Attachment(at, f"{at}.pdf") for at in range(files))
    last = Thread(
        3,
        "customer",
        "published",
        NINE + timedelta(minutes=9),
        body=mail.to_html(body),
        created_by=who,
        customer=who,
        attachments=attached,
    )
    return Conversation(
        id=5,
        number=412,
        mailbox_id=1,
        status=Status.ACTIVE,
        state="published",
        subject=subject,
        created_at=NINE,
        updated_at=NINE,
        customer=MARK,
        latest_reply_from="customer",
        threads=(last,) if first else (*before, last),
    )


def why(body: str, **more: object) -> str:
    one = conversation(body, **more)  # type: ignore[arg-type]
    return automatic.reason(one, one.threads[-1])


@pytest.mark.parametrize(
    "body",
    [
        "I am out of the office until 9 March with limited access to email. For urgent matters please contact support@example.net.\n\nBest regards\nMark Moore",
        "Thank you for your message. I am currently on annual leave and will be back on Monday, 9 March 2026. I will reply as soon as I return.",
        "Hello,\n\nI'm away from my desk until Monday. Your email will not be forwarded.\n\nKind regards,\nMark",
        "I will be on parental leave from 1 March to 30 June. In urgent cases call +49 30 1234567.",
        "Our office is closed until 7 January. We will respond to your message when we return.",
        "Guten Tag,\n\nich bin bis 9. März nicht im Büro. In dringenden Fällen: vertretung@example.org.\n\nMark Moore",
        "Vielen Dank für Ihre Nachricht. Ich bin vom 1. bis 14. August im Urlaub und ab dem 15. August wieder erreichbar. Ihre E-Mail wird nicht weitergeleitet.\n\nMit freundlichen Grüßen\nMark Moore",
        "Ich befinde mich bis zum 12.03. in Elternzeit. Bitte wenden Sie sich an meine Kollegin anna@example.de.",
        "Bonjour,\n\nJe suis absent du bureau jusqu'au 9 mars. En cas d'urgence, merci de contacter support@example.fr.\n\nCordialement,\nMark Moore",
        "Hola,\nestoy fuera de la oficina hasta el 9 de marzo. Para asuntos urgentes contacte con soporte@example.es.\nSaludos\nMark",
        "Buongiorno,\nsono fuori ufficio fino al 9 marzo. Per urgenze contattare supporto@example.it.\nCordiali saluti\nMark",
        "Olá,\nestou fora do escritório até 9 de março. Para assuntos urgentes contacte suporte@example.pt.\nCumprimentos\nMark",
        "Hallo,\n\nIk ben niet aanwezig tot 9 maart. Voor dringende zaken kunt u contact opnemen met support@example.nl.\n\nMet vriendelijke groet,\nMark",
        "Hej,\njag är på semester till den 9 mars. Vid brådskande ärenden kontakta support@example.se.\nVänliga hälsningar\nMark",
        "Hej,\njeg er på ferie til den 9. marts. Haster det, så skriv til support@example.dk.\nVenlig hilsen\nMark",
        "Dzień dobry,\njestem na urlopie do 9 marca. W pilnych sprawach proszę o kontakt: support@example.pl.\nPozdrawiam\nMark",
        "Здравствуйте!\nЯ в отпуске до 9 марта. По срочным вопросам пишите на support@example.ru.\nС уважением\nMark",
        "Merhaba,\n9 Mart'a kadar izindeyim.",
        "3月9日まで不在にしております。お急ぎの場合は support@example.jp までご連絡ください。",
        "我正在休假，3月9日返回。如有急事请联系 support@example.cn。",
    ],
)
def test_an_out_of_office_answer_is_not_waited_for(body: str) -> None:
    assert why(body) == OOO


@pytest.mark.parametrize(
    ("body", "more", "expected"),
    [
        (
            "This is the mail system at host mx.example.org.\n\nI'm sorry to have to inform you that your message could not be delivered.\n\nFinal-Recipient: rfc822; a@example.net\nAction: failed\nStatus: 5.1.1",
            {"writer": "MAILER-DAEMON@mx.example.org"},
            BOUNCE,
        ),
        ("Anything at all", {"writer": "mailer-daemon@googlemail.com"}, BOUNCE),
        (
            "Delivery has failed to these recipients or groups:\n\na@example.net\nDiagnostic-Code: smtp;550 5.1.1 user unknown",
            {"writer": "postmaster@example.onmicrosoft.com"},
            BOUNCE,
        ),
        (
            "Your message wasn't delivered to a@example.net because the address couldn't be found.\nStatus: 5.1.1",
            {"writer": "mark@example.org"},
            BOUNCE,
        ),
        (
            "The message is attached.",
            {"writer": "postmaster@example.org", "subject": "Undeliverable: Your invoice", "first": True},
            BOUNCE,
        ),
        (
            "This is an automated response. We have received your request and will answer within two days. Ticket #4711.",
            {},
            MADE,
        ),
        (
            "Please do not reply to this e-mail. Your parcel will arrive on Tuesday.",
            {"writer": "no-reply@parcels.example"},
            MADE,
        ),
        ("Diese E-Mail wurde automatisch erstellt. Ihre Anfrage ist bei uns eingegangen.", {}, MADE),
        ("Ceci est un message automatique. Nous avons bien reçu votre demande.", {}, MADE),
        ("Este es un mensaje automático. Hemos recibido su solicitud.", {}, MADE),
        (
            "I am on leave until 9 March.\nMark Moore",
            {"subject": "Automatic reply: Printer", "first": True},
            OOO,
        ),
    ],
)
def test_bounces_and_what_machines_write_are_not_waited_for(
    body: str, more: dict[str, object], expected: str
) -> None:
    assert why(body, **more) == expected


@pytest.mark.parametrize(
    "body",
    [
        "Thanks!",
        "Thank you so much for your quick help, Ana!",
        "Hi Ana,\n\nthat works now. Thanks a lot!\n\nBest regards\nMark",
        "Great, thank you 👍",
        "It works again, many thanks. Have a nice weekend!",
        "thx",
        "Perfect. Thanks for the fast reply.",
        "Problem solved. Thank you!",
        "Danke, hat geklappt 👍",
        "Hallo Ana,\n\nvielen Dank für die schnelle Hilfe!\n\nViele Grüße\nMark",
        "Super, jetzt geht es wieder. Danke schön!",
        "Merci beaucoup pour votre aide !",
        "¡Muchas gracias, ya funciona!",
        "Grazie mille, funziona tutto.",
        "Muito obrigado pela ajuda!",
        "Bedankt, het werkt weer!",
        "Tack så mycket för hjälpen!",
        "Mange tak, det virker nu.",
        "Dziękuję bardzo, działa.",
        "Kiitos paljon!",
        "Спасибо большое, всё работает!",
        "ありがとうございました。",
        "谢谢您的帮助！",
        "감사합니다!",
        "Thanks!\n\nSent from my iPhone",
        "Thank you\n\nOn Mon, 2 Mar 2026 at 09:05, Ana <support@example.org> wrote:\n> Done. Does it work now?",
        "Okay, thanks!",
    ],
)
def test_bare_thanks_are_not_waited_for(body: str) -> None:
    assert why(body) == THANKS


@pytest.mark.parametrize(
    ("body", "more"),
    [
        ("Thanks, but it still does not work", {}),
        ("Thanks, it does not work", {}),
        ("Thanks for nothing.", {}),
        ("Thanks! One more thing: where is my invoice", {}),
        ("Thanks. Is it working now?", {}),
        ("Thanks, is it fixed", {}),
        ("No thanks", {}),
        ("Yes please, thanks", {}),
        ("Thank you, please go ahead", {}),
        ("Thanks in advance for calling me back", {}),
        ("Ok", {}),
        ("Perfect", {}),
        ("👍", {}),
        ("Okay, thanks!", {"agent": "Shall we refund it?"}),
        ("Thanks", {"files": 1}),
        ("Thanks", {"first": True}),
        ("Danke, geht aber immer noch nicht", {}),
        ("Danke, und wann kommt die Rechnung", {}),
        ("Danke, hat leider nicht geklappt", {}),
        ("Merci, mais ça ne marche pas", {}),
        ("Merci, ça marche pas", {}),
        ("Danke, jetzt geht es wieder nicht", {}),
        ("Tack, det fungerar inte", {}),
        ("Bedankt, het werkt niet", {}),
        ("Dzięki, nie działa", {}),
        ("Grazie, non funziona", {}),
        ("Teşekkürler, çalışmıyor", {}),
        ("谢谢，还是不行", {}),
        ("ありがとうございます。まだ動きません。", {}),
        ("I am on holiday. Use mark2@example.org for the password reset from now on.", {}),
        ("I am on leave. The old address is gone.", {}),
        ("I am on leave until 9 March.", {"first": True}),
        ("I am on leave. My account is locked.", {"first": True}),
        ("I am on leave. My account is locked.", {"first": True, "subject": "Automatic reply: Help"}),
        ("I am on leave. My garden is green.", {"first": True, "subject": "Automatic reply: Help"}),
        ("I am on leave. In urgent cases contact my colleague, my account is locked.", {}),
        ("Ich bin im Urlaub. Meine Kollegin hat das Passwort nicht.", {}),
        ("Thank you in advance", {}),
        ("Thanks, please confirm", {"agent": "Done."}),
        ("Vielen Dank im Voraus!", {}),
        ("Thanks. The same problem again", {}),
        ("I am on holiday. Money out!", {}),
        ("Gracias, pero no funciona", {}),
        ("Спасибо, но не работает", {}),
        ("I am out of office until Monday, please call me: the server burns!", {}),
        ("I'm on vacation next week so I need the refund before Friday.", {}),
        ("I am on vacation and my account is locked.", {}),
        ("Before I am on vacation please send me the invoice.", {}),
        ("I am out of the office on Friday. Could you call on Monday?", {}),
        ("My colleague is out of office and the delivery never came.", {}),
        ("Ich bin im Urlaub und der Drucker brennt.", {}),
        ("Ich bin ab morgen im Urlaub, bitte schicken Sie mir das Paket vorher.", {}),
        ("Why do I get this?\nFinal-Recipient: rfc822; a@example.net\nStatus: 5.1.1", {}),
        (
            "I get this when I write to Bob.\nReporting-MTA: dns; mx.example.org\nFinal-Recipient: rfc822; bob@example.net\nAction: failed",
            {},
        ),
        (
            "Hello, I run the mail servers here. Your newsletter is rejected.",
            {"writer": "postmaster@example.org"},
        ),
        ("Name: Zoë\nMessage: the shop is down", {"writer": "noreply@shop.example"}),
        ("Automatic payment failed. The shop is down.", {"writer": "noreply@shop.example"}),
        ("How do I set one up", {"subject": "Automatic reply: how to", "first": True}),
        ("Your system wrote to me: this is an automated message. Stop it.", {}),
        ("", {}),
    ],
)
def test_in_doubt_a_message_counts(body: str, more: dict[str, object]) -> None:
    assert why(body, **more) == ""


def test_what_is_not_counted_neither_starts_a_wait_nor_begins_one_anew() -> None:
    thanks = conversation("Thanks!")
    assert waiting(thanks) is None
    assert [(entry.thread.id, entry.why) for entry in uncounted(thanks)] == [(3, THANKS)]
    asked, _, last = thanks.threads
    without = Conversation(
        **{**{name: getattr(thanks, name) for name in thanks.__slots__}, "threads": (asked, last)}
    )
    wait = waiting(without)
    assert wait is not None
    assert (wait.since, wait.thread, wait.asked) == (NINE, 1, 1)


@pytest.mark.parametrize(
    "path", sorted((Path(__file__).parent / "mails").glob("*.html")), ids=lambda path: path.stem
)
def test_of_the_mails_that_people_wrote_none_is_taken_for_a_machines(path: Path) -> None:
    expected = {"out-of-office": OOO, "bounce-report": BOUNCE}
    one = conversation("")
    last = Thread(
        9,
        "customer",
        "published",
        NINE + timedelta(hours=1),
        body=path.read_text(encoding="utf-8"),
        created_by=MARK,
    )
    found = automatic.reason(one, last)
    if path.stem in expected:
        assert found == expected[path.stem]
    else:
        assert found in ("", MADE) if path.stem == "auto-ticket-of-another-desk" else found in ("", THANKS)


@given(st.from_regex(re.compile(phrases.ABSENT.pattern), fullmatch=True))
def test_no_absence_is_without_the_letters_that_are_looked_for_first(text: str) -> None:
    assert any(some in text.lower() for some in hints.ABSENT)


@given(st.from_regex(re.compile(phrases.AUTOMATIC.pattern), fullmatch=True))
def test_no_notice_of_a_machine_is_without_the_letters_that_are_looked_for_first(text: str) -> None:
    assert any(some in text.lower() for some in hints.AUTOMATIC)


def test_a_verdict_is_remembered_without_the_words_and_depends_on_all_that_it_did() -> None:
    one = conversation("Okay, thanks", agent="Done.")
    assert automatic.reason(one, one.threads[-1]) == THANKS
    asked = conversation("Okay, thanks", agent="Shall I?")
    assert automatic.reason(asked, asked.threads[-1]) == ""
    assert automatic.reason(one, one.threads[-1]) == THANKS
    assert "thanks, " not in repr(automatic._VERDICTS).casefold()
