"""German: how people in Germany answer an invitation."""

_GERN = r"(?: (?:sehr |wirklich |natuerlich |selbstverstaendlich |auch |wieder |diesmal |hiermit |auf jeden fall |sicher )?(?:gern|gerne)| natuerlich| selbstverstaendlich| auf jeden fall| auch| wieder| diesmal| hiermit| persoenlich| definitiv)?"
_THERE = r"(?: (?:@|da|dann|zum (?:fruehstueck|treffen|termin)|zur veranstaltung|zu dem (?:treffen|termin)|am (?:fruehstueck|treffen|termin)|an (?:dem treffen|der veranstaltung)|an dem (?:tag|termin)|beim (?:fruehstueck|treffen)|zur asa no kai|zum asa no kai))*"
_SORRY = r"(?: (?:leider|diesmal|dieses mal|diesmal leider|leider diesmal|leider dieses mal|bedauerlicherweise|da|da leider|aber|es|an dem tag|an diesem tag|zu dem termin|zu diesem termin|an dem termin|an diesem termin|@))*"
_COME = r"(?:kommen|teilnehmen|dabei sein|dabeisein|mit dabei sein|da sein|anwesend sein|erscheinen)"

YES = (
    r"ja",
    r"ja(?: sehr)? gerne?",
    r"jawohl",
    r"(?:(?:ja|sehr|aber|na|immer|herzlich|wirklich|danke|vielen dank) )*gerne?",
    r"(?:ja )?mit (?:vergnuegen|(?:grosser |grossem )?(?:freude|vergnuegen))",
    r"(?:ja )?(?:aber |na )?(?:natuerlich|selbstverstaendlich|klar)",
    r"(?:ja )?auf jeden fall",
    r"(?:ja )?(?:(?:sehr )?gerne? )?(?:wieder )?(?:mit )?dabei",
    r"(?:meine )?zusage",
    r"(?:hiermit )?zugesagt",
    rf"(?:ja )?ich sage{_GERN}{_THERE} zu",
    r"(?:ja )?(?:hiermit|gerne?|sehr gerne?) sage ich(?: gerne?| hiermit)?(?: @)? zu",
    r"(?:hiermit )?sage(?: ich)?(?: gerne?)?(?: meine teilnahme)? zu",
    rf"(?:ja )?(?:ich )?bin(?: ich)?{_THERE}{_GERN}{_THERE} (?:mit )?dabei",
    rf"(?:ja )?(?:gerne?|sehr gerne?|natuerlich|@) bin ich{_THERE}{_GERN} (?:mit )?dabei",
    rf"(?:ja )?(?:ich )?(?:komme|bin)(?: ich)?{_THERE}{_GERN}{_THERE} (?:da|vor ort)",
    rf"(?:ja )?(?:ich )?komme{_THERE}{_GERN}{_THERE}",
    rf"(?:ja )?(?:gerne?|sehr gerne?|natuerlich|klar|@) komme ich{_GERN}{_THERE}",
    rf"(?:ja )?(?:ich )?nehme{_GERN}{_THERE}{_GERN} teil",
    rf"(?:ja )?(?:gerne?|sehr gerne?|hiermit|@) nehme ich{_GERN}{_THERE} teil",
    rf"(?:ja )?(?:ich )?nehme(?: ich)?{_GERN} die einladung{_GERN} an",
    rf"(?:die|ihre) einladung nehme ich{_GERN} an",
    rf"(?:ja )?(?:ich )?werde{_THERE}{_GERN}{_THERE} {_COME}",
    rf"(?:ja )?(?:gerne?|sehr gerne?) (?:werde|moechte) ich{_THERE}{_GERN} {_COME}",
    rf"(?:ja )?ich (?:kann|moechte){_THERE}{_GERN}{_THERE} {_COME}",
    r"(?:hiermit )?bestaetige ich(?: hiermit)?(?: gerne?)? (?:meine teilnahme|mein kommen|meine anwesenheit)(?: @)?",
    r"(?:ja )?ich bestaetige(?: hiermit)?(?: gerne?)? (?:meine teilnahme|mein kommen|meine anwesenheit)(?: @)?",
    rf"(?:ja )?(?:ich )?melde mich{_GERN}{_THERE} an",
    rf"(?:hiermit )melde ich mich{_GERN}{_THERE} an",
    r"(?:ja )?bitte melden sie mich(?: @)? an",
    r"(?:ja )?ich freue mich(?: sehr)? (?:dabei zu sein|teilzunehmen|teilnehmen zu koennen|dabei sein zu koennen|zu kommen)",
)

TOGETHER = (
    rf"(?:ja )?(?:gerne? )?(?:wir kommen|kommen wir|wir sind|sind wir|wir nehmen){_GERN}{_THERE}(?: dabei| teil)?",
)

NO = (
    r"nein",
    r"(?:nein )?leider(?: nein| nicht)",
    r"nein(?: leider| danke| vielen dank)?(?: nicht)?",
    r"(?:meine |leider )?absage",
    r"(?:hiermit |leider )?abgesagt",
    r"(?:leider )?(?:diesmal|dieses mal) (?:leider )?(?:nicht|nein|ohne mich)",
    r"(?:leider )?ohne mich",
    rf"(?:nein )?(?:ich )?(?:muss|moechte)(?: ich)?{_SORRY}(?: (?:meine teilnahme|den termin))? absagen",
    rf"(?:leider|hiermit|bedauerlicherweise|diesmal) (?:muss|moechte) ich{_SORRY}(?: (?:meine teilnahme|den termin))? absagen",
    rf"(?:nein )?ich sage{_SORRY}(?: hiermit)?{_SORRY} ab",
    rf"(?:leider|hiermit) sage ich{_SORRY} ab",
    rf"(?:nein )?(?:ich )?kann{_SORRY} nicht(?: (?:@|zum (?:fruehstueck|treffen)|am (?:fruehstueck|treffen)))*(?: {_COME})?",
    rf"(?:leider|@|diesmal|da|bedauerlicherweise|an dem tag) kann ich{_SORRY} nicht(?: @)?(?: {_COME})?",
    rf"(?:nein )?(?:ich )?komme{_SORRY} nicht(?: @)?",
    rf"(?:leider|diesmal|@) komme ich{_SORRY} nicht(?: @)?",
    rf"(?:nein )?(?:ich )?bin{_SORRY} (?:verhindert|nicht (?:mit )?dabei|nicht da)(?: @)?",
    rf"(?:leider|diesmal|@|da|an dem tag) bin ich{_SORRY} (?:verhindert|nicht (?:mit )?dabei|nicht da)",
    r"(?:leider )?(?:verhindert|keine zeit)",
    rf"(?:ich )?nehme{_SORRY} nicht{_THERE} teil",
    rf"(?:leider|diesmal) nehme ich{_SORRY} nicht{_THERE} teil",
    rf"(?:ich )?werde{_SORRY} nicht{_THERE}(?: {_COME})(?: koennen)?",
    rf"(?:leider|diesmal) werde ich{_SORRY} nicht{_THERE} {_COME}(?: koennen)?",
    rf"(?:ich )?habe{_SORRY} keine zeit",
    rf"(?:leider|@|da|diesmal|an dem tag) habe ich{_SORRY} keine zeit",
    rf"(?:ich )?schaffe(?: ich)? es{_SORRY} nicht(?: @)?",
    rf"leider schaffe ich es{_SORRY} nicht",
    r"(?:leider )?(?:kann ich|ich kann)(?: leider)? (?:der|ihrer) einladung(?: leider)? nicht (?:folgen|nachkommen)",
    r"(?:leider )?(?:ist|ist es) mir (?:die teilnahme|eine teilnahme) (?:leider )?nicht moeglich",
    r"eine teilnahme ist mir (?:leider )?nicht moeglich",
)

MAYBE = (
    r"vielleicht",
    r"(?:evtl|eventuell|moeglicherweise)",
    r"(?:es )?(?:ist )?(?:leider )?noch (?:offen|unklar|ungewiss|unsicher)",
    r"(?:das )?(?:weiss|kann) ich (?:leider )?noch nicht(?: sagen| genau)?",
    r"(?:ich )?weiss (?:es |das )?(?:leider )?noch nicht(?: genau)?",
    r"(?:ich )?weiss (?:leider )?noch nicht ob ich (?:komme|kommen kann|dabei sein kann|dabei bin|teilnehmen kann|es schaffe)",
    r"(?:ich )?kann (?:es |das )?(?:leider )?noch nicht (?:genau )?sagen",
    r"(?:ich )?bin (?:mir )?(?:leider )?noch (?:nicht sicher|unsicher|unentschlossen)",
    r"(?:ich )?komme (?:vielleicht|eventuell|evtl|moeglicherweise)(?: @)?",
    r"vielleicht (?:komme ich|bin ich dabei)(?: @)?",
)

GLAD = (
    r"(?:ich )?freue mich(?: ich)?(?: schon| sehr| schon sehr)?(?: (?:darauf|drauf|auf (?:das|den|die|unser|ein) (?:fruehstueck|treffen|termin|austausch|wiedersehen|gespraech|gespraeche|morgen)|auf sie|auf euch|@))?",
    r"bis (?:dann|dahin|@)",
    r"wir sehen uns(?: @| dann)*",
)

SORRY = (
    r"leider",
    r"schade",
    r"(?:es )?tut mir (?:sehr |wirklich )?leid",
    r"(?:ich )?bitte um (?:ihr |euer )?verstaendnis",
    r"bedauerlicherweise",
    r"(?:ich )?bin(?: ich)? (?:da |dann |zu der zeit |zu dem zeitpunkt |@ |leider |an dem tag )*(?:im urlaub|auf (?:dienst)?reise|auf dienstreise|verreist|krank|unterwegs|in japan|im ausland|ausser haus)",
    r"(?:da|dann|@|leider|an dem tag) bin ich (?:(?:leider|da|dann|an dem tag|zu der zeit|@) )*(?:im urlaub|auf (?:dienst)?reise|verreist|krank|unterwegs|in japan|im ausland|ausser haus)",
    r"(?:vielleicht |dann |gerne? )?(?:beim|das) naechste[ns]? mal(?: (?:gerne?|wieder|bestimmt|gerne wieder|gern wieder|dann wieder|wieder gerne?))?",
    r"(?:das |beim )?naechste[ns]? mal (?:bin ich|komme ich) (?:gerne? |bestimmt |sicher )?wieder(?: mit)?(?: dabei)?",
    r"(?:ich )?wuensche (?:ihnen|euch|allen)(?: allen)? (?:viel (?:spass|erfolg|freude)|einen schoenen (?:morgen|vormittag)|ein schoenes (?:treffen|fruehstueck)|(?:gute|interessante|anregende) gespraeche)",
    r"viel (?:spass|erfolg|freude)",
    r"(?:ich )?melde mich(?: noch)?(?: sobald ich es weiss)?",
)

POLITE = (
    r"(?:(?:ganz )?(?:herzlichen|vielen|besten|lieben|schoenen)(?: lieben)? dank|danke(?: schoen| sehr| vielmals)?)(?: (?:fuer|f\.) (?:die|ihre|deine|eure)(?: (?:freundliche|nette|liebe|herzliche|erneute))? (?:einladung|erinnerung|info|nachricht|mail|e-mail|information|anfrage|organisation|muehe))?",
    r"ich danke (?:ihnen |euch )?(?:sehr |herzlich |vielmals )?(?:fuer (?:die|ihre) (?:freundliche |nette |herzliche )?(?:einladung|erinnerung|nachricht))?",
    r"(?:ueber )?(?:die|ihre) einladung (?:hat mich (?:sehr )?gefreut|habe ich mich (?:sehr )?gefreut)",
    r"(?:super|prima|toll|schoen|wunderbar|ok|okay|perfekt|alles klar|sehr schoen|wie schoen)",
    r"zu ihrer information",
)

GREETING = (
    r"(?:(?:sehr |hoch)?(?:geehrte[rs]?|verehrte[rs]?)|werte[rs]?|liebe[rs]?|hallo|hi|hey|moin(?: moin)?|servus|gruess gott|guten (?:morgen|tag|abend)|ohayo)",
)

CLOSING = (
    r"(?:mit )?(?:(?:ganz )?(?:freundlichen?|besten?|herzlichen?|vielen?|schoenen?|lieben?|sonnigen?|kollegialen?) )+gruess?e?n?(?: und (?:bis bald|danke))?(?: (?:aus|nach) [a-z-]+)?",
    r"(?:mfg|vg|lg|bg|hg|gruss|gruesse|herzlichst|beste|viele gruesse|mit (?:dank und )?gruss)(?: (?:aus|nach) [a-z-]+)?",
    r"(?:danke|dank|vielen dank) und (?:viele |beste |liebe )?(?:gruss|gruesse)(?: aus [a-z-]+)?",
    r"(?:ihre?|euer|eure|deine?)",
    r"(?:einen )?(?:schoenen|guten) (?:tag|abend|sonntag)(?: noch)?|schoenes wochenende|alles gute|bis bald",
)

GUESTS = (
    (r"(?:und )?(?:mit )?(?:einer |meiner |in |\+ ?)?begleit(?:ung|person)", 1),
    (r"(?:und )?mit (?:einem|1) gast", 1),
    (r"(?:und )?mit meine[rm] (?:frau|mann|partner|partnerin|kollegen|kollegin|ehefrau|ehemann)", 1),
    (r"(?:und )?bringe (?:eine begleitung|eine begleitperson|einen gast) mit", 1),
    (r"plus (?:eins|1|eine person|eine begleitung|ein gast|einen gast)", 1),
    (r"(?:und )?(?:mit )?(?:zwei|2) (?:gaesten|begleitpersonen|begleitungen)", 2),
    (r"plus (?:zwei|2)", 2),
    (r"zu zweit", 1),
    (r"zu dritt", 2),
    (r"(?:ohne begleitung|alleine?)", 0),
)
