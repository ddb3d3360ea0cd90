"""English: how people answer an invitation in it, also those with another mother tongue."""

_GLADLY = r"(?: (?:gladly|happily|certainly|definitely|of course|also|again|surely|absolutely|be))?"
_THERE = r"(?: (?:@|the (?:breakfast|meeting|event)|to the (?:breakfast|meeting|event)|at the (?:breakfast|meeting|event)|you|on the day))*"
_COME = r"(?:attend|come|join|participate|make it|take part|be there|be present|be able to (?:attend|come|join|make it)|attending|coming|joining)"
_SORRY = r"(?:(?:i am |i'm )?(?:sorry|unfortunately|sadly|regrettably|alas|apologies|so sorry|very sorry|(?:i'm |i am )?afraid|regret that|i regret that|but)(?: but)? )*"
_NOW = (
    r"(?: (?:this time|@|this month|that day|on that day|the meeting|the breakfast|to the meeting|to the breakfast))*"
)

YES = (
    r"(?:yes|yep|yeah|yup)(?: please| indeed| of course| gladly| absolutely| definitely| sure| certainly)?",
    r"(?:sure|surely|sure thing|of course|certainly|gladly|absolutely|definitely|with (?:great )?pleasure)",
    r"(?:yes )?(?:please )?count me in(?: please)?",
    r"(?:yes )?(?:i'm|i am|im) in",
    rf"(?:yes )?(?:i )?(?:i'll|will|ill|shall|i will|i shall){_GLADLY} {_COME}{_THERE}",
    rf"(?:yes )?(?:i'm|i am|im) (?:happily |gladly |definitely )?(?:attending|coming|joining|participating){_THERE}",
    rf"(?:yes )?(?:i )?can{_GLADLY} (?:attend|come|join|participate|make it|take part|be there){_THERE}",
    rf"(?:yes )?(?:i would|i'd|would|id) (?:very much |really )?(?:love|like|be (?:happy|delighted|glad|pleased)) to (?:attend|come|join|participate|take part|be there){_THERE}",
    rf"(?:yes )?(?:i am |i'm )?(?:very )?(?:happy|glad|delighted|pleased) to (?:attend|come|join|participate|take part|be there|accept|confirm my (?:attendance|participation)){_THERE}",
    r"(?:yes )?(?:i )?(?:gladly |hereby |happily )?accept (?:the|your) (?:kind )?invitation",
    r"(?:yes )?(?:i )?(?:hereby |gladly |would like to |can )?confirm (?:my|that i will be) (?:attendance|participation|attending|there)(?: @)?",
    r"(?:yes )?please (?:put me down|sign me up|register me|add me to the list)",
    r"attending",
)

TOGETHER = (
    rf"(?:yes )?(?:we'll|we will|we|we are|we're)(?: (?:come|be there|attend|join|coming|attending|be))?{_THERE}",
)

NO = (
    r"(?:no|nope|nay)(?: (?:sorry|thanks|thank you|unfortunately))?",
    rf"{_SORRY}(?:no|not)(?: this time)?",
    rf"(?:no )?{_SORRY}(?:that )?(?:i )?(?:can't|cannot|can not|cant|won't be able to|will not be able to|am not able to|'m not able to|i'm not able to|am unable to|i'm unable to|unable to|won't|will not|wont) (?:attend|come|join|participate|make it|take part|be there|be attending|be joining|join you|be able to (?:attend|come|join|make it)){_NOW}",
    rf"(?:no )?{_SORRY}(?:i'm|i am) not (?:coming|attending|joining|participating|able to (?:attend|come|join|make it|be there)|available){_NOW}",
    rf"{_SORRY}(?:i )?(?:must|have to|need to|will have to|would like to) (?:decline|cancel|send my regrets|pass)(?: the invitation| your invitation)?{_NOW}",
    rf"{_SORRY}(?:i )?decline",
    rf"{_SORRY}(?:i )?(?:regret|am sorry) to decline",
    r"(?:please )?count me out",
    rf"(?:i )?regret that i (?:cannot|can't|will not be able to|am unable to) (?:attend|come|join|participate){_NOW}",
    r"i have to send my regrets|with regrets",
    r"not attending",
)

MAYBE = (
    r"(?:maybe|perhaps|possibly|tentative|undecided|tbc|tbd|to be confirmed)",
    r"(?:i'm |i am |im )?(?:afraid )?(?:not sure|unsure|undecided)(?: yet)?(?: (?:if|whether) i can (?:come|attend|make it|join))?",
    r"(?:i )?(?:don't|do not|dont) know yet(?: (?:if|whether) i can (?:come|attend|make it|join))?",
    r"(?:i )?(?:can't|cannot) (?:say|tell) yet",
    r"(?:i )?(?:might|may)(?: be able to)? (?:come|attend|make it|join|be there)(?: @)?",
)

GLAD = (
    r"(?:i'm |i am )?(?:really |very much |much )?look(?:ing)? forward to (?:it|seeing you(?: all)?(?: there| then)?|meeting you(?: all)?|the (?:breakfast|meeting|event|discussion)|@)(?: @)?",
    r"i look forward to (?:it|seeing you(?: all)?(?: there| then)?|meeting you(?: all)?|the (?:breakfast|meeting|event|discussion)|@)(?: @)?",
    r"see you(?: all)?(?: (?:there|then|@))+",
)

SORRY = (
    r"(?:i'm |i am )?(?:so |very |really )?sorry(?: about (?:that|this))?",
    r"(?:unfortunately|sadly|regrettably|apologies|my apologies)",
    r"(?:i'm |i am |i will be |i'll be )(?:then )?(?:travelling|traveling|on holiday|on vacation|on leave|abroad|away|out of town|in japan|ill)(?: @| that day| then)*",
    r"(?:maybe |perhaps |hopefully |definitely )?next time(?: (?:maybe|perhaps|hopefully|again|for sure))?",
    r"(?:i )?hope to (?:join|see you|make it|be there)(?: again)? next time",
    r"(?:i )?(?:wish you|have) (?:all )?(?:a (?:good|great|nice|successful) (?:meeting|morning|breakfast|event)|fun)",
    r"(?:i'll|i will) let you know(?: soon| as soon as i can)?",
)

POLITE = (
    r"(?:many |my |kind )?thanks?(?: you)?(?: (?:very much|so much|a lot|again))?(?: for (?:the|your) (?:kind |nice |lovely )?(?:invitation|invite|reminder|e-?mail|message|mail|note|information))?",
    r"(?:great|super|perfect|ok|okay|wonderful|lovely|excellent|sounds (?:good|great))",
    r"i hope (?:this (?:email|mail|message) finds you well|you are (?:well|doing well))",
    r"hope you are (?:well|doing well)",
)

GREETING = (r"(?:dear|hello|hi|hey|good (?:morning|afternoon|evening|day)|greetings)",)

CLOSING = (
    r"(?:with )?(?:(?:kind|best|warm|kindest|warmest|many|friendly) )*(?:regards|wishes|greetings)(?: from [a-z-]+)?",
    r"(?:best|all the best|cheers|sincerely|yours|yours (?:sincerely|truly|faithfully)|sincerely yours|respectfully|take care|br|kr|rgds)",
    r"(?:many )?(?:thanks|thank you)(?: and (?:kind |best )?regards)?",
    r"have a (?:nice|good|great|lovely) (?:day|evening|weekend|week)",
)

GUESTS = (
    (
        r"(?:and )?(?:with |bringing |i'll bring |i will bring |i'm bringing )?(?:a|one|1) (?:guest|companion|plus one)",
        1,
    ),
    (r"(?:and )?with my (?:wife|husband|partner|spouse|colleague)", 1),
    (r"(?:and )?(?:with a |with my )?plus[ -](?:one|1)", 1),
    (r"(?:and )?(?:with |bringing )?(?:two|2) guests", 2),
    (r"plus[ -](?:two|2)", 2),
    (r"(?:on my own|alone|just me|without guests?|no guests?)", 0),
)
