"""The limit of a page: Flask and Jinja alone, one inherited page of 15 KB with 60 rows; no database, no session."""

from flask import Flask, render_template

app = Flask(__name__)
ROWS = [
    {
        "number": number,
        "name": f"Dr. Katrin Lindner-{number}",
        "organisation": f"Optik & Maschinenbau {number} GmbH, Jena",
        "answer": ("yes", "maybe", "no")[number % 3],
    }
    for number in range(60)
]


@app.get("/healthz")
def healthz() -> str:
    """That it is there."""
    return "ok\n"


@app.get("/page")
def page() -> str:
    """The page."""
    return render_template("page.html", rows=ROWS, title="Who comes")
