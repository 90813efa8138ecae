"""Diagnostics as one types: the codes of `sheaf check`, for open texts and all that depend on them."""

from conftest import codes
from lsprotocol import types

RIGHT = """\
input depends(package: String, target: String) from csv("depends.csv");
view leaf(package: String);
leaf(p) if depends(p, _), not depends(_, p);
output leaf to csv("leaf.csv");
"""


async def test_a_right_text_has_none(editor):
    document = editor.open("a.sheaf", RIGHT)
    assert await editor.diagnostics(document) == []


async def test_one_for_each_mistake_with_its_code_and_place(editor):
    document = editor.open("a.sheaf", RIGHT.replace("not depends", "not depnds"))
    [found] = await editor.diagnostics(document)
    assert found.code == "E0201"
    assert found.source == "sheaf"
    assert found.severity == types.DiagnosticSeverity.Error
    assert document.covered(found.range) == "depnds"
    assert "depnds" in found.message


async def test_they_follow_the_typing(editor):
    document = editor.open("a.sheaf", RIGHT)
    await editor.diagnostics(document, [])
    editor.change(document, "not depends", "not depnds")
    await editor.diagnostics(document, ["E0201"])
    editor.change(document, "depnds", "depends")
    await editor.diagnostics(document, [])


async def test_a_mistake_of_syntax_does_not_hide_others(editor):
    text = RIGHT.replace('csv("leaf.csv");', 'csv("leaf.csv"') + "view a(x: Int);\na(x) if nothing(x);\n"
    found = await editor.diagnostics(editor.open("a.sheaf", text))
    assert any(code.startswith("E01") for code in codes(found))
    assert "E0201" in codes(found)


async def test_related_places(editor):
    document = editor.open("a.sheaf", RIGHT + "view leaf(p: String);\n")
    [found] = await editor.diagnostics(document)
    [related] = found.related_information
    assert related.location.uri == document.uri
    assert related.location.range.start.line == 1


async def test_what_is_unused_is_grey(editor):
    document = editor.open("a.sheaf", "use std.text.{lower, upper};\nview a(x: String);\na(lower(\"A\"));\n")
    found = await editor.diagnostics(document)
    grey = [d for d in found if types.DiagnosticTag.Unnecessary in (d.tags or [])]
    assert [document.covered(d.range) for d in grey] == ["upper"]


async def test_an_unsaved_module_changes_what_depends_on_it(editor):
    module = editor.open("prices.sheaf", "pub fn twice(x: Int) -> Int { x + x }\n")
    user = editor.open("main.sheaf", "use prices.twice;\nview a(x: Int);\na(twice(1));\n")
    await editor.diagnostics(user, [])
    editor.change(module, "twice", "double")
    found = await editor.diagnostics(user, ["E0703"])
    assert "twice" in found[0].message
    editor.change(module, "double", "twice")
    await editor.diagnostics(user, [])


async def test_a_module_changed_by_others_is_read_again(editor):
    editor.write("prices.sheaf", "pub fn twice(x: Int) -> Int { x + x }\n")
    user = editor.open("main.sheaf", "use prices.twice;\nview a(x: Int);\na(twice(1));\n")
    await editor.diagnostics(user, [])
    editor.write("prices.sheaf", "pub fn double(x: Int) -> Int { x + x }\n")
    watched(editor, "prices.sheaf")
    await editor.diagnostics(user, ["E0703"])


async def test_so_is_a_manifest(editor):
    editor.write("sheaf.toml", '[package]\nname = "shop"\nversion = "0.1.0"\n')
    user = editor.open("main.sheaf", "use geo.cities.size;\nview a(x: Int);\na(size(1));\n")
    first = await editor.diagnostics(user)
    assert codes(first) != []
    editor.write("geo/sheaf.toml", '[package]\nname = "geo"\nversion = "0.1.0"\n')
    editor.write("geo/cities.sheaf", "pub fn size(x: Int) -> Int { x }\n")
    text = '[package]\nname = "shop"\nversion = "0.1.0"\n\n[dependencies]\ngeo = { path = "geo" }\n'
    editor.write("sheaf.toml", text)
    watched(editor, "sheaf.toml")
    await editor.diagnostics(user, [])


async def test_the_editor_is_asked_to_watch_files(editor):
    await editor.diagnostics(editor.open("a.sheaf", RIGHT))
    [registered] = [r for r in editor.registered if r.method == "workspace/didChangeWatchedFiles"]
    patterns = [watcher["globPattern"] for watcher in registered.register_options["watchers"]]
    assert any(".sheaf" in pattern for pattern in patterns)
    assert any("sheaf.toml" in pattern for pattern in patterns)


def watched(editor, name):
    event = types.FileEvent(uri=editor.uri(name), type=types.FileChangeType.Changed)
    editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))
