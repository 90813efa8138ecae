"""`sheaf lsp` over standard streams, driven by the client of pytest-lsp.

The binary is the one of the environment variable SHEAF, or the release build of this repository.
"""

import asyncio
import os
import pathlib

import pytest
import pytest_lsp
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities

ROOT = pathlib.Path(__file__).resolve().parents[3]
SHEAF = os.environ.get("SHEAF", str(ROOT / "target/release/sheaf"))
SECONDS = 20


class Document:
    """A text that the editor has open, and the places that were marked in it with `$0`, `$1` …"""

    def __init__(self, uri, marked):
        self.uri = uri
        self.version = 1
        self.text, self.marks = unmarked(marked)

    @property
    def identifier(self):
        return types.TextDocumentIdentifier(uri=self.uri)

    def position(self, mark=0):
        return position(self.text, self.marks[mark])

    def at(self, mark=0):
        return {"text_document": self.identifier, "position": self.position(mark)}

    def range(self, part, occurrence=0):
        """The range of a part of the text."""
        start = -1
        for _ in range(occurrence + 1):
            start = self.text.index(part, start + 1)
        return types.Range(position(self.text, start), position(self.text, start + len(part)))

    def whole(self):
        return types.Range(types.Position(0, 0), position(self.text, len(self.text)))

    def covered(self, range):
        """The text in a range."""
        return self.text[offset(self.text, range.start) : offset(self.text, range.end)]


def unmarked(marked):
    marks, text = {}, ""
    rest = marked
    while (at := rest.find("$")) >= 0:
        text += rest[:at]
        marks[int(rest[at + 1])] = len(text)
        rest = rest[at + 2 :]
    return text + rest, marks


def position(text, index):
    """A position as the protocol counts by default: lines, and UTF-16 units in them."""
    before = text[:index]
    line = before.rsplit("\n", 1)[-1]
    return types.Position(before.count("\n"), len(line.encode("utf-16-le")) // 2)


def offset(text, position):
    lines = text.split("\n")
    line = lines[position.line].encode("utf-16-le")[: position.character * 2].decode("utf-16-le")
    return sum(len(line) + 1 for line in lines[: position.line]) + len(line)


def edited(text, edits):
    """A text after the edits of the server, which do not overlap."""
    places = [(offset(text, e.range.start), offset(text, e.range.end), e.new_text) for e in edits or []]
    for start, end, new in sorted(places, key=lambda place: place[:2], reverse=True):
        text = text[:start] + new + text[end:]
    return text


def changes(workspace_edit):
    """The edits of a workspace edit by file, in either of the protocol's two forms."""
    if workspace_edit.document_changes:
        return {change.text_document.uri: change.edits for change in workspace_edit.document_changes}
    return workspace_edit.changes or {}


class Editor:
    """An editor with a folder open."""

    def __init__(self, client, folder):
        self.client = client
        self.folder = folder
        self.published = {}
        self.registered = []
        self.arrived = asyncio.Condition()

    def uri(self, name):
        return (self.folder / name).as_uri()

    def write(self, name, text):
        """Writes a file that is not open."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def open(self, name, marked, save=True):
        document = Document(self.uri(name), marked)
        if save:
            self.write(name, document.text)
        item = types.TextDocumentItem(
            uri=document.uri, language_id="sheaf", version=document.version, text=document.text
        )
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return document

    def change(self, document, old, new):
        """Replaces one part of the text, as typing would."""
        change = types.TextDocumentContentChangePartial(range=document.range(old), text=new)
        document.text = document.text.replace(old, new, 1)
        document.version += 1
        versioned = types.VersionedTextDocumentIdentifier(uri=document.uri, version=document.version)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(versioned, [change]))

    def close(self, document):
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(document.identifier))

    async def diagnostics(self, document, expected=None):
        """The diagnostics of a document, once they are of its version and, if given, have these codes."""

        def fit(params):
            is_current = params.version is None or params.version >= document.version
            return is_current and (expected is None or codes(params.diagnostics) == expected)

        async def wait():
            async with self.arrived:
                await self.arrived.wait_for(
                    lambda: (params := self.published.get(document.uri)) is not None and fit(params)
                )

        try:
            await asyncio.wait_for(wait(), SECONDS)
        except asyncio.TimeoutError:
            found = self.published.get(document.uri)
            pytest.fail(f"no diagnostics {expected} for {document.uri}; the last were {found}")
        return list(self.published[document.uri].diagnostics)

    async def arrive(self, params):
        async with self.arrived:
            self.published[params.uri] = params
            self.arrived.notify_all()


def codes(diagnostics):
    return [str(diagnostic.code) for diagnostic in diagnostics]


def capabilities():
    """What Visual Studio Code can do, newer abilities included."""
    can = client_capabilities("visual-studio-code")
    can.text_document.inlay_hint = types.InlayHintClientCapabilities(dynamic_registration=False)
    can.text_document.publish_diagnostics.version_support = True
    return can


@pytest_lsp.fixture(config=ClientServerConfig(server_command=[SHEAF, "lsp"]))
async def client(lsp_client: LanguageClient, tmp_path):
    """A server that has been started in an empty folder."""
    folder = types.WorkspaceFolder(uri=tmp_path.as_uri(), name="folder")
    params = types.InitializeParams(
        capabilities=capabilities(), root_uri=tmp_path.as_uri(), workspace_folders=[folder]
    )
    editor = Editor(lsp_client, tmp_path)
    lsp_client.editor = editor
    # The protocol's client keeps the last diagnostics; tests wait for them by version.
    lsp_client.protocol.fm.features.pop(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS, None)

    @lsp_client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    async def arrive(params: types.PublishDiagnosticsParams):
        await editor.arrive(params)

    @lsp_client.feature(types.CLIENT_REGISTER_CAPABILITY)
    def register(params: types.RegistrationParams):
        editor.registered += params.registrations

    lsp_client.features = await lsp_client.initialize_session(params)
    yield
    await lsp_client.shutdown_session()


@pytest.fixture
def editor(client):
    return client.editor
