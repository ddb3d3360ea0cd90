"""Letters of `asanokai doctor` to ourselves: that they have come is all they have to say."""

from asanokai.intake.outcome import Arrived, Outcome


def read(arrived: Arrived) -> Outcome | None:
    """What came to a probe's address is nothing, whatever it is; None for every other mail."""
    if arrived.ours is None or arrived.ours.kind != "probe":
        return None
    return Outcome("nothing", facts={"probe": arrived.ours.number})
