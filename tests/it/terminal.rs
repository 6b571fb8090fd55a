//! A terminal under test: the real binary behind a pseudo-terminal, its screen as text.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, PtySize, native_pty_system};

/// Nothing here takes a tenth of this; a test that waits longer has found a hang.
const PATIENCE: Duration = Duration::from_mins(1);

/// A program in a terminal.
pub(crate) struct Terminal {
    screen: Arc<Screen>,
    keyboard: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    _pty: Box<dyn portable_pty::MasterPty + Send>,
}

struct Screen {
    parser: Mutex<(vt100::Parser, bool)>,
    changed: Condvar,
}

impl Terminal {
    /// Runs `mcptop` with these arguments in a terminal of `columns` × `rows`, with everything it keeps below `home`.
    pub(crate) fn mcptop(arguments: &[&str], home: &Path, (columns, rows): (u16, u16)) -> Self {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_mcptop"));
        command.args(arguments);
        Self::run(command, home, (columns, rows))
    }

    /// The same for `sh -c script`.
    #[cfg(unix)]
    pub(crate) fn shell(script: &str, home: &Path, size: (u16, u16)) -> Self {
        let mut command = CommandBuilder::new("sh");
        command.args(["-c", script]);
        Self::run(command, home, size)
    }

    fn run(mut command: CommandBuilder, home: &Path, (columns, rows): (u16, u16)) -> Self {
        command.env("MCPTOP_HOME", home);
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        command.env_remove("NO_COLOR");
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pty = native_pty_system().openpty(size).unwrap();
        let child = pty.slave.spawn_command(command).unwrap();
        let screen = Arc::new(Screen {
            parser: Mutex::new((
                vt100::Parser::new(rows.try_into().unwrap(), columns.try_into().unwrap(), 0),
                false,
            )),
            changed: Condvar::new(),
        });
        let (mut output, shown) = (pty.master.try_clone_reader().unwrap(), screen.clone());
        std::thread::spawn(move || {
            let mut bytes = [0; 8192];
            while let Ok(read @ 1..) = output.read(&mut bytes) {
                shown.parser.lock().unwrap().0.process(&bytes[..read]);
                shown.changed.notify_all();
            }
            shown.parser.lock().unwrap().1 = true;
            shown.changed.notify_all();
        });
        let keyboard = pty.master.take_writer().unwrap();
        Self { screen, keyboard, child, _pty: pty.master }
    }

    /// Types.
    pub(crate) fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    /// Waits until the screen shows all of `words`, and gives it.
    pub(crate) fn wait_for(&self, words: &[&str]) -> String {
        self.wait_until(&format!("{words:?}"), |screen| words.iter().all(|word| screen.contains(word)))
    }

    /// Waits until the screen is as wanted, and gives it.
    pub(crate) fn wait_until(&self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        let mut state = self.screen.parser.lock().unwrap();
        loop {
            let screen = state.0.screen().contents();
            if wanted(&screen) {
                return screen;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero() && !state.1, "waited in vain for {what}; the screen shows:\n{screen}");
            state = self.screen.changed.wait_timeout(state, left).unwrap().0;
        }
    }

    /// Waits for the program to leave, and gives its status.
    pub(crate) fn wait(&mut self) -> u32 {
        let status = self.child.wait().unwrap();
        status.exit_code()
    }

    /// Whether the program has the screen for itself.
    pub(crate) fn is_on_other_screen(&self) -> bool {
        self.screen.parser.lock().unwrap().0.screen().alternate_screen()
    }

    /// Sends the program a signal by its name.
    #[cfg(unix)]
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.process_id().unwrap().to_string();
        assert!(std::process::Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    /// Ends the program the hard way.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}
