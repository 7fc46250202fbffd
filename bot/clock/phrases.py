"""What absence, bounces and thanks sound like, in the languages that mail programs and customers speak.

Nothing here is sought in a text that might say more: `automatic` asks that all of a message is made of such
phrases. One that is missing makes somebody wait for an answer who needs none; one too many makes somebody
wait unseen.
"""

import re


def _any(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives), re.IGNORECASE)


ABSENT = _any(
    r"\bout of (?:the |my )?office\b|\baway from (?:my desk|the office|my e-?mails?|work)\b",
    r"\bnot in the office\b",
    r"\bon (?:annual |parental |maternity |paternity |sick |medical )?(?:leave|vacation|holidays?)\b",
    r"\bon a business trip\b|\bcurrently (?:away|unavailable|travell?ing)\b|\boffice (?:is"
    r"|will be) closed\b",
    r"\b(?:limited|no|restricted) access to (?:my )?e-?mails?\b",
    r"\bnicht im (?:büro|haus|dienst)\b|\bau(?:ß|ss)er haus\b|\babwesend\b|\babwesenheit\b|\bim urlaub\b",
    r"\bin (?:elternzeit|mutterschutz|den ferien)\b|\bauf dienstreise\b",
    r"\bnicht (?:persönlich )?erreichbar\b",
    r"\bbetriebsferien\b|\bbüro (?:ist|bleibt)\b.{0,40}\bgeschlossen\b",
    r"\b(?:suis|serai|sera|est) (?:actuellement )?(?:absente?|en congés?|en vacances|en déplacement)\b",
    r"\babsente? (?:du bureau|jusqu)|\bhors du bureau\b",
    r"\bfuera de (?:la |mi )?oficina\b|\bde vacaciones\b|\bestar[ée] ausente\b|\bausente hasta\b",
    r"\bfuori (?:ufficio|sede)\b|\bin ferie\b|\b(?:sono|sarò) assente\b|\bnon sono in ufficio\b",
    r"\bfora do escritório\b|\bde férias\b|\bem férias\b|\b(?:estou|estarei) ausente\b",
    r"\bniet (?:op kantoor|aanwezig|bereikbaar)\b|\bafwezig\b|\b(?:met|op) (?:vakantie|verlof)\b",
    r"\bint[e] på kontoret\b|\bpå semester\b|\bfrånvarande\b|\bföräldraledig\b",
    r"\bikke på kontoret\b|\bpå ferie\b|\bholder ferie\b|\bfraværende\b|\bute av kontoret\b",
    r"\bpoissa toimistolta\b|\b(?:olen )?lomalla\b|\ben ole tavoitettavissa\b",
    r"\bpoza biurem\b|\bna urlopie\b|\bnieobecn[ay]\b",
    r"\bmimo kancelář|\bna dovolené\b|\bnepřítomn?[aoe]?n?\b",
    r"\bofis dışında\b|\bizinde(?:yim)?\b|\bofiste (?:değilim|olmayacağım)",
    r"\bв отпуске\b|\bне в офисе\b|\bвне офиса\b|\bотсутств(?:ую|овать)|\bу відпустці\b|\bне в офісі\b",
    r"不在に?して|不在です|休暇中|休暇を|出張中|不在办公室|不在辦公室|休假|正在出差|부재중|휴가 ?중",
    r"خارج المكتب|في إجازة|לא במשרד|בחופשה",
)
"""Somebody is not there."""

_RETURNS = (
    (
        r"^\W*(?:and |und |et |y |e |en )?(?:i|we|ich|wir)? ?(?:'ll|will| shall)? ?(?:be )?(?:back"
        r"|return(?:ing)?)\b"
    ),
    (
        r"^\W*(?:ab|vom|bis|am|from|until|till|on|through|up to|jusqu|hasta|fino|até|tot|från|do|с"
        r"|до)\W.{0,40}\d"
    ),
    r"\b(?:wieder|zurück) (?:im büro|im haus|da|erreichbar|für sie|zurück|am)|\bwieder (?:für|ab)\b",
    r"^\W*je (?:serai de retour|reviens|reviendrai)|\bà mon retour\b|\bde retour\b|\bregreso\b|\brientr",
    r"\bretorno\b",
    r"\b(?:weer|terug) (?:op kantoor|aanwezig|bereikbaar|op)\b|\btillbaka\b|\btilbage\b|\btilbake\b",
    r"\bpalaan\b",
    r"\bwracam\b|\bpowroc|\bпо возвращении\b|\bвернусь\b|\bповернусь\b|戻り|返回|回来|돌아",
)
_DEPUTIES = (
    (
        r"\b(?:in|for|if|with)\b.{0,40}\b(?:urgent|emergenc|immediate)|\burgent (?:matters|cases|requests"
        r"|enquir)"
    ),
    (
        r"\b(?:contact|reach out to|write to|get in touch with|e-?mail|call|turn to) "
        r"(?:my (?:colleague|deputy|team|assistant)|our |the |\S+@\S|[+\d(])"
    ),
    r"\bin (?:dringenden|eiligen) (?:fällen|angelegenheiten)\b|\bmeine?[rn]? (?:vertretung|kolleg)",
    r"\b(?:wenden sie sich|kontaktieren sie|bitte an)\b|\bvertritt mich\b",
    r"\ben cas d'urgence\b|\b(?:contacter|adresser|joindre)\b.{0,30}(?:@|collègue|\d)|\bmon collègue\b",
    (
        r"\b(?:urgencias?|asuntos urgentes|caso urgente)\b|\b(?:contact[ea]r?|dir[ií]jase)\b.{0,40}(?:@"
        r"|compañer|\d)"
    ),
    r"\b(?:urgenze|casi urgenti|caso di urgenza)\b|\bcontattare\b.{0,40}(?:@|colleg|\d)",
    r"\b(?:urgência|assuntos urgentes|casos urgentes)\b|\bcontact[ea]r?\b.{0,40}(?:@|colega|\d)",
    r"\bdringende\b|\b(?:contact opnemen|neem contact)\b|\bbrådskande\b|\bhaster\b|\bkiireellis",
    r"\bpilnych\b|\bnaléhav|\bсрочн|\bтермінов|緊急|急ぎ|紧急|如有急事|긴급|급한",
)
_LATER = (
    r"\bwill (?:respond|reply|answer|get back|be (?:read|answered|processed)|read|review)\b",
    r"\b(?:as soon as|when|once|after) (?:possible|i (?:can|return|am back|get back))\b",
    r"\b(?:up)?on my return\b",
    r"\byour (?:e-?mail|message) (?:will|is|has|was)\b|\b(?:delayed?|slower) (?:response|repl)",
    (
        r"\b(?:ihre|deine|eure) (?:e-?mail|nachricht|mail|anfrage)\b.{0,60}\b(?:weitergeleitet|gelesen"
        r"|bearbeitet"
        r"|beantwort\w*|eingegangen)\b|\b(?:melde mich|antworte)\b.{0,40}\b(?:rückkehr|zurück|möglich)\b"
    ),
    r"\bje (?:vous )?(?:répondrai|traiterai|prendrai)\b|\bresponder[ée]\b|\brisponder[òo]\b|\bsvarar\b",
    r"\bsvarer\b",
    r"\bodpowiem\b|\bodpovím\b|\bотвечу\b|\bвідповім\b|\bvastaan\b|ご返信|ご連絡いたし|回复您|답장",
)
AUTOMATIC = _any(
    r"\bthis is an? (?:automat(?:ed|ic)|auto-?generated|automatically generated)\b",
    r"\bautomatic(?:ally)? generated\b",
    r"\bautomat(?:ed|ic) (?:reply|response|message|notification|e-?mail|acknowledge?ment)\b",
    r"\bauto-?reply\b",
    r"\bautomatisch(?:e|er)? (?:generiert|erstellt|erzeugt|versandt|verschickt|antwort|nachricht|e-?mail"
    r"|abwesenheit)",
    r"\b(?:message|réponse|courriel|e-?mail) automatique\b|\b(?:mensaje|respuesta|correo) automátic[oa]\b",
    r"\b(?:messaggio|risposta|e-?mail) automatic[oa]\b|\b(?:mensagem|resposta|e-?mail) automátic[oa]\b",
    r"\bautomatisch (?:antwoord|bericht|gegenereerd)|\bautomatis(?:kt?|erat|eret) (?:svar|meddelande|mail"
    r"|besked)",
    r"\bautomaattinen\b|\bautomatyczn|\bautomatick|\bавтоматическ|\bавтоматичн|自動(?:応答|返信|送信)|自动(?:回复|答复)",
    r"자동 ?(?:응답|회신)",
    r"\bdo not reply to this\b|\bplease do not reply\b|\bbitte (?:antworten sie )?nicht auf diese\b",
    r"\bne pas répondre à ce\b|\bno responda a este\b|\bnon rispondere a quest|\bnão responda a est",
)
"""It says of itself that no person wrote it."""

RECEIVED = _any(
    r"\b(?:have|has been|was) (?:successfully )?received\b|\breceived your\b|\bticket (?:has been|was"
    r"|number|id|#)",
    r"\b(?:ist|sind) bei uns eingegangen\b|\bhaben ihre .{0,40}erhalten\b|\bticket-?nummer\b",
    r"\bbien reçu\b|\bhemos recibido\b|\babbiamo ricevuto\b|\brecebemos\b|\bhebben (?:we "
    r"|wij )?uw\b.{0,40}\bontvangen\b",
    r"\bhar mottagit\b|\bhar modtaget\b|\botrzymaliśmy\b|\bполучили ваш|\b(?:受け付け|受付)|已收到|접수되",
)
"""It says that something has arrived."""

_POLITE = (
    r"^\W*(?:hi|hello|hey|dear|greetings|good (?:morning|day|afternoon|evening))\b[^.?]{0,40}$",
    (
        r"^\W*(?:hallo|liebe[rs]?|guten (?:tag|morgen|abend)|moin|grüezi|servus"
        r"|sehr geehrte[rs]?)\b[^.?]{0,50}$"
    ),
    (
        r"^\W*(?:bonjour|bonsoir|chère?|hola|buenos días|estimad[oa]|ciao|buongiorno|gentile|salve|olá"
        r"|bom dia"
        r"|beste|geachte|goedendag|hej|hei|dzień dobry|witam|dobrý den|merhaba|здравствуйте|добрый день"
        r"|вітаю|добрий день)"
        r"(?:\W[^.?]{0,40})?$"
    ),
    (
        r"^\W*thank(?:s| you)(?: very much| so much)? for (?:your|the|contacting|writing|reaching"
        r"|getting in)\b"
    ),
    r"^\W*(?:vielen dank|herzlichen dank|besten dank|danke) für (?:ihre|deine|eure|die|das)\b",
    r"^\W*merci (?:pour|de) votre\b|^\W*gracias por (?:su|tu|contact)|^\W*grazie per (?:la|il|aver)",
    r"^\W*obrigad[oa] (?:pelo|pela|por)|^\W*(?:bedankt|dank) voor (?:uw|je)\b|^\W*tack för\b",
    r"^\W*tak for\b|^\W*takk for\b",
    r"^\W*kiitos\b|^\W*dziękuję za\b",
    r"^\W*děkuji za\b|^\W*спасибо за\b|^\W*дякую за\b",
    r"^\W*お世話に|^\W*感谢您的来信",
    r"^\W*안녕하세요",
    r"^\W*(?:(?:with )?(?:kind|best|warm) )?regards\W*$|^\W*(?:best|sincerely|cheers|yours)\W*$",
    (
        r"^\W*(?:(?:mit )?(?:freundlichen?|besten?|lieben?|viele[nr]?|herzlichen?) gr(?:ü|ue)(?:ß|ss)en?|mfg"
        r"|lg|vg)\W*$"
    ),
    (
        r"^\W*(?:(?:bien )?cordialement|(?:un )?(?:cordial )?saludos?|cordiali saluti|atenciosamente"
        r"|cumprimentos"
        r"|met vriendelijke groet(?:en)?|(?:med )?vänliga? häls(?:ning|ningar)|(?:med )?venlig hilsen"
        r"|terveisin|pozdrawiam|s pozdravem|с уважением|з повагою"
        r"|saygılarımla"
        r"|よろしくお願いいたします|此致|敬上|감사합니다)\W*$"
    ),
)
FAMILIAR = _any(ABSENT.pattern, AUTOMATIC.pattern, *_RETURNS, *_DEPUTIES, *_LATER, *_POLITE)
"""A clause that such a notice is made of."""

WANTS = _any(
    r"\bplease (?!contact|call (?!me)|reach|write to|e-?mail|note|get in touch|direct|allow|expect|be "
    r"|do not|turn)",
    r"\b(?:call|ring|phone|help|tell|send|give|let) (?:me|us)\b|\b(?:i|we) (?:still |urgently )?(?:need"
    r"|want|require)\b",
    r"\b(?:refund|cancel|broken|burn\w*|not work\w*|doesn't|does not work|error|invoice|my order"
    r"|problem)\b",
    r"\bbitte (?:ruf|schick|send|geb|helf|sag|mach|prüf|stornier|erstatt)\w*|\b(?:brauche|benötige"
    r"|storn\w+|defekt|kaputt)\b",
    r"\b(?:j'ai besoin|aidez|rappelez|envoyez)|\b(?:necesito|llámeme|ayuda|envíe)|\b(?:ho bisogno|aiuto"
    r"|chiamatemi)\b",
    r"\b(?:preciso|ajuda|ligue)\b|\b(?:nodig|help mij|bel mij)\b|\bнужн|\bпомогите\b",
)
"""It asks for something after all."""

TROUBLE = _any(
    r"\b(?:un)?locked\b|\bpasswords?\b|\blog ?in\b",
    r"\b(?:my|our|the) (?:account|order|payment|delivery|parcel)\b",
    r"\b(?:never|not|nothing|hasn't|has not) (?:been )?(?:arrived?|received|delivered|charged)\b",
    r"\b(?:gesperrt|entsperr\w+|passwort|kennwort|konto|rechnung|bestellung|lieferung|zahlung|paket|frist)\b",
    r"\b(?:funktioniert|geht|klappt) nicht\b|\bnicht (?:angekommen|erhalten|geliefert)\b",
    r"\b(?:bloquée?|mot de passe|compte|commande|facture|livraison|colis)\b",
    r"\b(?:bloquead[oa]|contraseña|cuenta|pedido|factura|senha|conta|encomenda|fatura)\b",
    r"\b(?:bloccat[oa]|conto|ordine|fattura|geblokkeerd|wachtwoord|bestelling|factuur)\b",
    r"\b(?:hasło|konto|zamówieni\w+|faktur\w+|пароль|аккаунт|заказ|счёт|замовлення)\b",
)
"""It speaks of what a customer waits for: a deputy's address beside it makes it no notice."""

SUBJECT = re.compile(
    r"^\s*(?:automatic reply|auto(?:-| )?(?:reply|response|matic response)|automated (?:reply|response)"
    r"|out of (?:the )?office"
    r"|automatische antwort|abwesenheitsnotiz|abwesend|réponse automatique|absence du bureau"
    r"|respuesta automática"
    r"|fuera de (?:la )?oficina|risposta automatica|fuori (?:sede|ufficio)|resposta automática"
    r"|automatisch antwoord"
    r"|afwezig|autosvar|automatiskt svar|automatisk svar|automaattinen vastaus|autom\. odpowied"
    r"|odpowiedź automatyczna"
    r"|automatická odpověď|otomatik yanıt|автоматический ответ|автоматична відповідь"
    r"|自動応答|自动答复|자동 회신)\s*(?:[:：-]|$)",
    re.IGNORECASE,
)
"""How mail programs begin the subject of an answer that nobody wrote."""

RETURNED_SUBJECT = re.compile(
    r"^\s*(?:undeliver(?:able|ed mail)|mail delivery (?:failed|failure|system)"
    r"|delivery (?:status notification|failure)"
    r"|returned mail|failure notice|message delivery failure|unzustellbar|nicht zustellbar|non remis"
    r"|no se puede entregar"
    r"|non recapitabile|onbestelbaar|niet bezorgd|olevererbart|kan ikke leveres|niedostarczaln"
    r"|не доставлено|недоставленное)",
    re.IGNORECASE,
)
RETURNED = _any(
    r"^this is the mail system at host\b|^i'm (?:sorry|afraid) (?:to have to inform you"
    r"|i wasn't able to deliver)",
    r"^delivery (?:has failed|to the following)|^your message (?:to|wasn't|couldn't"
    r"|could not)\b.{0,80}\b(?:deliver|blocked)",
    r"^a message that you sent could not be delivered",
    r"^this (?:message was created automatically by mail delivery software|"
    r"is an automatically generated delivery status)|^the following message to\b.{0,80}\bwas undeliverable",
    r"^die (?:folgende )?nachricht konnte nicht zugestellt|^fehler bei der nachrichtenzustellung",
    r"^undelivered mail returned",
)
REPORT = _any(
    r"\breporting-mta:",
    r"\bfinal-recipient:",
    r"\bdiagnostic-code:",
    r"\baction: *failed\b",
    r"\bstatus: *[45]\.\d",
    r"\b5\d\d[ -]5\.\d\.\d",
    r"\brecipient address rejected\b",
    r"\buser unknown\b",
)
"""What a delivery report is made of. RFC 3464."""

DAEMON = re.compile(r"^(?:mailer-daemon|mail-?daemon)(?:\+.*)?@|^mailer-daemon$", re.IGNORECASE)
POSTMASTER = re.compile(r"^(?:postmaster|mdaemon|microsoftexchange[0-9a-f]+)@", re.IGNORECASE)
NOBODY = re.compile(
    r"^(?:no-?_?\.?reply|do-?_?not-?_?reply|donotreply|keine-?antwort"
    r"|ne-?pas-?repondre)\b.*@",
    re.IGNORECASE,
)

_DATES = """
    january february march april may june july august september october november december
    monday tuesday wednesday thursday friday saturday sunday jan feb mar apr jun jul aug sep sept oct nov dec
    januar jänner februar märz mai juni juli oktober dezember mär okt dez
    montag dienstag mittwoch donnerstag freitag samstag sonntag
    janvier février mars avril juin juillet août septembre octobre novembre décembre
    lundi mardi mercredi jeudi vendredi samedi dimanche
    enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
    lunes martes miércoles jueves viernes sábado domingo
    gennaio febbraio aprile maggio giugno luglio settembre ottobre novembre dicembre
    lunedì martedì mercoledì giovedì venerdì sabato domenica
    janeiro fevereiro março maio junho julho setembro outubro novembro dezembro
    januari februari maart mei augustus maandag dinsdag woensdag donderdag vrijdag zaterdag zondag
    mars april maj augusti marts måndag tisdag onsdag torsdag fredag lördag söndag mandag tirsdag lørdag
    søndag
    stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia
    января февраля марта апреля мая июня июля августа сентября октября ноября декабря
"""
DATES = frozenset(_DATES.split())
"""Months and days of the week, in small letters."""
