"""What an editor shows of a text: hover, hints, places, symbols, colours."""

import pytest
from lsprotocol import types

PROGRAM = """\
//! Which packages does each package pull in?
/// What a package asks for.
input depends(package: String, target: String) from csv("depends.csv");

/// All that a package pulls in.
view needs(package: String, target: String);
needs(p, t) if depends(p, t);
needs(p, t) if $0needs($1p, q), $2depends(q, t);

/// How much a package brings with it.
view weight(package: String) -> Count;
weight(p) -> 1 if needs(p, _);

fn twice(x: Int) -> Int { x + x }

view heavy(package: String, size: Int);
heavy(p, $3twice($4size)) if weight(p) -> size, size > 10;

output heavy to csv("heavy.csv");

test "a chain" {
    given depends("a", "b"), depends("b", "c");
    expect needs("a", "c"), weight("a") -> 2;
}
"""

LIVE = """\
table $0stock(sku: String) -> Sum<Int>;
event sold(sku: String);
on sold(sku) { merge stock(sku) -> -1; }
view $1low(sku: String);
low(sku) if stock(sku) -> n, n < 10;
"""

BROKEN = PROGRAM.replace("fn twice(x: Int) -> Int { x + x }", "fn twice(x: Int) -> Int { x + }")


async def hover(editor, document, mark):
    found = await editor.client.text_document_hover_async(types.HoverParams(**document.at(mark)))
    assert found, f"nothing at mark {mark}"
    return found.contents.value


async def test_hover_of_a_relation_shows_schema_label_and_documentation(editor):
    document = editor.open("a.sheaf", PROGRAM)
    text = await hover(editor, document, 2)
    assert "depends(package: String, target: String)" in text
    assert "What a package asks for." in text
    assert "closed" in text


async def test_hover_tells_where_a_rule_runs(editor):
    document = editor.open("a.sheaf", PROGRAM)
    text = await hover(editor, document, 0)
    assert "All that a package pulls in." in text
    assert "rows of `depends` travel" in text, text


async def test_hover_of_a_variable_shows_its_type(editor):
    document = editor.open("a.sheaf", PROGRAM)
    assert "p: String" in await hover(editor, document, 1)


async def test_hover_of_a_function_shows_its_signature(editor):
    document = editor.open("a.sheaf", PROGRAM)
    assert "fn twice(x: Int) -> Int" in await hover(editor, document, 3)


async def test_hover_of_a_library_function_shows_its_documentation(editor):
    document = editor.open("a.sheaf", 'use std.text.lower;\nview a(x: String);\na($0lower("A"));\n')
    text = await hover(editor, document, 0)
    assert "fn lower(" in text
    assert "```sheaf" in text


async def test_hover_of_a_type_and_a_keyword_says_what_the_reference_says(editor):
    text = "view a(x: $0Option<Int>);\na(x) if $1maybe b(x);\n"
    document = editor.open("a.sheaf", text)
    found = await hover(editor, document, 0)
    assert "Option<T>" in found
    assert "`None` or `Some(x)`" in found
    assert "always holds" in await hover(editor, document, 1)


async def test_hover_of_what_changes_shows_why(editor):
    document = editor.open("a.sheaf", LIVE)
    assert "changing" in await hover(editor, document, 0)
    text = await hover(editor, document, 1)
    assert "changing" in text
    assert "stock" in text


async def test_hover_works_in_a_text_with_mistakes(editor):
    document = editor.open("a.sheaf", BROKEN)
    assert "depends(package: String, target: String)" in await hover(editor, document, 2)


async def test_inlay_hints_show_types_and_labels(editor):
    text = PROGRAM.replace("size, size > 10", "size, let most = size + 1, most > 10")
    document = editor.open("a.sheaf", text)
    params = types.InlayHintParams(document.identifier, document.whole())
    hints = await editor.client.text_document_inlay_hint_async(params)
    labels = [hint.label if isinstance(hint.label, str) else "".join(p.value for p in hint.label) for hint in hints]
    assert ": Nat" in labels or ": Int" in labels, labels
    assert any("closed" in label and "stratum" in label for label in labels), labels


async def places(editor, method, document, mark, **more):
    cls = {"definition": types.DefinitionParams, "references": types.ReferenceParams}[method]
    ask = getattr(editor.client, f"text_document_{method}_async")
    found = await ask(cls(**document.at(mark), **more))
    return list(found) if isinstance(found, (list, tuple)) else [found]


def lines(found):
    return sorted((place.target_range if hasattr(place, "target_range") else place.range).start.line for place in found)


@pytest.mark.parametrize("text", [PROGRAM, BROKEN], ids=["right", "wrong"])
async def test_definition(editor, text):
    document = editor.open("a.sheaf", text)
    for mark, line in [(0, 5), (2, 2), (3, 13)]:
        found = await places(editor, "definition", document, mark)
        assert lines(found) == [line]


async def test_definition_in_another_file(editor):
    editor.write("prices.sheaf", "// One.\npub fn twice(x: Int) -> Int { x + x }\n")
    document = editor.open("main.sheaf", "use prices.twice;\nview a(x: Int);\na($0twice(1));\n")
    [found] = await places(editor, "definition", document, 0)
    assert (found.target_uri if hasattr(found, "target_uri") else found.uri) == editor.uri("prices.sheaf")
    assert lines([found]) == [1]


async def test_references(editor):
    document = editor.open("a.sheaf", PROGRAM)
    context = types.ReferenceContext(include_declaration=True)
    found = await places(editor, "references", document, 0, context=context)
    assert lines(found) == [5, 6, 7, 7, 11, 22]
    context = types.ReferenceContext(include_declaration=False)
    assert 5 not in lines(await places(editor, "references", document, 0, context=context))


async def test_highlights_of_a_variable(editor):
    document = editor.open("a.sheaf", PROGRAM)
    params = types.DocumentHighlightParams(**document.at(1))
    found = await editor.client.text_document_document_highlight_async(params)
    assert [document.covered(highlight.range) for highlight in found] == ["p", "p"]
    assert {highlight.range.start.line for highlight in found} == {7}


async def test_document_symbols(editor):
    async def names(name, text):
        params = types.DocumentSymbolParams(editor.open(name, text).identifier)
        found = await editor.client.text_document_document_symbol_async(params)
        return [symbol.name for symbol in found]

    assert await names("a.sheaf", PROGRAM) == ["depends", "needs", "weight", "twice", "heavy", "a chain"]
    broken = PROGRAM.replace("if weight(p)", "if weight(p")
    assert await names("b.sheaf", broken) == ["depends", "needs", "weight", "twice", "heavy", "a chain"]


async def test_workspace_symbols(editor):
    editor.open("a.sheaf", PROGRAM)
    editor.open("b.sheaf", "view heavier(x: Int);\n")
    found = await editor.client.workspace_symbol_async(types.WorkspaceSymbolParams("heav"))
    assert sorted(symbol.name for symbol in found) == ["heavier", "heavy"]


async def test_signature_help(editor):
    document = editor.open("a.sheaf", PROGRAM)
    params = types.SignatureHelpParams(**document.at(4))
    found = await editor.client.text_document_signature_help_async(params)
    assert "twice(x: Int) -> Int" in found.signatures[0].label
    assert found.active_parameter == 0 or found.signatures[0].active_parameter == 0


async def test_semantic_tokens(editor):
    document = editor.open("a.sheaf", PROGRAM)
    legend = editor.client.features.capabilities.semantic_tokens_provider.legend.token_types
    params = types.SemanticTokensParams(document.identifier)
    found = await editor.client.text_document_semantic_tokens_full_async(params)
    line, column, kinds = 0, 0, {}
    for down, right, length, kind, _ in zip(*[iter(found.data)] * 5):
        line, column = (line + down, right) if down else (line, column + right)
        word = document.text.split("\n")[line][column : column + length]
        kinds.setdefault(word, set()).add(legend[kind])
    assert kinds["depends"] != kinds["p"]
    assert kinds["twice"] == {"function"}
    assert "comment" not in kinds.get("p", ())


async def test_folding(editor):
    document = editor.open("a.sheaf", PROGRAM)
    params = types.FoldingRangeParams(document.identifier)
    found = await editor.client.text_document_folding_range_async(params)
    assert (20, 23) in {(fold.start_line, fold.end_line) for fold in found} | {
        (fold.start_line, fold.end_line + 1) for fold in found
    }


async def test_code_lenses(editor):
    document = editor.open("a.sheaf", PROGRAM)
    params = types.CodeLensParams(document.identifier)
    found = await editor.client.text_document_code_lens_async(params)
    commands = {lens.command.command for lens in found if lens.command}
    assert any("test" in command.lower() for command in commands), commands
    assert any("plan" in command.lower() for command in commands), commands
    [test] = [lens for lens in found if lens.command and "test" in lens.command.command.lower()]
    assert test.range.start.line == 20
