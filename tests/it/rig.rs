//! A wrapped server under test: the real binary, real pipes, a folder of its own.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use mcptop::trace::{Event, Fact, Header, read_event, read_header};
use mcptop::wire::Direction;

/// Nothing here takes a tenth of this; a test that waits longer has found a hang.
const PATIENCE: Duration = Duration::from_mins(1);

/// A server wrapped by the real binary.
pub(crate) struct Rig {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) proxy: Child,
    stdin: Option<ChildStdin>,
    stdout: Option<BufReader<ChildStdout>>,
}

impl Rig {
    /// Wraps `sh -c script`. In the script `$0` is the rig's folder.
    pub(crate) fn shell(script: &str) -> Self {
        Self::with(&[], script)
    }

    /// The same with options for `mcptop wrap`.
    pub(crate) fn with(options: &[&str], script: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_mcptop"));
        command.arg("wrap").args(options).args(["--", "sh", "-c", script]).arg(folder.path());
        Self::start(command, folder)
    }

    /// Starts any command that wraps a server.
    pub(crate) fn start(command: Command, folder: tempfile::TempDir) -> Self {
        let home = folder.path().join("home");
        Self::start_in(command, folder, &home)
    }

    /// Starts a command that keeps its things below `home`, where a viewer will look.
    pub(crate) fn start_below(command: Command, home: &Path) -> Self {
        Self::start_in(command, tempfile::tempdir().unwrap(), home)
    }

    fn start_in(mut command: Command, folder: tempfile::TempDir, home: &Path) -> Self {
        command.env("MCPTOP_HOME", home);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command.stderr(File::create(folder.path().join("stderr")).unwrap());
        let mut proxy = command.spawn().unwrap();
        let stdin = proxy.stdin.take();
        let stdout = proxy.stdout.take().map(BufReader::new);
        Self { folder, proxy, stdin, stdout }
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        let stdin = self.stdin.as_mut().unwrap();
        stdin.write_all(bytes).unwrap();
        stdin.flush().unwrap();
    }

    /// The same for a client whose server may have stopped reading.
    pub(crate) fn try_send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stdin.as_mut().unwrap().write_all(bytes)
    }

    pub(crate) fn receive_line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.as_mut().unwrap().read_line(&mut line).unwrap();
        line
    }

    /// Sets what the pipe to the client holds: where many pipes are open, the kernel makes them smaller than usual.
    #[cfg(target_os = "linux")]
    pub(crate) fn let_stdout_hold(&self, bytes: usize) {
        rustix::pipe::fcntl_setpipe_size(self.stdout.as_ref().unwrap().get_ref(), bytes).unwrap();
    }

    /// Its size is fixed elsewhere.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn let_stdout_hold(&self, _bytes: usize) {}

    /// The client's way of saying that it is done.
    pub(crate) fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// What a client's death looks like from here: all of its descriptors close at once.
    pub(crate) fn client_dies(&mut self) {
        self.stdin = None;
        self.stdout = None;
    }

    pub(crate) fn take_stdin(&mut self) -> ChildStdin {
        self.stdin.take().unwrap()
    }

    pub(crate) fn take_stdout(&mut self) -> ChildStdout {
        self.stdout.take().unwrap().into_inner()
    }

    /// Everything the server still says, to the end of its output.
    pub(crate) fn receive_rest(&mut self) -> Vec<u8> {
        let mut stdout = self.stdout.take().unwrap();
        within_patience("the end of the server's output", move || {
            let mut rest = Vec::new();
            stdout.read_to_end(&mut rest).unwrap();
            rest
        })
    }

    pub(crate) fn signal(&self, name: &str) {
        signal(self.proxy.id(), name);
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        let proxy = std::mem::replace(&mut self.proxy, Command::new("true").spawn().unwrap());
        let mut proxy = proxy;
        within_patience("the end of mcptop", move || proxy.wait().unwrap())
    }

    pub(crate) fn stderr(&self) -> String {
        fs::read_to_string(self.folder.path().join("stderr")).unwrap()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The one recording this rig's home holds.
    pub(crate) fn recording(&self) -> PathBuf {
        let found = recordings_below(&self.path("home/recordings"));
        assert_eq!(found.len(), 1, "{found:?}");
        found.into_iter().next().unwrap()
    }

    /// The events of that recording; every line of it must be readable.
    pub(crate) fn events(&self) -> Vec<Event<'static>> {
        read_all(&self.recording()).1
    }
}

/// Sends a signal by name, as `kill` does.
pub(crate) fn signal(pid: u32, name: &str) {
    assert!(Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).status().unwrap().success());
}

pub(crate) fn recordings_below(folder: &Path) -> Vec<PathBuf> {
    let children = |path: &Path| -> Vec<PathBuf> {
        fs::read_dir(path).into_iter().flatten().map(|entry| entry.unwrap().path()).collect()
    };
    children(folder).iter().flat_map(|day| children(day)).collect()
}

/// Reads a whole recording, leaked so that its events can be handed around.
pub(crate) fn read_all(path: &Path) -> (Header, Vec<Event<'static>>) {
    let text: &'static [u8] = fs::read(path).unwrap().leak();
    let mut lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let header = read_header(lines.next().unwrap()).unwrap();
    (header, lines.map(|line| read_event(line).unwrap()).collect())
}

/// The bytes that travelled one way, put together again from a recording.
pub(crate) fn rebuilt(events: &[Event<'_>], direction: Direction) -> Vec<u8> {
    let mut bytes = Vec::new();
    for event in events {
        match &event.fact {
            Fact::Message { to, payload, .. } | Fact::Part { to, payload, .. } if *to == direction => {
                payload.write_to(&mut bytes);
            }
            _ => {}
        }
    }
    bytes
}

/// A named pipe that the processes under test hold open: its end is the end of the last of them.
pub(crate) struct Lifeline(File);

impl Lifeline {
    /// Makes the pipe; a process takes hold of it with `exec 3>"$0/lifeline"` and says `echo ready >&3`.
    pub(crate) fn in_folder(folder: &Path) {
        assert!(Command::new("mkfifo").arg(folder.join("lifeline")).status().unwrap().success());
    }

    /// Waits until a process has taken hold and said that it is ready.
    pub(crate) fn wait_ready(folder: &Path) -> Self {
        let path = folder.join("lifeline");
        Self(within_patience("the server's start", move || {
            let mut file = File::open(path).unwrap();
            let mut ready = [0; 6];
            file.read_exact(&mut ready).unwrap();
            assert_eq!(&ready, b"ready\n");
            file
        }))
    }

    /// Waits until every process that held the pipe is gone.
    pub(crate) fn wait_all_gone(self) {
        let mut file = self.0;
        within_patience("the end of the last process of the group", move || {
            file.read_to_end(&mut Vec::new()).unwrap();
        });
    }
}

/// Runs what may block on a thread of its own, so that a hang is a failure with a name.
pub(crate) fn within_patience<T: Send + 'static>(what: &str, wait: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, result) = mpsc::channel();
    std::thread::spawn(move || {
        let _ = done.send(wait());
    });
    result.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("waited {PATIENCE:?} in vain for {what}"))
}
