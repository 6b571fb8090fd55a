//! The terminal itself: taken, listened to, written to, and given back whatever happens.

use std::io::{self, Stdout, Write as _};
use std::process::{Command, Stdio};
use std::sync::mpsc::SyncSender;

use crossterm::clipboard::CopyToClipboard;
use crossterm::event::{
    self, DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
};
use crossterm::execute;
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use ratatui::Terminal;
use ratatui::backend::{Backend as _, ClearType, CrosstermBackend};

use crate::ui::copy::{OSC52_BYTES_MAX, clipboard_commands};
use crate::ui::feed::Message;

/// The terminal, as long as it is ours.
pub(super) struct Screen {
    pub(super) terminal: Terminal<CrosstermBackend<Stdout>>,
}

impl Screen {
    /// Takes the terminal: its other screen, the mouse, pastes as one.
    pub(super) fn open() -> io::Result<Self> {
        restore_on_panic();
        enable_raw_mode()?;
        let entered = enter();
        // From here on the terminal is given back even if the rest fails.
        let screen = Terminal::new(CrosstermBackend::new(io::stdout())).map(|terminal| Self { terminal });
        if screen.is_err() || entered.is_err() {
            restore();
        }
        entered?;
        screen
    }

    /// Has every cell drawn again with the next frame.
    pub(super) fn redraw(&mut self) {
        // Not `clear`: it asks the terminal where its cursor is, and whoever listens to the terminal would wait for the answer.
        // An error is that of a terminal that is gone, of which the next frame will tell.
        let _ = self.terminal.backend_mut().clear_region(ClearType::All);
        self.terminal.swap_buffers();
    }

    /// Gives the terminal back and stops as a job of the shell, with all that was started beside it, until the shell says
    /// otherwise. Returns whether there is such a thing as a job here.
    pub(super) fn suspend(&mut self) -> bool {
        #[cfg(unix)]
        {
            restore();
            // Where no shell controls jobs this does nothing, and we go on at once.
            let is_stopped =
                rustix::process::kill_current_process_group(rustix::process::Signal::TSTP).is_ok();
            let _ = enable_raw_mode().and_then(|()| enter());
            self.redraw();
            is_stopped
        }
        #[cfg(not(unix))]
        false
    }
}

/// The other screen, the mouse, pastes as one.
fn enter() -> io::Result<()> {
    execute!(
        io::stdout(),
        EnterAlternateScreen,
        EnableMouseCapture,
        EnableBracketedPaste,
        crossterm::cursor::Hide
    )
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

/// Puts a text on the clipboard: the terminal's by its escape sequence, the local one by a program, if there is
/// one. Returns whether either could be tried.
pub(super) fn copy(text: &str) -> bool {
    let mut is_tried = false;
    if text.len() <= OSC52_BYTES_MAX {
        is_tried = execute!(io::stdout(), CopyToClipboard::to_clipboard_from(text)).is_ok();
    }
    for command in clipboard_commands(|name| std::env::var(name).ok()) {
        let spawned = Command::new(command.program)
            .args(command.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        if let Ok(mut child) = spawned {
            let (stdin, text) = (child.stdin.take(), text.to_owned());
            // It may take its time, and is waited for so that it does not stay behind as a zombie.
            std::thread::spawn(move || {
                if let Some(mut stdin) = stdin {
                    let _ = stdin.write_all(text.as_bytes());
                }
                let _ = child.wait();
            });
            return true;
        }
    }
    is_tried
}

/// Gives the terminal back. Errors have nowhere to go.
fn restore() {
    let _ = execute!(
        io::stdout(),
        DisableBracketedPaste,
        DisableMouseCapture,
        LeaveAlternateScreen,
        crossterm::cursor::Show
    );
    let _ = disable_raw_mode();
}

/// If the drawing thread panics, the terminal is given back before the message is printed. Panics of other threads
/// are not printed: the tokenizer's are caught and shown as a count that failed.
fn restore_on_panic() {
    let drawing = std::thread::current().id();
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().id() == drawing {
            restore();
            before(panic);
        }
    }));
}

/// Hands the terminal's events over, until nobody takes them.
pub(super) fn listen(speaker: &SyncSender<Message>) {
    let speaker = speaker.clone();
    std::thread::spawn(move || {
        while let Ok(event) = event::read() {
            if speaker.send(Message::Terminal(event)).is_err() {
                return;
            }
        }
        // The terminal is gone.
        let _ = speaker.send(Message::Leave);
    });
}
