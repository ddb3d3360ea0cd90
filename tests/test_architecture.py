"""The house rules that can be read off the source: floors, clocks, commits, names. Imports nothing of the program."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parent.parent
PACKAGE = HOME / "asanokai"

FLOORS = {
    8: "cli wsgi",
    7.2: "running",
    7.1: "app",
    6: "web worker",
    5.2: "delivering demo lives",
    5.15: "doctor",
    5.1: "composing transport catcher printing backup listing",
    4.75: "alerting",
    4.7: "digesting",
    4.66: "retention",
    4.65: "erasing",
    4.64: "copies",
    4.6: "intake",
    4.5: "bulk knocking planning writing",
    4: "announcing applying archive asking catering exporting entering figures "
    "history importing invitations leaving merging readdressing requiring showing",
    3.85: "circle directory views",
    3.8: "questions guests",
    3.75: "whose",
    3.7: "rsvps",
    3.68: "materials proposals",
    3.67: "uploads",
    3.66: "speakers",
    3.65: "programme",
    3.6: "topics",
    3.5: "meetings",
    3.4: "series",
    3.35: "deputies",
    3.33: "ceremony outside",
    3.32: "passkeys",
    3.3: "members",
    3.26: "devices factors",
    3.28: "consents",
    3.25: "law",
    3.2: "installation",
    3.1: "letters",
    2.3: "seals",
    2.2: "journal provider terminal erased vault",
    2.1: "db languages markdown tables tokens links ical holidays night outgoing",
    1: "clock errors",
}
"""Floor → its modules. Imports go down only, and never to a neighbour on the same floor."""

FLOOR = {name: floor for floor, names in FLOORS.items() for name in names.split()}
OUTSIDE = {"config"}
"""Ours, but beside the package: settings know no module of it."""

MAY_IMPORT_CONFIG = {"app", "cli", "running", "wsgi", "web"}
SHARED_IN_WEB = {
    "about",
    "arriving",
    "asking",
    "behind",
    "challenges",
    "changing",
    "person",
    "forms",
    "headers",
    "limits",
    "loading",
    "origins",
    "recurring",
    "sending",
    "telling",
    "words",
}
OF_THE_REQUEST = {"request", "session", "g", "url_for", "redirect", "current_user"}
FORBIDDEN_NAMES = ("utils", "util", "helpers", "helper", "manager", "handler", "misc", "common", "base")

JOURNAL_READERS = ("web", "history", "leaving", "backup", "cli", "copies", "whose", "seals", "retention")
"""Who tells it, or keeps it; none decides by it."""

FILES = sorted(PACKAGE.rglob("*.py"))
IDS = [str(file.relative_to(PACKAGE)) for file in FILES]
every_file = pytest.mark.parametrize("file", FILES, ids=IDS)


def files(*, in_web: bool) -> pytest.MarkDecorator:
    """The pages, or everything but them."""
    chosen = [file for file in FILES if (file.relative_to(PACKAGE).parts[0] == "web") is in_web]
    return pytest.mark.parametrize("file", chosen, ids=[str(file.relative_to(PACKAGE)) for file in chosen])


def tree_of(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"), str(file))


def top_level_of(file: Path) -> str:
    """The word a file belongs to: "web" for web/account.py, "" for the package's own docstring."""
    parts = file.relative_to(PACKAGE).with_suffix("").parts
    return "" if parts == ("__init__",) else parts[0]


def imported(tree: ast.Module) -> Iterator[tuple[str, ...]]:
    """Every module that is imported, as its dotted parts; names imported from a package count as its modules."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (tuple(name.name.split(".")) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: relative import"
            parts = tuple((node.module or "").split("."))
            if len(parts) == 1 or (len(parts) == 2 and parts == ("asanokai", "web")):
                yield from ((*parts, name.name) for name in node.names)
            else:
                yield parts


def calls(tree: ast.Module) -> Iterator[str]:
    """The dotted name of everything that is called, as far as it is plain."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


# --- floors -----------------------------------------------------------------------------------------------------------


def test_every_module_has_its_floor():
    found = {top_level_of(file) for file in FILES} - {""}
    assert found - set(FLOOR) == set(), "give the new module a floor, here and in asanokai/__init__.py"


def test_the_map_names_every_module_that_exists():
    drawn = (PACKAGE / "__init__.py").read_text(encoding="utf-8")
    missing = {top_level_of(file) for file in FILES} - {""} - set(drawn.replace("/*", " ").split())
    assert missing == set()


@every_file
def test_imports_go_down_only(file):
    here = top_level_of(file)
    wrong = []
    for parts in imported(tree_of(file)):
        if parts[0] in OUTSIDE and here not in MAY_IMPORT_CONFIG | {"worker", "doctor", "demo"}:
            wrong.append(".".join(parts))
        if parts[0] != "asanokai" or parts[1:2] == (here,):
            continue
        if parts[1] not in FLOOR or FLOOR[parts[1]] >= FLOOR[here]:
            wrong.append(".".join(parts))
    assert wrong == []


def test_the_package_itself_imports_nothing():
    tree = tree_of(PACKAGE / "__init__.py")
    assert [type(node) for node in tree.body] == [ast.Expr]


@files(in_web=True)
def test_pages_import_forms_and_loading_but_never_each_other(file):
    parts = file.relative_to(PACKAGE).with_suffix("").parts
    if parts[1] == "__init__":
        return  # puts them all together
    among = {module[2] for module in imported(tree_of(file)) if module[:2] == ("asanokai", "web")}
    assert among <= SHARED_IN_WEB - {parts[1]}


def test_settings_and_entry_point_stand_beside_the_package():
    beside = {".".join(parts) for parts in imported(tree_of(HOME / "wsgi.py"))}
    assert beside == {"asanokai.app", "config.Config"}
    assert not [parts for parts in imported(tree_of(HOME / "config.py")) if parts[0] == "asanokai"]


@every_file
def test_no_import_stands_inside_a_function_or_behind_type_checking(file):
    tree = tree_of(file)
    inside = [
        node.lineno
        for outer in ast.walk(tree)
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.If | ast.Try)
        for node in ast.walk(outer)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert inside == []
    assert "TYPE_CHECKING" not in {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert not {"__import__", "importlib.import_module", "import_module"} & set(calls(tree))


# --- invariants -------------------------------------------------------------------------------------------------------


@every_file
def test_only_the_database_commits(file):
    commits = [call for call in calls(tree_of(file)) if call.rpartition(".")[2] == "commit"]
    if top_level_of(file) == "db":
        assert commits == ["db.session.commit"] * 2
    else:
        assert commits == []


@every_file
def test_only_the_clock_knows_the_time(file):
    asked = {
        call
        for call in calls(tree_of(file))
        if call.rpartition(".")[2] in ("utcnow", "today", "time_ns", "utcfromtimestamp")
        or call in ("datetime.now", "datetime.datetime.now", "time.time", "func.now", "time.localtime")
    }
    assert asked == ({"datetime.now"} if top_level_of(file) == "clock" else set())


@every_file
def test_no_column_takes_its_time_from_elsewhere(file):
    names = {node.id for node in ast.walk(tree_of(file)) if isinstance(node, ast.Name)}
    assert names & {"CURRENT_TIMESTAMP", "TIMESTAMP"} == set()


@every_file
def test_only_the_transport_speaks_smtp(file):
    modules = {parts[0] for parts in imported(tree_of(file))}
    speaks = modules & {"smtplib", "flask_mail"}
    # The catcher takes mail in for the demo, and answers to the program itself as a calendar would; it sends none.
    assert speaks == set() or top_level_of(file) == "transport" or (speaks == {"smtplib"} and file.stem == "catcher")
    assert "aiosmtpd" not in modules or top_level_of(file) in ("catcher", "intake")


@files(in_web=False)
def test_the_request_is_known_to_the_pages_alone(file):
    here = top_level_of(file)
    known = {
        parts[-1]
        for parts in imported(tree_of(file))
        if parts[0] in ("flask", "flask_login", "werkzeug") and parts[-1] in OF_THE_REQUEST
    }
    # The database lays a transaction around every request; the catcher has pages of its own. Both by design.
    assert known == {"db": {"request"}, "catcher": {"request", "redirect"}}.get(here, set())


@every_file
def test_nobody_reads_the_journal_for_a_decision(file):
    tree = tree_of(file)
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    told_again = file.relative_to(PACKAGE).as_posix() == "rsvps/replay.py"
    assert "Entry" not in names or told_again or top_level_of(file) in JOURNAL_READERS


# --- style that a linter does not know --------------------------------------------------------------------------------


OF_AIOSMTPD = ("handle_DATA", "handle_EHLO", "handle_RCPT", "handle_exception", "_handle_client")
"""It calls them by these names."""


@every_file
def test_no_file_or_name_is_a_drawer_for_anything(file):
    defined = [file.stem]
    for node in ast.walk(tree_of(file)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            defined.append(node.name)
    wrong = [
        name
        for name in defined
        if name not in OF_AIOSMTPD
        and (
            name.lower() in FORBIDDEN_NAMES[:-1]
            or name.lower().endswith(("manager", "helper", "helpers", "utils"))
            or name.lower().lstrip("_").startswith("handle_")
        )
    ]
    assert wrong == []


@every_file
def test_every_module_opens_by_saying_what_it_is(file):
    assert len(ast.get_docstring(tree_of(file)) or "") > 30


def test_no_file_holds_the_marks_of_a_merge():
    """In a template that is only imported they break nothing and nobody sees them."""
    texts = [file for folder in (PACKAGE, HOME / "templates") for file in folder.rglob("*")]
    marked = re.compile(rb"^(<{7} |={7}$|>{7} )", re.MULTILINE)
    assert [file.name for file in texts if file.is_file() and marked.search(file.read_bytes())] == []


@every_file
def test_no_old_queries_and_no_relations_upwards(file):
    source = tree_of(file)
    assert "backref" not in {keyword.arg for keyword in ast.walk(source) if isinstance(keyword, ast.keyword)}
    assert not [call for call in calls(source) if call.endswith((".query", "session().query"))]
    lazy = [
        {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}.get("lazy")
        for node in ast.walk(source)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "relationship"
    ]
    assert lazy == ["'raise'"] * len(lazy)


@every_file
def test_a_file_is_short_enough_to_be_read(file):
    assert len(file.read_text(encoding="utf-8").splitlines()) <= 480
