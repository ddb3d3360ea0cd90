"""The parts of pages look as they did. Who changes them on purpose takes new pictures (`make pictures`) and looks."""

import pytest
from PIL import Image, ImageChops

from tests.grounds import pictures, sqlite

MOST = 0.005
"""The share of pixels that may differ."""
SEEN = 24
"""How far a pixel must be from what it was, of 255 in any colour, to count."""


def differing(now: Image.Image, then: Image.Image) -> float:
    """The share of pixels that differ; all of them if the picture has another size."""
    if now.size != then.size:
        return 1.0
    worst = ImageChops.difference(now, then)
    channels = [channel.point(lambda value: 255 if value > SEEN else 0) for channel in worst.split()]
    counted = ImageChops.lighter(ImageChops.lighter(channels[0], channels[1]), channels[2])
    return counted.histogram()[255] / (now.width * now.height)


@pytest.fixture
def settings():
    return {"design": True}


@pytest.fixture
def database_url(sqlite_template, tmp_path):
    return sqlite.copy(sqlite_template, tmp_path / "look.sqlite")


@pytest.mark.parametrize(("language", "width", "scheme"), pictures.LOOKS)
def test_every_part_looks_as_it_did(browser, site, clock, tmp_path, language, width, scheme):
    clock.set(pictures.MOMENT)
    now = pictures.look(browser, site, language, width, scheme)
    then = Image.open(pictures.compared(language, width, scheme)).convert("RGB")
    share = differing(now, then)
    if share > MOST:
        now.save(tmp_path / "now.png")
        then.save(tmp_path / "then.png")
    assert share <= MOST, f"{share:.2%} differ ({now.size}, then {then.size}); both pictures are in {tmp_path}"


def test_a_picture_in_which_one_part_in_a_hundred_differs_is_not_the_same():
    one, other = Image.new("RGB", (100, 100), "white"), Image.new("RGB", (100, 100), "white")
    other.paste("black", (0, 0, 100, 1))
    assert (differing(one, one.copy()), differing(one, other)) == (0.0, 0.01)
    assert differing(one, Image.new("RGB", (100, 101), "white")) == 1.0
