-- Neovim against the real server: run by tests/tests/editors.rs as
-- `nvim --headless -u NONE --cmd 'set rtp^=tools/editors/neovim' -c 'luafile tools/editors/neovim/test.lua'`
-- in an empty folder, with the command in the environment variable SHEAF.

local PROGRAM = [[
/// What a package asks for.
input depends(package: String, target: String) from csv("depends.csv");
view needs(package: String, target: String);
needs(p, t) if depends(p, t);
needs(p, t) if needs(p, q), depends(q, t);
output needs to csv("needs.csv");
]]

local function write(name, text)
  local file = assert(io.open(name, "w"))
  file:write(text)
  file:close()
end

local function text()
  return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, true), "\n") .. "\n"
end

local function wait(what, condition)
  assert(vim.wait(20000, condition, 20), "waited in vain for " .. what .. ": " .. vim.inspect(vim.diagnostic.get(0)))
end

-- The answer of the server at the cursor.
local function ask(method, more)
  local params = vim.tbl_extend("force", vim.lsp.util.make_position_params(), more or {})
  local answers = assert(vim.lsp.buf_request_sync(0, method, params, 20000), "no answer to " .. method)
  local _, answer = next(answers)
  assert(answer and answer.result, method .. ": " .. vim.inspect(answer))
  return answer.result
end

local function run()
  require("sheaf").setup { cmd = { vim.env.SHEAF, "lsp" } }
  vim.cmd "filetype on"
  write("a.sheaf", PROGRAM)
  vim.cmd "edit a.sheaf"
  assert(vim.bo.filetype == "sheaf", "the filetype is " .. vim.bo.filetype)
  wait("the server", function()
    local client = vim.lsp.buf_get_clients(0)[next(vim.lsp.buf_get_clients(0))]
    return client and client.initialized
  end)

  -- Diagnostics, as one types.
  vim.api.nvim_buf_set_lines(0, 3, 4, true, { "needs(p, t) if depnds(p, t);" })
  wait("a diagnostic", function()
    return #vim.diagnostic.get(0) == 1
  end)
  local found = vim.diagnostic.get(0)[1]
  assert(found.lnum == 3 and found.col == 15 and found.code == "E0201", vim.inspect(found))
  vim.api.nvim_buf_set_lines(0, 3, 4, true, { "needs(p, t) if depends(p, t);" })
  wait("no diagnostic", function()
    return #vim.diagnostic.get(0) == 0
  end)

  -- Hover: on `depends` in the second rule.
  vim.api.nvim_win_set_cursor(0, { 5, 29 })
  local hover = ask "textDocument/hover"
  local shown = table.concat(vim.lsp.util.convert_input_to_markdown_lines(hover.contents), "\n")
  assert(shown:find("What a package asks for.", 1, true), shown)
  assert(shown:find("depends(package: String, target: String)", 1, true), shown)

  -- Definition: the cursor goes there.
  vim.lsp.buf.definition()
  wait("the definition", function()
    return vim.api.nvim_win_get_cursor(0)[1] == 2
  end)
  assert(vim.api.nvim_win_get_cursor(0)[2] == 6, vim.inspect(vim.api.nvim_win_get_cursor(0)))

  -- Rename: everywhere, and nothing else.
  vim.lsp.buf.rename "asks"
  wait("the new name", function()
    return text() == PROGRAM:gsub("depends%(", "asks(")
  end)

  -- Formatting, when the file is written.
  vim.api.nvim_buf_set_lines(0, 3, 4, true, { "needs(p,t)   if asks(p,t);" })
  vim.cmd "write"
  assert(text() == PROGRAM:gsub("depends%(", "asks("), text())
  vim.lsp.buf.formatting_sync(nil, 20000)
  assert(text() == PROGRAM:gsub("depends%(", "asks("), text())
end

local succeeded, problem = xpcall(run, debug.traceback)
if not succeeded then
  io.stderr:write(problem .. "\n")
  vim.cmd "cquit"
end
io.stdout:write "diagnostics, hover, definition, rename, formatting: as they should be\n"
vim.lsp.stop_client(vim.lsp.get_active_clients())
vim.cmd "quitall!"
