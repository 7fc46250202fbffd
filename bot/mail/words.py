"""What mail programs write around the mail they quote, forward or sign, in the languages that they speak."""

import re

_WROTE = (
    "wrote|writes|schrieb|schreef|skrev|kirjoitti|a écrit|escribió|escreveu|ha scritto|a scris"
    r"|napisał(?:a|\(a\)|/a)?|pisze|napsal(?:a|\(a\))?|napísal(?:a|\(a\))?|написал(?:а|\(а\)|/а)?|пишет"
    r"|пише|написав(?:\(ла\))?|έγραψε|yazdı|şunları yazdı|ezt írta|írta|написа"
    "|写道|寫道|のメール|님이 작성|작성|כתב|כתבה|כתב/ה|كتب|كتبت|تمت كتابة ما يلي بواسطة|מאת"
)
_ADDRESS = re.compile(r"[^\s<>\[\]()@]{1,64}@[^\s<>\[\]()@]{1,255}")
_VERB = re.compile(rf"(?:\b|(?<=[^\x00-\x7f]))(?:{_WROTE})", re.IGNORECASE)
_VERB_LAST = re.compile(rf"(?:{_WROTE})\)?[^\w@]*$", re.IGNORECASE)
_CLOCK = re.compile(r"\d{1,2}[:.h]\d{2}")
_DATE = re.compile(r"\d{4}|\d{1,2}[./-]\d{1,2}[./-]\d{2}")

_DASHES = r"[-_–—*=]{2,}\s*"
_ORIGINAL = re.compile(
    rf"^{_DASHES}(?:original (?:message|appointment)|ursprüngliche nachricht|original-?nachricht"
    r"|message d['’]origine|message original|mensaje original|mensagem original|messaggio originale"
    r"|oorspronkelijk bericht|origineel bericht|(?:oryginalna wiadomość|wiadomość oryginalna)"
    r"|исходное сообщение|ursprungligt meddelande|originalmeddelande|oprindelig meddelelse"
    r"|opprinnelig melding|alkuperäinen viesti|původní zpráva|orijinal mesaj|原始邮件|原始郵件|元のメッセージ"
    r"|原始讯息|원본 메시지|please reply above this line)\s*[-_–—*=]{2,}\s*$"
    r"|^[-–—*\s]*please reply above this line[-–—*\s]*$",
    re.IGNORECASE,
)
_FORWARDED = re.compile(
    rf"^(?:{_DASHES})?(?:begin forwarded message|start of forwarded message|forwarded message"
    r"|anfang der weitergeleiteten nachricht|(?:weitergeleitete|weiter geleitete) (?:nachricht|e-?mail)"
    r"|début du message (?:transféré|réexpédié)|message transféré|inicio del mensaje reenviado"
    r"|mensaje reenviado|início da mensagem (?:re)?encaminhada|mensagem (?:re)?encaminhada"
    r"|inizio messaggio inoltrato|messaggio inoltrato|begin doorgestuurd bericht|doorgestuurd bericht"
    r"|początek przekazywanej wiadomości|(?:wiadomość przekazana dalej|przekazana wiadomość)"
    r"|начало переадресованного сообщения|(?:пересылаемое|перенаправленное) сообщение"
    r"|vidarebefordrat (?:mejl|meddelande)|start på videresendt besked"
    r"|videresendt (?:meddelelse|melding|besked)"
    r"|välitetty viesti alkaa|začátek přeposílané zprávy|továbbított levél kezdete|iletilen ileti"
    r"|початок листа, що пересилається|転送されたメッセージ|メッセージを転送|転送メッセージ"
    r"|转发的(?:消息|邮件)|轉寄郵件|已转发邮件)\s*[:：]?\s*(?:[-_–—*=]{2,})?\s*$",
    re.IGNORECASE,
)
_SUBJECT_FORWARDED = re.compile(
    r"^\s*(?:fwd?|wg|tr|rv|enc|i|doorst|pd|vb|vs|vl|转发|轉寄)\s*[:：]", re.IGNORECASE
)

_FROM = (
    "from|von|de|da|van|från|fra|od|от|від|lähettäjä|feladó|kimden|gönderen|remitente|expéditeur|发件人|發件人"
    "|寄件者|差出人|보낸 사람|מאת|من"
)
_SUBJECT = (
    "subject|betreff|objet|asunto|assunto|oggetto|onderwerp|ämne|emne|aihe|temat|тема|předmět|tárgy|konu|主题"
    "|主題|主旨|件名|제목|נושא|الموضوع"
)
_HEADERS = (
    f"{_FROM}|{_SUBJECT}|sent|date|to|cc|bcc|reply-to|gesendet|datum|an|envoyé|à|a|enviado|enviado el"
    "|enviada em|enviado em|fecha|para|data|inviato|verzonden|aan|skickat|till|sendt|dato|til|lähetetty"
    "|päivämäärä|vastaanottaja|wysłano|wysłane|do|dw|отправлено|дата|кому|копия|odesláno|komu|küldve|címzett|gönderildi"
    "|tarih|kime|发送时间|日期|收件人|抄送|寄件日期|收件者|副本|送信日時|日時|宛先|보낸 날짜|날짜|받는 사람"
    "|נשלח|תאריך|אל|تاريخ|تم الإرسال|التاريخ|إلى|kopie|copie"
)
_HEADER = re.compile(rf"^[*_\s\u200e\u200f]*(?:{_HEADERS})\s*[*_]*\s*[:：]", re.IGNORECASE)
_ABOUT = re.compile(rf"^[*_\s\u200e\u200f]*(?:{_SUBJECT})\s*[*_]*\s*[:：]", re.IGNORECASE)
_SENDER = re.compile(rf"^[*_\s\u200e\u200f]*(?:{_FROM})\s*[*_]*\s*[:：]", re.IGNORECASE)

_DELIMITER = re.compile(r"^--$")
_MOBILE = re.compile(
    r"^(?:sent (?:from|with|via|using) (?:my|mail|outlook|yahoo|proton|gmail|samsung|fairemail|k-9|aol|the)\b"
    r"|sent from (?:\w+ ){0,2}(?:iphone|ipad|galaxy|android|mobile)|sent with proton"
    r"|get outlook for |holen sie sich outlook für |obtenir outlook pour |télécharger outlook pour "
    r"|obtener outlook para |obter o outlook para |scarica outlook per |outlook voor .{1,20} downloaden"
    r"|virus-free\.\s?www\.avast"
    r"|von meinem .{1,30} gesendet|gesendet (?:von|mit|über) (?:meinem|der|mail|outlook|k-9|samsung|proton)"
    r"|diese nachricht wurde von meinem .{1,60} gesendet"
    r"|envoyé (?:de|depuis) (?:mon|mail|outlook|l['’])|enviado desde mi |enviado (?:do|a partir do) meu "
    r"|inviato da(?:l mio)? (?:iphone|ipad|mail|outlook|tele|smart)"
    r"|verzonden (?:vanaf|met|vanuit) (?:mijn|mail)"
    r"|wysłane? z (?:mojego |iphone|ipad)|wysłano z |отправлено с |odesláno z |skickat från min|sendt fra min"
    r"|lähetetty .{1,20}(?:iphone|ipad)|发自我的|從我的 ?(?:iphone|ipad)|iphoneから送信|ipadから送信"
    r"|나의 (?:iphone|ipad)에서 보냄|נשלח מה|أُ?رسلت من )",
    re.IGNORECASE,
)
_DISCLAIMER = re.compile(
    r"^\W*(?:legal (?:notice|disclaimer)|disclaimer|confidentiality (?:notice|note|statement))\b\W"
    r"|^\W*(?:this|the information (?:contained )?in this) (?:e-?mail|message|communication|transmission)"
    r".{0,200}\b(?:confidential|intended (?:solely|only|for)|privileged)"
    r"|^\W*if you (?:are not the intended recipient|have received this (?:e-?mail|message) in error)"
    r"|^\W*(?:diese|der inhalt dieser) (?:e-?mail|nachricht).{0,200}\b(?:vertraulich|bestimmt)"
    r"|^\W*ce (?:message|courriel|mail).{0,200}\bconfidentiel"
    r"|^\W*este (?:mensaje|correo|e-?mail).{0,200}\bconfidencial"
    r"|^\W*esta mensagem.{0,200}\bconfidencia"
    r"|^\W*(?:please )?consider the environment before printing",
    re.IGNORECASE,
)
_BELOW = re.compile(
    r"\b(?:fyi|for your information|zur (?:info|kenntnis)|pour info|per conoscenza|ter info|below"
    r"|beneath|in-?line|interspersed|in (?:red|blue|green|bold|capitals)|weiter unten|unten"
    r"|in rot|im text|ci-dessous|plus bas|en rouge|abajo|en rojo|abaixo|sotto|hieronder|poniżej|ниже"
    r"|nedan|nedenfor)\b|以下|下記|见下|見下|下面",
    re.IGNORECASE,
)


def attributes(text: str, *, quote_follows: bool) -> bool:
    """Say whether a line announces a quote: `On 2 March at 10:12 Ana wrote:`.

    Where no quote follows that can be told from what stands around it, the line must be plain about it: with
    the time of day, and a word for writing at its end or a date and an address.
    """
    text = text.strip().strip("*_ \u200e\u200f\u2068\u2069")
    if not text or len(text) > 400 or not text.endswith((":", "：")):
        return False
    without = _ADDRESS.sub(" @ ", text)
    dated, clocked, addressed = _DATE.search(without), _CLOCK.search(without), "@" in without
    if quote_follows:
        return bool(_VERB.search(without) or ((dated or clocked) and addressed))
    return bool(clocked and ((dated and addressed) or _VERB_LAST.search(without)))


def timed(text: str) -> bool:
    """Say whether a line names a time, outside of an e-mail address."""
    without = _ADDRESS.sub("@", text[:400])
    return bool(_CLOCK.search(without) or _DATE.search(without))


def breaks_off(text: str) -> bool:
    """Say whether a line is `-----Original Message-----`, behind which everything is an earlier mail."""
    return len(text) < 120 and bool(_ORIGINAL.search(text.strip()))


def forwards(text: str) -> bool:
    """Say whether a line begins a forwarded message."""
    return len(text) < 120 and bool(_FORWARDED.search(text.strip().strip("*_ ")))


def subject_forwards(subject: str) -> bool:
    """Say whether a subject is that of a forwarded mail."""
    return bool(_SUBJECT_FORWARDED.search(subject))


def heads(texts: list[str]) -> bool:
    """Say whether lines begin with the head of a mail: From, Sent, To, Subject, in any order.

    A booking goes from somewhere to somewhere as well: a head has a subject or an address.
    """
    if not texts or not _HEADER.search(texts[0][:60]):
        return False
    found = [text for text in texts[:6] if _HEADER.search(text[:60])]
    if len(found) < 3 or not any(_SENDER.search(text[:60]) for text in found):
        return False
    return any("@" in text[:400] or _ABOUT.search(text[:60]) for text in found)


def delimits(text: str) -> bool:
    """Say whether a line is the `-- ` that begins a signature. RFC 3676, 4.3."""
    return bool(_DELIMITER.search(text.strip()))


def signs(text: str) -> bool:
    """Say whether a line is what a telephone or a free mail program adds: `Sent from my iPhone`."""
    return len(text) < 120 and bool(_MOBILE.search(text.strip()))


def disclaims(text: str) -> bool:
    """Say whether a paragraph is the lawyers'."""
    return len(text) >= 60 and bool(_DISCLAIMER.search(text[:400]))


def points_below(text: str) -> bool:
    """Say whether somebody says that what they mean stands further down: `my answers in red below`."""
    return bool(_BELOW.search(text))
