"""`make lighthouse` reads a report as it is meant and says plainly what it needs. Lighthouse itself runs there only."""

import pytest

from bench import lighthouse
from bench.lighthouse import PUBLIC_POINTS, Failed, Seen, bounds_of, read

HERE = "http://localhost:8000/meetings/"
PERFECT = dict.fromkeys(lighthouse.CATEGORIES, 1.0)


def report(points: dict[str, float | None], audits: dict[str, float | None]) -> dict:
    """A report with one audit for each of `audits`, all of them counted among what search engines want."""
    items = [{"transferSize": 4000, "url": "/"}, {"transferSize": 600, "url": "/x.css"}]
    return {
        "requestedUrl": HERE,
        "finalDisplayedUrl": HERE,
        "categories": {
            name: {"score": score, "auditRefs": [{"id": one, "weight": 1} for one in audits] if name == "seo" else []}
            for name, score in points.items()
        },
        "audits": {
            "network-requests": {"details": {"items": items}},
            **{
                name: {"id": name, "title": name.title(), "score": score, "details": {"items": [{"url": "/x.css"}]}}
                for name, score in audits.items()
            },
        },
    }


def test_a_report_becomes_points_costs_and_a_line_for_what_lost_points():
    assert read(report({**PERFECT, "seo": 0.91}, {"title": 1, "description": 0, "not-for-us": None})) == Seen(
        points={"accessibility": 100, "best-practices": 100, "performance": 100, "seo": 91},
        bytes=4600,
        requests=2,
        findings=(("seo", "Description (description; /x.css)"),),
    )


def test_what_lighthouse_could_not_judge_is_no_success():
    with pytest.raises(Failed, match="Lighthouse gave no points"):
        read(report({**PERFECT, "performance": None}, {}))
    with pytest.raises(Failed, match=r"/meetings/: The page did not load\."):
        read({**report(PERFECT, {}), "runtimeError": {"message": "The page did not load."}})
    with pytest.raises(Failed, match=r"/meetings/ leads on to http://localhost:8000/sign-in$"):
        read({**report(PERFECT, {}), "finalDisplayedUrl": "http://localhost:8000/sign-in"})


def test_a_page_misses_what_it_has_too_few_points_for_and_search_counts_where_it_may_look():
    seen = Seen({"accessibility": 99, "best-practices": 100, "performance": 94, "seo": 50}, 0, 0, ())
    assert {name: seen.missed(bounds_of(name)) for name in ("meeting", "me")} == {
        "meeting": ["accessibility", "performance", "seo"],
        "me": ["accessibility", "performance"],
    }
    assert Seen(PUBLIC_POINTS, 0, 0, ()).missed(bounds_of("join")) == []


def test_without_node_it_says_what_is_needed(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert (lighthouse.main(), *capsys.readouterr()) == (1, "", f"{lighthouse.NEEDED}\n")


def test_a_node_that_is_too_old_is_as_good_as_none(monkeypatch, tmp_path):
    for name, words in (("node", "v16.20.2"), ("npm", "8.19.4")):
        (tmp_path / name).write_text(f"#!/bin/sh\necho {words}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Failed, match="needs Node"):
        lighthouse.install()
