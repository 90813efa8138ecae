-- The parser and its queries in Neovim: run by tests/tests/editors.rs with the compiled parser on the runtime path and
-- a file open.

local function run()
  local tree = vim.treesitter.get_parser(0, "sheaf"):parse()[1]
  assert(not tree:root():has_error(), "the parser does not read the file")
  for _, name in ipairs { "highlights", "folds", "indents", "locals" } do
    local query = (vim.treesitter.query.get or vim.treesitter.get_query)("sheaf", name)
    local captures = 0
    for _ in query:iter_captures(tree:root(), 0, 0, -1) do
      captures = captures + 1
    end
    assert(captures > 10, name .. " captures " .. captures .. " nodes")
  end
end

local succeeded, problem = xpcall(run, debug.traceback)
if not succeeded then
  io.stderr:write(problem .. "\n")
  vim.cmd "cquit"
end
io.stdout:write "parser and queries: as they should be\n"
vim.cmd "quitall!"
