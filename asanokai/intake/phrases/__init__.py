"""The words with which people answer an invitation, per language. Pure tables: whole parts of a sentence, no keywords.

What is not here is no answer. Each language offers the same names:

    YES, MAYBE, NO        parts that are an answer
    TOGETHER              a yes of several, if it is said how many
    GLAD, SORRY           parts that go with a yes, or with a no or a maybe, and are no answer alone
    POLITE                parts that say nothing to the matter
    GREETING, CLOSING     how letters begin and end
    GUESTS                guests in so many words → how many

All of it is written as `grammar.folded` writes words: no capitals, no umlauts. `@` is a day or an hour that is the
meeting's own; words in brackets may be missing.
"""
