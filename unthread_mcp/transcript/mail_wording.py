"""What mail programs and companies put around a mail's own words, in the languages that support teams meet.

Gathered from what the programs write (Outlook, Gmail, Apple Mail, Thunderbird, Yahoo, Samsung, Mail.ru, Foxmail and
their mobile siblings). All lower case: lines are compared after `str.casefold`. Every pattern is applied to a single
line or to a paragraph of bounded length, and none nests a repetition in another, so time stays linear.
"""

from __future__ import annotations

import re
from typing import Final, Literal

HeaderField = Literal["from", "date", "to", "subject", "cc"]

_HEADER_NAMES: Final[dict[HeaderField, str]] = {
    "from": "from|von|de|da|van|od|от|от кого|från|fra|lähettäjä|feladó|kimden|gönderen|expéditeur|remetente|mittente|"
    "发件人|寄件者|寄件人|差出人|보낸 사람|보낸사람|من|מאת",
    "date": "sent|date|gesendet|datum|envoyé|enviado|enviado el|enviada|enviada em|enviado em|fecha|data|inviato|"
    "verzonden|wysłano|wysłane|отправлено|дата|skickat|sendt|dato|lähetetty|päiväys|odesláno|elküldve|dátum|trimis|"
    "gönderilme tarihi|gönderildi|tarih|送信日時|日時|日期|发送时间|寄件日期|보낸 날짜|보낸날짜|날짜|التاريخ|תאריך",
    "to": "to|an|à|a|para|aan|do|кому|till|til|vastaanottaja|komu|címzett|către|kime|alıcı|宛先|收件人|收件者|"
    "받는 사람|받는사람|إلى|אל",
    "subject": "subject|betreff|objet|sujet|asunto|assunto|oggetto|onderwerp|temat|тема|ämne|emne|aihe|předmět|tárgy|"
    "subiect|konu|件名|主题|主旨|제목|الموضوع|נושא",
    "cc": "cc|bcc|kopie|copie|copia|cópia|kopia|dw|копия|kopi|bilgi|抄送|副本|참조|reply-to|antwort an",
}
HEADER_FIELD: Final[dict[str, HeaderField]] = {
    name: field for field, names in _HEADER_NAMES.items() for name in names.split("|")
}
LONGEST_HEADER_NAME: Final = max(map(len, HEADER_FIELD)) + 4  # and a pair of asterisks around it

FORWARD_MARK: Final = re.compile(
    r"[-\s]*(?:begin forwarded message|forwarded message|(?:anfang der )?weitergeleitete[nr]? (?:nachricht|e-mail)|"
    r"(?:début du )?message (?:transféré|réexpédié)|(?:inicio del )?mensaje reenviado|(?:início da )?mensagem "
    r"(?:encaminhada|reencaminhada)|(?:inizio )?messaggio inoltrato|(?:begin )?doorgestuurd bericht|"
    r"(?:początek )?przekazywan(?:a|ej) wiadomoś(?:ć|ci)|przekazana wiadomość|(?:начало )?"
    r"(?:переадресованно|пересылаемо|пересланно)(?:е|го) сообщени[ея]|vidarebefordrat meddelande|"
    r"videresendt (?:besked|melding)|転送(?:された)?メッセージ|下面是被转发的邮件|转发(?:的)?邮件|전달된 메시지)"
    r"\s*[:：]?[-\s]*"
)
ORIGINAL_MARK: Final = re.compile(
    r"-{2,}\s*(?:original (?:message|mail|e-mail|appointment)|reply message|ursprüngliche (?:nachricht|mail)|"
    r"original-?nachricht|message d'origine|message original|mensaje original|mensagem original|messaggio originale|"
    r"oorspronkelijk bericht|(?:oryginalna )?wiadomość(?: oryginalna)?|исходное сообщение|(?:ursprungligt|oprindelig|"
    r"opprinnelig) (?:meddelande|meddelelse|melding)|alkuperäinen viesti|původní zpráva|eredeti üzenet|"
    r"元のメッセージ|原始邮件|邮件原件|원본 메시지|원본 메일)\s*-{2,}"
)
HEADER_RULE: Final = re.compile(r"[_\u2500=]{10,}|-{20,}")

# A line that introduces quoted lines: "On <date>, <name> <address> wrote:". Either a verb stands right before the
# colon, or a verb with the name behind it does, or the bracketed address itself (Gmail in Japanese, Russian, Arabic).
_VERB_LAST = (
    r"wrote|a écrit|escribió|escreveu|ha scritto|scrive|geschreven|napisał(?:\(a\)|a)?|pisze|написал(?:\(а\)|а)?|"
    r"пишет|napsal(?:\(a\)|a)?|yazdı|írta|a scris|kirjoitti|έγραψε|написав(?:\(ла\))?|写道|寫道|"
    r"のメール|さんは書きました|님이 작성|님이 작성하였습니다|님이 씀|כתב(?:/ה|ה)?|كتب|viết"
)
_VERB_THEN_NAME = r"schrieb|schreef|skrev|kirjoitti|skrifaði"
ADDRESS: Final = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]{1,100}")
BRACKETED_ADDRESS: Final = re.compile(rf"[<(\[]\s*(?:mailto:)?{ADDRESS.pattern}")
ATTRIBUTION_END: Final = re.compile(
    rf"(?:{_VERB_LAST})\s*[:：]$|\b(?:{_VERB_THEN_NAME})\b.{{1,120}}[:：]$|@[^\s<>]{{3,100}}\s*[>)\]]{{1,2}}\s*[:：]$"
)
ATTRIBUTION_START: Final = re.compile(
    r"(?:on|am|le|el|em|il|op|den|på|dne|în|pe|a|w dniu|dnia|no dia|in data|في|ב|在)\b.{0,40}\d|"
    r"\d{1,4}[./年년 -]|[^\W\d]{2,12}\.?,\s+\d"
)
TIME: Final = re.compile(r"\d{1,2}[:.hч]\d{2}|\d ?[ap]\.?m\b|[点點時시]")
DATE: Final = re.compile(r"\b(?:19|20)\d\d(?:\b|[年년])|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}")

# Answers typed between the unmarked lines of the mail below (Outlook): then that mail holds the author's words.
ANSWERS_INSIDE: Final = re.compile(
    r"\b(?:in ?-?line|in (?:red|blue|green|bold)|(?:answers?|comments?|replies|responses?|remarks?) (?:are )?"
    r"(?:below|inside|in the text|within|between)|see below|(?:as|marked|noted|written) below)\b|"
    r"siehe unten|\bin (?:rot|blau|grün|fett)\b|(?:antworten|anmerkungen|kommentare) (?:unten|im text|dazwischen)|"
    r"ci-dessous|en (?:rouge|bleu|vert|gras)\b|en (?:rojo|azul|verde|negrita)\b|más abajo|a continuación|"
    r"\babaixo\b|em (?:vermelho|azul|verde|negrito)\b|in (?:rosso|blu|grassetto)\b|qui sotto|di seguito|"
    r"hieronder|in het (?:rood|blauw)|poniżej|na czerwono|\bниже\b|красным|inline|以下に|赤字|青字|下面|如下|红色|아래"
)

_THANKS = (
    r"(?:many |much )?thanks?(?: (?:you|a lot|again|so much|in advance|very much|a million|and))*(?: for .{1,40})?|thx|"
    r"(?:vielen |besten |herzlichen |lieben )?dank(?: (?:im voraus|dafür|für .{1,40}))?|danke(?: (?:schön|sehr|dir|"
    r"ihnen|euch|im voraus))?|merci(?: (?:beaucoup|d'avance|bien|à vous))?|(?:muchas |mil )?gracias(?: .{1,24})?|"
    r"(?:muito )?obrigad[oa]s?(?: .{1,24})?|grazie(?: (?:mille|in anticipo|ancora))?|(?:alvast |hartelijk )?"
    r"(?:bedankt|dank(?: ?(?:je|u))?(?: wel)?)|dzięk(?:i|uję|ujemy)(?: .{1,24})?|(?:заранее |большое )?спасибо|дякую|"
    r"tack(?: (?:så mycket|på förhand))?|(?:på forhånd |mange )?takk?|kiitos|teşekkür(?:ler| ederim)|děkuj[ie](?:me)?|"
    r"köszön(?:öm|jük)|mulțumesc|(?:どうも)?ありがとうございま(?:す|した)|谢谢(?:您|你)?|謝謝|감사합니다|고맙습니다|"
    r"شكرا(?:ً)?|תודה(?: רבה)?"
)
_REGARDS = (
    r"(?:with )?(?:many |my )?(?:kind(?:est)?|best|warm(?:est)?|very best)? ?(?:regards|wishes)|best|all the best|"
    r"cheers|sincerely(?: yours)?|yours(?: (?:sincerely|faithfully|truly))?|respectfully|cordially|br|rgds|kr|"
    r"have a (?:nice|great|good|lovely) (?:day|week|weekend|evening)|"
    r"mit (?:freundlichen|besten|herzlichen|lieben) (?:grüß|gruess|grüss)en|(?:freundliche|beste|liebe|viele|herzliche|"
    r"schöne)[nr]? (?:grüße|grüsse|gruesse|gruß|gruss)|grüße|gruß|mfg|lg|vg|bg|hochachtungsvoll|"
    r"(?:bien |très )?cordialement|bien à vous|cdlt|(?:meilleures|sincères|mes) salutations(?: distinguées)?|"
    r"salutations distinguées|respectueusement|(?:bonne|belle) (?:journée|réception|soirée)|"
    r"(?:un )?(?:cordial |atento )?saludos?(?: cordiales)?|atentamente|atte|un abrazo|cordialmente|"
    r"atenciosamente|att|(?:com os )?(?:melhores )?cumprimentos|abraços?|abs|"
    r"(?:cordiali|distinti|i migliori) saluti|(?:un )?salut[oi]|buona giornata|"
    r"(?:met )?(?:vriendelijke|hartelijke)? ?groet(?:en|jes)?|mvg|hoogachtend|"
    r"z poważaniem|pozdrawiam(?:y)?(?: serdecznie)?|z wyrazami szacunku|с уважением|с наилучшими пожеланиями|"
    r"всего доброго|з повагою|(?:med )?(?:vänlig|bästa|venlig|vennlig|beste)?a? ?(?:hälsning|hilsen)(?:ar)?|mvh|"
    r"(?:ystävällisin )?terveisin|saygılarımla|iyi çalışmalar|s (?:pozdravem|úctou)|üdvözlettel|cu (?:stimă|respect)|"
    r"(?:以上、?)?(?:何卒|どうぞ)?(?:宜|よろ)しくお願い(?:いた|致|申し上げ)?(?:します|ます)|敬具|以上|祝好|此致|敬礼|顺祝商祺|"
    r"مع (?:أطيب )?(?:التحيات|تحياتي)|تحياتي|בברכה"
)
_AFTER_FORMULA = r"[\s,.!;。！，、…-]*"
# The formula may be followed by the name on the same line ("Best, Anna"); a longer line is a sentence.
THANKS_LINE: Final = re.compile(rf"(?:{_THANKS}){_AFTER_FORMULA}")
THANKS_AND_NAME_LINE: Final = re.compile(rf"(?:{_THANKS})(?:,| -+) (?P<name>\S+(?: \S+){{0,2}})")
REGARDS_LINE: Final = re.compile(rf"(?:{_REGARDS}){_AFTER_FORMULA}")
REGARDS_AND_NAME_LINE: Final = re.compile(rf"(?:{_REGARDS})(?:,| -+)? (?P<name>\S+(?: \S+){{0,2}})")

# A line of its own above the words; `rest` holds names and the comma. "Hello everybody!" is said to somebody.
GREETING_LINE: Final = re.compile(
    r"(?:hi|hello|hey|hiya|dear|good (?:morning|afternoon|evening|day)|greetings|hallo|moin|servus|grüezi|"
    r"guten (?:morgen|tag|abend)|liebe[rs]?|sehr geehrte[rs]?|bonjour|bonsoir|salut|chère?s?|hola|"
    r"buen(?:os|as) (?:días|tardes|noches)|estimad[oa]s?|querid[oa]s?|olá|bom dia|boa (?:tarde|noite)|prezad[oa]s?|"
    r"car[oia]|gentil[ei]|ciao|salve|buongiorno|buonasera|beste|geachte|goede(?:morgen|middag|avond| morgen| dag)|"
    r"cześć|dzień dobry|witam|szanown[iy]|здравствуйте|добрый (?:день|вечер)|доброе утро|привет|уважаемы[ей]|"
    r"hej(?:san)?|hei|kære|kjære|god (?:morgon|dag)|merhaba|dobrý den|您好|你好|안녕하세요|こんにちは|مرحبا|שלום)"
    r"(?:,? (?:to )?(?:the )?(?:team|support|helpdesk|there|all|everyone|everybody|folks|guys|sir|madam|or|and|sirs?|"
    r"colleagues|mr|mrs|ms|dr|damen|und|herren|herr|frau|zusammen|miteinander|kolleg(?:en|innen)|à tous|tous|"
    r"l'équipe|madame|monsieur|a todos|todos|equipo|equipe|pessoal|tutti|allemaal|heer|mevrouw|всем|коллеги|"
    r"alla|alle)\b\.?)*(?P<rest>(?: [^\s,]+){0,3} ?[,，]|)"
)
GREETED_NAMES: Final = re.compile(r"(?: [^\W\d_a-zß-öø-ÿ][^\W\d_]*(?:[-'’][^\W\d_]+)*\.?){0,3} ?[,，]")

INSIDE_SENTENCE: Final = re.compile(r"[?!:;？！：]|\w{4}(?<!\bprof)\. ")  # in no line that is a name
SIGNATURE_MARK: Final = re.compile(r"--\s?|—|–")
RULE_LINE: Final = re.compile(r"[-_=*~─━]{4,}")
POSTSCRIPT: Final = re.compile(
    r"(?:p\.?\s?p?\.?\s?s\.?|n\.?b\.?|nachtrag|edit|追伸|又及|추신|з\.?ы\.?|ps)\s*[:.\-–)]?\s"
)

_DEVICE = (
    r"(?:iphone|ipad|galaxy|samsung|android|phone|mobile|handy|smartphone|móvil|celular|telefon|telefoon|blackberry|"
    r"huawei|xiaomi|pixel|windows|mac|tablet|motorola|oneplus|outlook|yahoo|proton|gmail|gmx|web\.de|mail|почты)"
)
DEVICE_LINE: Final = re.compile(
    rf"(?:sent (?:from|via|with|using)\b|von meinem\b|gesendet (?:von|mit|über)\b|envoyé (?:de|depuis|à partir)\b|"
    rf"enviado (?:desde|do|de|a partir)\b|inviato (?:da|dal)\b|(?:verstuurd|verzonden) (?:vanaf|van|met|via)\b|"
    rf"wysłan[eo] z\b|отправлено (?:с|из)\b|надіслано з\b|skickat från\b|sendt fra\b|lähetetty\b|odesláno z\b|"
    rf"나의|내).{{0,40}}{_DEVICE}.{{0,60}}|"
    r"(?:get outlook for|outlook für|obtenir outlook pour|obtener outlook para|obter o outlook para|"
    r"scarica outlook per|outlook voor|pobierz program outlook dla|download outlook)\b.{0,90}|"
    rf".{{0,10}}{_DEVICE}(?:から送信|에서 보냄|에서 전송)|(?:发自|来自)我的.{{1,20}}|从我的.{{1,20}}发送"
)

_LEGAL_WORDS = (
    r"confidential|intended (?:solely|only|for|recipient)|addressee|named recipient|in error|notify the sender|"
    r"delete (?:it|this|the)|disclos|privileged|unauthori[sz]ed|strictly prohibited|legally|any attachments|virus|"
    r"vertraulich|irrtümlich|(?:richtige|bestimmte|vorgesehene)[nr]? (?:adressat|empfänger)|absender|vernichten|"
    r"rechtlich geschützt|unbefugt|confidentiel|destinataire|par erreur|expéditeur|détrui|confidencial|destinatari|"
    r"por error|por engano|por erro\b|remitente|remetente|protección de datos|proteção de dados|eliminarlo|lo elimine|"
    r"riservat|per errore|mittente|d\.lgs|gdpr|2016/679|cancellarlo|vertrouwelijk|geadresseerde|ten onrechte|afzender|"
    r"verwijderen|poufn|adresat|omyłkow|nadawc|usunięcie|конфиденциал|адресат|по ошибке|отправител|konfidentiell|"
    r"mottagare|avsändare|fortrolig|機密|誤って|受信者|破棄|保密|机密|误收|收件人|删除"
)
LEGAL_WORD: Final = re.compile(_LEGAL_WORDS)
REGISTER_WORD: Final = re.compile(
    r"registered (?:in|office|number)|company (?:no|number|registration)|vat (?:no|number|reg)|sitz der gesellschaft|"
    r"registergericht|amtsgericht|\bhr[ab] ?\d|geschäftsführ|ust-?id|vorstand|aufsichtsrat|\brcs\b|\bsiren\b|\bsiret\b|"
    r"p\. ?iva|partita iva|\bkvk\b|\bnip\b|\bkrs\b|\bregon\b|org\.? ?nr|инн|c\.?n\.?p\.?j|\bcif\b"
)
PRINT_PLEA: Final = re.compile(
    r"(?:environment|umwelt|environnement|ambiente|milieu|środowisk|miljö).{0,80}(?:print|druck|imprim|stamp|skriv)|"
    r"(?:print|druck|imprim|stamp).{0,80}(?:environment|umwelt|environnement|ambiente|milieu|środowisk)"
)
LEGAL_HEADING: Final = re.compile(
    r"(?:legal |privacy )?(?:disclaimer|confidentiality|confidentialité|aviso legal|aviso de privacidad|"
    r"haftungsausschluss)"
)

CONTACT_LABEL: Final = re.compile(  # followed by a number or an address; "Mail: please send it again" is a sentence
    r"(?:(?:tel|tél|phone|ph|fax|mobile?|mob|cell|office|direct|durchwahl|e-?mail|mail|web|skype|[tmpfewd]|тел|電話|电话|"
    r"手机|전화)(?:\s?[.:|]|\s(?=[+(\d]))|〒).{0,30}?(?:\d[\d ()./-]{3}|@|www\.)|(?:web:? )?www\.\S+$"
)
PHONE_NUMBER: Final = re.compile(r"[+(]?\d[\d\s()./-]{6,22}\d")
POSTCODE_LINE: Final = re.compile(r"(?:[a-z]{1,3}-)?\d{4,6}(?: ?[a-z]{2})? [^\W\d]+(?: [^\W\d]+){0,2}")
COMPANY_WORD: Final = re.compile(
    r"\b(?:gmbh|mbh|ag|kg|ltd|limited|inc|llc|llp|plc|corp|s\.?l\.?u?|s\.?a\.?s?|s\.?r\.?l|b\.?v|n\.?v|ab|a/s|oy|"
    r"sp\. ?z ?o\. ?o|s\.?p\.?a|lda|ltda|pty|ооо|oü|s\.?r\.?o)\b\.?|株式会社|有限会社|有限公司|주식회사"
)
STREET_WORD: Final = re.compile(
    r"\b(?:street|st\.|road|rd\.|avenue|ave|lane|square|court|suite|floor|building|p\.?o\.? ?box|rue|boulevard|via|"
    r"piazza|calle|avenida|rua|laan|plein|gracht|ul\.|улица|ул\.)|(?:straße|strasse|str\.|weg|platz|gasse|allee)\b|[都道府県]"
    r".{0,10}[市区町村]"
)
