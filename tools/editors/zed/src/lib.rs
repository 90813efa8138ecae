//! Tells Zed how to start `sheaf lsp`.

use zed_extension_api::{self as zed, Command, LanguageServerId, Result, Worktree};

struct Sheaf;

impl zed::Extension for Sheaf {
    fn new() -> Self {
        Sheaf
    }

    fn language_server_command(
        &mut self,
        _: &LanguageServerId,
        worktree: &Worktree,
    ) -> Result<Command> {
        let command = worktree
            .which("sheaf")
            .ok_or("there is no `sheaf` on the PATH")?;
        Ok(Command {
            command,
            args: vec!["lsp".to_owned()],
            env: worktree.shell_env(),
        })
    }
}

zed::register_extension!(Sheaf);
