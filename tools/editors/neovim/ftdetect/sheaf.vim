autocmd BufRead,BufNewFile *.sheaf set filetype=sheaf
