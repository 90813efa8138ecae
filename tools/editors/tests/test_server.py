"""The server as a process: encodings, mistakes of the client, commands, the end."""

import asyncio
import json

from conftest import SHEAF
from lsprotocol import types

PROGRAM = """\
input depends(package: String, target: String) from csv("depends.csv");
view leaf(package: String);
leaf(p) if depends(p, _), not depends(_, p);
output leaf to csv("leaf.csv");
"""


async def test_text_beyond_ascii_is_counted_in_utf_16(editor):
    text = 'view a(x: String);\na("😀é" + naem);\n'
    document = editor.open("a.sheaf", text)
    found = await editor.diagnostics(document)
    assert [document.covered(diagnostic.range) for diagnostic in found] == ["naem"]
    editor.change(document, "naem", '"ü"')
    await editor.diagnostics(document, [])


async def test_an_unknown_request_is_refused_and_the_server_lives(editor):
    try:
        await editor.client.protocol.send_request_async("sheaf/nonsense", {})
    except Exception as error:
        assert "nonsense" in str(error) or "method" in str(error).lower()
    else:
        raise AssertionError("it was answered")
    document = editor.open("a.sheaf", PROGRAM)
    assert await editor.diagnostics(document) == []


async def test_a_place_outside_the_text_does_no_harm(editor):
    document = editor.open("a.sheaf", PROGRAM)
    far = types.Position(1000, 1000)
    await editor.client.text_document_hover_async(types.HoverParams(document.identifier, far))
    await editor.client.text_document_completion_async(types.CompletionParams(document.identifier, far))
    assert await editor.diagnostics(document) == []


async def test_a_file_that_is_not_open_does_no_harm(editor):
    nowhere = types.TextDocumentIdentifier(editor.uri("nowhere.sheaf"))
    try:
        await editor.client.text_document_hover_async(types.HoverParams(nowhere, types.Position(0, 0)))
    except Exception as error:
        assert str(error)
    document = editor.open("a.sheaf", PROGRAM)
    assert await editor.diagnostics(document) == []


async def test_the_plan_as_a_picture(editor):
    document = editor.open("a.sheaf", PROGRAM)
    await editor.diagnostics(document, [])
    params = types.ExecuteCommandParams(command="sheaf.showPlan", arguments=[document.uri])
    found = await editor.client.workspace_execute_command_async(params)
    svg = found if isinstance(found, str) else found["svg"] if isinstance(found, dict) else found.svg
    assert "<svg" in svg
    assert 'data-line="3"' in svg


async def test_positions_in_utf_8_and_the_end_of_the_process(tmp_path):
    """Without a library between: what is written to the process, and its exit status."""
    process = await asyncio.create_subprocess_exec(
        SHEAF, "lsp", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )

    def send(**message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    async def receive(fits):
        while True:
            length = 0
            while (line := (await process.stdout.readline()).strip()) != b"":
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            message = json.loads(await process.stdout.readexactly(length))
            if fits(message):
                return message

    can = {"general": {"positionEncodings": ["utf-8", "utf-16"]}}
    send(id=1, method="initialize", params={"processId": None, "rootUri": None, "capabilities": can})
    answer = await receive(lambda message: message.get("id") == 1)
    assert answer["result"]["capabilities"]["positionEncoding"] == "utf-8"
    send(method="initialized", params={})
    uri = (tmp_path / "a.sheaf").as_uri()
    text = 'view a(x: String);\na("😀é" + naem);\n'
    item = {"uri": uri, "languageId": "sheaf", "version": 1, "text": text}
    send(method="textDocument/didOpen", params={"textDocument": item})
    published = await receive(lambda message: message.get("method") == "textDocument/publishDiagnostics")
    [found] = published["params"]["diagnostics"]
    # a(" is three bytes, the two letters six, then a quote and ` + `.
    assert found["range"]["start"] == {"line": 1, "character": 13}
    send(id=2, method="shutdown")
    assert (await receive(lambda message: message.get("id") == 2))["result"] is None
    send(method="exit")
    assert await asyncio.wait_for(process.wait(), 20) == 0


async def test_an_end_without_shutdown_is_a_failure():
    process = await asyncio.create_subprocess_exec(
        SHEAF, "lsp", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL
    )
    message = b'{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}}'
    process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(message), message))
    exit_ = b'{"jsonrpc": "2.0", "method": "exit"}'
    process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(exit_), exit_))
    assert await asyncio.wait_for(process.wait(), 20) == 1
