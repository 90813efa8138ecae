-- Sheaf in Neovim, 0.7 or later: `require("sheaf").setup()` in init.lua, with this folder on the runtime path.
-- Keys are those of the usual examples; `setup { keys = false }` leaves them alone.

local M = {}

local defaults = { cmd = { "sheaf", "lsp" }, keys = true, format_on_save = true }

-- The folder of the package, or else of the file.
local function root_of(file)
  local folder = vim.fn.fnamemodify(file, ":p:h")
  local manifest = vim.fn.findfile("sheaf.toml", folder .. ";")
  return manifest ~= "" and vim.fn.fnamemodify(manifest, ":p:h") or folder
end

local function format(buffer)
  if vim.lsp.buf.format then
    vim.lsp.buf.format { bufnr = buffer, timeout_ms = 2000 }
  else
    vim.lsp.buf.formatting_sync(nil, 2000)
  end
end

local function on_attach(options)
  return function(_, buffer)
    vim.api.nvim_buf_set_option(buffer, "omnifunc", "v:lua.vim.lsp.omnifunc")
    if options.keys then
      local keys = {
        K = vim.lsp.buf.hover,
        gd = vim.lsp.buf.definition,
        gr = vim.lsp.buf.references,
        ["<leader>rn"] = vim.lsp.buf.rename,
        ["<leader>ca"] = vim.lsp.buf.code_action,
      }
      for key, action in pairs(keys) do
        vim.keymap.set("n", key, action, { buffer = buffer, silent = true })
      end
    end
    if options.format_on_save then
      vim.api.nvim_create_autocmd("BufWritePre", {
        buffer = buffer,
        callback = function()
          format(buffer)
        end,
      })
    end
  end
end

-- Servers by their folder, so that the files of a package share one.
local clients = {}

local function attach(options, buffer)
  local root = root_of(vim.api.nvim_buf_get_name(buffer))
  local config = { name = "sheaf", cmd = options.cmd, root_dir = root, on_attach = on_attach(options) }
  if vim.lsp.start then
    vim.lsp.start(config, { bufnr = buffer })
    return
  end
  config.on_exit = function()
    clients[root] = nil
  end
  clients[root] = clients[root] or vim.lsp.start_client(config)
  if clients[root] then
    vim.lsp.buf_attach_client(buffer, clients[root])
  end
end

function M.setup(options)
  options = vim.tbl_extend("force", defaults, options or {})
  vim.api.nvim_create_autocmd("FileType", {
    pattern = "sheaf",
    callback = function(event)
      vim.bo.commentstring = "// %s"
      -- Colours, where the parser is installed (see the README).
      if vim.treesitter.start then
        pcall(vim.treesitter.start, event.buf, "sheaf")
      end
      attach(options, event.buf)
    end,
  })
end

return M
