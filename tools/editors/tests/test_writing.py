"""What an editor changes in a text: completion, rename, formatting, fixes."""

from conftest import changes, codes, edited
from lsprotocol import types

PROGRAM = """\
use std.text.lower;
input flight(carrier: String, delay: Int) from csv("flights.csv");
view late(carrier: String) -> Count;
late(lower(c)) -> 1 if $0flight(carrier: c, delay: d), d > 10;
output late to csv("late.csv");
"""


async def complete(editor, document, mark=0):
    found = await editor.client.text_document_completion_async(types.CompletionParams(**document.at(mark)))
    items = found.items if hasattr(found, "items") else found or []
    return {item.label.split("(")[0].rstrip(":"): item for item in items}


async def test_completion_of_relations_and_functions(editor):
    document = editor.open("a.sheaf", PROGRAM + "view a(x: String);\na(x) if $1")
    items = await complete(editor, document, 1)
    assert {"flight", "late"} <= set(items)
    document = editor.open("b.sheaf", PROGRAM + "view a(x: String);\na(lo$1")
    items = await complete(editor, document, 1)
    assert "lower" in items


async def test_a_completed_function_has_documentation(editor):
    document = editor.open("a.sheaf", PROGRAM + "view a(x: String);\na(lo$1")
    item = (await complete(editor, document, 1))["lower"]
    if not item.documentation:
        item = await editor.client.completion_item_resolve_async(item)
    assert item.documentation


async def test_completion_of_columns(editor):
    document = editor.open("a.sheaf", PROGRAM + "view a(x: String);\na(x) if flight(carrier: x, $1")
    assert "delay" in await complete(editor, document, 1)


async def test_completion_of_variables_of_a_broken_rule(editor):
    document = editor.open("a.sheaf", PROGRAM + "view a(x: Int);\na(x) if flight(_, minutes), minutes > 3, mi$1")
    assert (await complete(editor, document, 1))["minutes"].detail == "Int"


async def test_completion_of_keywords_and_rules(editor):
    document = editor.open("a.sheaf", PROGRAM + "view slow(carrier: String);\n$1")
    items = await complete(editor, document, 1)
    assert {"view", "input", "test"} <= set(items)
    assert any(item.insert_text_format == types.InsertTextFormat.Snippet for item in items.values())


async def rename(editor, document, new, mark=0):
    params = types.RenameParams(new_name=new, **document.at(mark))
    return changes(await editor.client.text_document_rename_async(params))


async def test_rename(editor):
    document = editor.open("a.sheaf", PROGRAM)
    found = await rename(editor, document, "trip")
    assert edited(document.text, found[document.uri]) == document.text.replace("flight(", "trip(")


async def test_rename_across_files(editor):
    editor.write("prices.sheaf", "pub fn twice(x: Int) -> Int { x + x }\n")
    document = editor.open("main.sheaf", "use prices.twice;\nview a(x: Int);\na($0twice(1));\n")
    await editor.diagnostics(document, [])
    found = await rename(editor, document, "double")
    assert edited(document.text, found[document.uri]) == document.text.replace("twice", "double")
    module = (editor.folder / "prices.sheaf").read_text()
    assert edited(module, found[editor.uri("prices.sheaf")]) == module.replace("twice", "double")


async def test_rename_refuses_what_is_no_name(editor):
    document = editor.open("a.sheaf", PROGRAM)
    for name in ["late", "Big", "1x", "a b"]:
        try:
            found = await rename(editor, document, name)
        except Exception as error:
            assert str(error)
        else:
            raise AssertionError(f"{name} was taken: {found}")


async def test_a_place_can_be_asked_before_it_is_renamed(editor):
    document = editor.open("a.sheaf", PROGRAM)
    params = types.PrepareRenameParams(**document.at())
    found = await editor.client.text_document_prepare_rename_async(params)
    assert document.covered(getattr(found, "range", found)) == "flight"


async def test_formatting_is_that_of_sheaf_fmt(editor):
    text = PROGRAM.replace("if $0flight", "if   flight").replace("carrier: c, delay", "carrier:c,delay")
    document = editor.open("a.sheaf", text)
    options = types.FormattingOptions(tab_size=4, insert_spaces=True)
    params = types.DocumentFormattingParams(document.identifier, options)
    found = await editor.client.text_document_formatting_async(params)
    assert edited(document.text, found) == PROGRAM.replace("$0", "")
    document = editor.open("b.sheaf", PROGRAM)
    params = types.DocumentFormattingParams(document.identifier, options)
    assert not await editor.client.text_document_formatting_async(params)


async def test_formatting_of_a_range_leaves_the_rest(editor):
    text = "view   a(x: Int);\nview   b(x: Int);\nview   c(x: Int);\n"
    document = editor.open("a.sheaf", text)
    options = types.FormattingOptions(tab_size=4, insert_spaces=True)
    params = types.DocumentRangeFormattingParams(
        document.identifier, document.range("view   b(x: Int);"), options
    )
    found = await editor.client.text_document_range_formatting_async(params)
    assert edited(text, found) == text.replace("view   b", "view b")


async def fixes(editor, document):
    found = await editor.diagnostics(document)
    context = types.CodeActionContext(diagnostics=found)
    results = []
    for diagnostic in found:
        params = types.CodeActionParams(document.identifier, diagnostic.range, context)
        results += await editor.client.text_document_code_action_async(params) or []
    return [action for action in results if action.kind == types.CodeActionKind.QuickFix]


async def fixed(editor, text, name="a.sheaf"):
    """What the first fix makes of a text, and the codes of the diagnostics after it."""
    document = editor.open(name, text)
    actions = await fixes(editor, document)
    assert actions, f"no fix for {codes(await editor.diagnostics(document))}"
    after = edited(document.text, changes(actions[0].edit)[document.uri])
    again = editor.open(f"after_{name}", after)
    return after, codes(await editor.diagnostics(again))


async def test_fix_of_a_misspelled_name(editor):
    after, left = await fixed(editor, PROGRAM.replace("if $0flight", "if flihgt"))
    assert after == PROGRAM.replace("$0", "")
    assert left == []


async def test_fix_of_a_missing_import(editor):
    text = PROGRAM.replace("use std.text.lower;\n", "").replace("$0", "")
    after, left = await fixed(editor, text)
    assert "std.text" in after
    assert left == []


async def test_fix_of_a_word_of_another_language(editor):
    after, left = await fixed(editor, PROGRAM.replace("$0", "") + "# a note\n")
    assert after.endswith("// a note\n")
    assert left == []


async def test_fix_of_an_unbound_variable(editor):
    text = PROGRAM.replace("$0", "") + "view a(delay: Int);\na(delay) if late(_);\n"
    after, left = await fixed(editor, text)
    assert "a(delay) if late(_), flight(delay: delay, ..);" in after
    assert left == []


async def test_fix_of_an_atom_with_too_few_columns(editor):
    after, left = await fixed(editor, PROGRAM.replace("$0", "") + "view a(x: String);\na(x) if flight(x);\n")
    assert "a(x) if flight(x, ..);" in after
    assert left == []


async def test_fix_of_a_view_with_too_few_columns(editor):
    text = PROGRAM.replace("$0", "") + "view a(x: String);\na(x, delay) if flight(x, delay);\n"
    after, left = await fixed(editor, text)
    assert "view a(x: String, delay: Int);" in after
    assert left == []


STRATIFIED = """\
input edge(src: String, dst: String) from csv("edges.csv");
input start(at: String) from csv("start.csv");
output open to csv("open.csv");

"""


async def test_fix_of_a_recursion_through_not(editor):
    text = STRATIFIED + (
        "view open(at: String);\nopen(a) if start(a);\nopen(b) if open(a), edge(a, b);\n"
        "open(a) if edge(a, b), not open(b);\n"
    )
    after, left = await fixed(editor, text)
    assert "open(a) if edge(a, b), not open_before(b);" in after
    assert "open_before(b) if open_before(a), edge(a, b);" in after
    assert left == []


async def test_fix_of_an_aggregate_that_reads_itself(editor):
    text = STRATIFIED + (
        "view open(at: String) -> Count;\nopen(a) if start(a);\nopen(a) if edge(a, b), open(b) -> n, n > 2;\n"
    )
    after, left = await fixed(editor, text)
    assert "open(a) if edge(a, b), open_before(b) -> n, n > 2;" in after
    assert left == []


async def test_no_fix_where_nothing_would_be_left(editor):
    text = STRATIFIED + "view open(at: String);\nopen(a) if edge(a, b), not open(b);\n"
    document = editor.open("a.sheaf", text)
    await editor.diagnostics(document, ["E0401"])
    assert await fixes(editor, document) == []


async def test_fixes_are_offered_for_their_place_only(editor):
    document = editor.open("a.sheaf", PROGRAM.replace("if $0flight", "if flihgt"))
    found = await editor.diagnostics(document)
    context = types.CodeActionContext(diagnostics=list(found))
    params = types.CodeActionParams(document.identifier, document.range("output"), context)
    assert not await editor.client.text_document_code_action_async(params)
