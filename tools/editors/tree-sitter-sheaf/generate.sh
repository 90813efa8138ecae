#!/bin/sh
# Makes src/parser.c of grammar.js, and notes of which. Needs the tree-sitter command, version 0.27:
#   cargo install tree-sitter-cli --version 0.27.1 --locked
set -eu
cd "$(dirname "$0")"
tree-sitter generate --abi 14
sha256sum grammar.js src/parser.c > src/sha256sums
