"""Bare thanks: a message that says thank you, or that all is well now, and nothing else."""

import re
import unicodedata

_THANKS = (
    (
        r"thank(?:s| you| u)|thx|many thanks|much appreciated|(?:i |we )?(?:really )?appreciate (?:it|that"
        r"|your help)"
    ),
    r"danke(?: ?schön| sehr)?|dankeschön|vielen(?: lieben)? dank|(?:herzlichen|besten|lieben|tausend) dank",
    r"merci(?: beaucoup| bien)?|(?:je vous|vous) remercie|(?:muchas |mil )?gracias",
    r"(?:molte |mille )?grazie(?: mille| infinite)?|ti ringrazio",
    r"(?:muito )?obrigad[oa]|valeu|(?:hartelijk |heel erg )?(?:bedankt|dank (?:je|u) ?(?:wel)?)|dankjewel",
    r"dankuwel",
    r"tack(?: så mycket)?|(?:mange |tusen )?takk?(?: for hjelpen| for hjælpen)?|kiitos(?: paljon)?",
    r"kiitoksia",
    r"(?:bardzo )?dziękuję(?: bardzo)?|dzięki|děkuj[iu](?: moc)?|díky|ďakujem|köszönöm(?: szépen)?",
    r"mulțumesc|multumesc",
    r"(?:çok )?teşekkür(?:ler)?(?: ederim| ederiz)?|sağ ?ol(?:un)?|(?:большое )?спасибо(?: большое)?",
    r"благодарю|(?:щиро )?дякую",
    r"감사(?:합니다|드립니다)|고맙습니다|ευχαριστώ(?: πολύ)?|شكرا(?: جزيلا)?|شكراً|תודה(?: רבה)?",
)
_WORKS = (
    (
        r"(?:it|that|this|everything|all)(?: is|'s)? (?:works|worked|working|helped|fixed|solved|resolved"
        r"|did it|did the trick)"
    ),
    (
        r"(?:the |my )?(?:problem|issue)(?: is| has been|'s)? (?:solved|fixed|resolved)|works (?:now|again"
        r"|fine|perfectly|great)"
    ),
    r"(?:all|everything)(?: is|'s)? (?:good|set|fine|well|ok|okay)",
    (
        r"(?:es |das |alles |jetzt |nun )*(?:hat |hats )?"
        r"(?:jetzt |nun |alles |super |prima |gut |wunderbar )*"
        r"(?:geklappt|funktioniert|geholfen|klappt|läuft|geht)(?: es| alles)?(?: jetzt| nun| wieder| super"
        r"| prima| perfekt| einwandfrei)*"
    ),
    (
        r"(?:das |mein )?(?:problem|thema)(?: ist| wurde)? (?:gelöst|erledigt|behoben)|(?:es "
        r"|das )?hat sich erledigt"
    ),
    r"(?:ça|cela) (?:marche|fonctionne)(?: maintenant| bien| parfaitement)*",
    r"(?:le )?problème (?:est )?(?:résolu|réglé)|c'est réglé",
    (
        r"(?:ya |ahora )?funciona(?: ya| ahora| bien| perfectamente| perfecto)*|(?:problema )?(?:resuelto"
        r"|solucionado)"
    ),
    r"(?:ora |adesso )?funziona(?: tutto| ora| adesso| bene| perfettamente)*|(?:problema )?risolto",
    r"(?:já )?(?:está )?(?:a )?funcionando?",
    (
        r"(?:het )?werkt(?: nu| weer| goed| prima| perfect)*|opgelost|(?:det )?(?:fungerar|virker"
        r"|fungerer)(?: nu| nå| igen| igjen| bra)*"
    ),
    r"(?:już )?działa|(?:už )?funguje|(?:всё |все |теперь |уже )*(?:работает|заработало|получилось|працює)",
)
_PRAISE = (
    (
        r"(?:that's |that is |this is |that was )?(?:very |really |so )?(?:great|perfect|awesome|excellent"
        r"|wonderful|brilliant"
        r"|amazing|fantastic|lovely|nice|super|cool|kind|helpful|good)(?: (?:help|support|service|job|work"
        r"|news))?"
    ),
    (
        r"(?:das ist |das war )?(?:sehr |ganz )?(?:super|prima|perfekt|toll|klasse|wunderbar|bestens|spitze"
        r"|genial|nett|lieb|gut|top)"
    ),
    r"parfait|génial|excellent|très bien|perfecto|genial|excelente|estupendo|muy (?:bien|amable)|perfetto",
    r"ottimo|benissimo",
    r"perfeito|ótimo|geweldig|uitstekend|fijn|perfekt|jättebra|toppen|super|świetnie|skvělé|отлично|супер",
    r"чудово|mükemmel|harika",
)
_POLITE = (
    r"hi|hello|hey|dear|good (?:morning|afternoon|evening|day)|(?:kind|best|warm) regards|regards|best",
    r"cheers",
    r"(?:have|wish you) a (?:nice|great|good|lovely|wonderful) (?:day|weekend|evening|week|one)|you too",
    r"take care",
    (
        r"hallo|guten (?:tag|morgen|abend)|moin|servus|liebe[rs]?|(?:mit )?(?:freundlichen?|besten?|lieben?"
        r"|viele[n]?|schönen?|herzlichen?)"
        r" gr(?:ü|ue)(?:ß|ss)en?|gruß|mfg|lg|vg|(?:(?:noch )?einen )?schönen (?:tag|abend"
        r"|feierabend)(?: noch)?|schönes wochenende"
    ),
    r"bonjour|bonne (?:journée|soirée)|cordialement|hola|(?:un )?saludos?|ciao|buongiorno|buona giornata",
    r"(?:cordiali )?saluti",
    r"olá|bom dia|abraços?|beste|groet(?:en|jes)?|met vriendelijke groet(?:en)?|hej|hei|hilsen",
    r"hälsningar|mvh|pozdrawiam",
    r"s pozdravem|terveisin|с уважением|з повагою|你好|こんにちは|よろしくお願いします|안녕하세요",
)
_FILLER_WORDS = """
    a again all an and so very much lot bunch million once for the your this that quick fast prompt kind great
    super help reply response support answer assistance information info effort efforts update feedback
    service patience time explanation solution team guys everyone now in advance to you of truly
    auch euch ihnen dir noch nochmal nochmals einmal schon mal für die den das ihre ihren
    deine deinen eure schnelle schnellen rasche prompte tolle gute nette
    freundliche hilfe antwort rückmeldung unterstützung lösung reaktion mühe bemühungen geduld auskunft
    erklärung hinweis tipp vorab im voraus sehr und jetzt wieder
    beaucoup pour votre ton aide réponse rapide rapidité encore à tous et de vos
    por su tu ayuda respuesta rápida la el todo y otra vez
    per il suo aiuto risposta rapida tutto ancora molto e della vostra
    pela pelo ajuda resposta sua tudo muito
    voor de je uw hulp snelle reactie antwoord nogmaals alvast en
    för hjälpen svaret det snabba igen hjelpen hjælpen svaret og och nopeasta vastauksesta avusta
    za pomoc odpowiedź szybką i odpověď rychlou
    за помощь ответ быстрый вам вас и допомогу
"""
_FILLERS = frozenset(_FILLER_WORDS.split())
_SMALL = re.compile(
    r"(?:ok(?:ay|ey)?|alright|all right|got it|understood|noted|alles klar|d'accord|vale|va bene|хорошо)\b"
)


def _phrases(*alternatives: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(alternatives)})(?![^\W_])", re.IGNORECASE)


_SAID = _phrases(*_THANKS, *_WORKS)
_CJK_THANKS = re.compile(
    "(?:どうも)?ありがとう(?:ございます|ございました)?|感謝(?:します|いたします)"
    "|(?:非常|太)?(?:感谢|谢谢|感謝|謝謝)(?:您|你|你们)?"
    "|多谢|감사(?:합니다|드립니다)|고맙습니다"
)
_CJK_AROUND = re.compile(
    "(?:您|你|你们)?的?(?:帮助|回复|支持|幫助|回覆)|太好了"
    "|问题(?:已经?)?解决了"
    "|本当に|早速の"
    "|ご(?:対応|返信|回答|連絡|支援)"
    "|解決(?:しま|でき)した|助かりました|、"
    "|도와주셔서|(?:빠른 )?(?:답변|도움)|해결(?:되었|됐)습니다|정말|대단히"
)
_AROUND = _phrases(*_PRAISE, *_POLITE)
ASKS_MORE = _phrases(
    r"please|pls|plz|confirm\w*|let (?:me|us) know|(?:in )?advance|waiting|await\w*|look(?:ing)? forward",
    r"bitte|bestätig\w*|voraus|vorab|warte\w*|erwart\w*|s'il (?:vous|te) pla[iî]t|svp|d'avance|confirm\w+",
    r"por favor|antemano|adelantado|per favore|anticipo|conferm\w*|alstublieft|aub|alvast|bevestig\w*",
    r"antecipad\w+|bekräfta\w*|på forhånd|på förhand|bekreft\w*|proszę|z góry|prosím|předem|potwierdz\w*",
    r"пожалуйста|заранее|подтверд\w*|будь ласка|заздалегідь|lütfen|şimdiden",
)
"""It wants something after all: a confirmation, or what the thanks are given for in advance."""
_LONGEST = 160
_ASKS = ("?", "？", "؟", "\u037e")


def grateful(text: str) -> bool:
    """Tell whether a message is short, asks nothing and has thanks in it."""
    if not text or len(text) > _LONGEST or any(sign in text for sign in _ASKS):
        return False
    plain = _plain(text)
    return bool(_SAID.search(plain) or _CJK_THANKS.search(plain))


def bare(text: str, names: frozenset[str], *, asked: bool) -> bool:
    """Tell whether a grateful message is thanks and no more; `names` are the words of names that it may hold.

    `asked`: an agent's question came before. Then `Okay, thanks` may be the answer that they wait for.
    """
    rest, said = _CJK_THANKS.subn(" ", _plain(text))
    rest = _SAID.sub(" ", _CJK_AROUND.sub(" ", rest) if said else rest)
    rest = rest if asked else _SMALL.sub(" ", rest)
    words = re.findall(r"[^\W_]+(?:'[^\W_]+)?", _AROUND.sub(" ", rest))
    return all(word in _FILLERS or word in names for word in words)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text.replace("’", "'").replace("`", "'")).casefold()
