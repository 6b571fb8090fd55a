//! Ends on Unix: readiness where the kernel offers it, plain reads and writes where it does not.
//!
//! Never `tokio::io::stdin()`: it hands every read to a thread pool, which costs two thread switches a message.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::OFlags;
use rustix::stdio::{dup2_stdin, dup2_stdout};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::process::Child;

use crate::proxy::relay::Read;

/// A descriptor that may or may not support readiness.
pub(in crate::proxy) enum Descriptor {
    /// Pipes, sockets and terminals.
    Polled {
        /// The descriptor.
        fd: AsyncFd<OwnedFd>,
        /// A short read means that nothing is left. So it is with a stream of bytes; a terminal gives a line at a time.
        is_stream: bool,
    },
    /// Regular files and `/dev/null`, which the kernel refuses to poll because they never block.
    Direct(OwnedFd),
}

impl Descriptor {
    fn new(fd: OwnedFd, interest: Interest) -> io::Result<Self> {
        set_nonblocking(fd.as_fd(), true)?;
        #[expect(
            deprecated,
            reason = "its successor is `unsafe` for descriptors that lie; an `OwnedFd` cannot"
        )]
        let polled = AsyncFd::try_with_interest(fd, interest);
        match polled {
            Ok(fd) => Ok(Self::Polled { is_stream: is_stream(fd.as_fd()), fd }),
            Err(refused) => {
                let (fd, _) = refused.into_parts();
                set_nonblocking(fd.as_fd(), false)?;
                Ok(Self::Direct(fd))
            }
        }
    }
}

/// Where bytes come from.
pub(in crate::proxy) struct Input(Descriptor);

impl Input {
    /// Reads what is there, waiting until something is. Zero bytes: the sender closed its side.
    pub(in crate::proxy) async fn read(&mut self, buffer: &mut [u8]) -> io::Result<Read> {
        match &self.0 {
            Descriptor::Direct(fd) => {
                // A file is always ready: give the other direction its turn.
                tokio::task::yield_now().await;
                let woke = Instant::now();
                Ok((uninterrupted(|| rustix::io::read(fd, &mut *buffer))?, woke))
            }
            Descriptor::Polled { fd, is_stream } => loop {
                let mut ready = fd.readable().await?;
                let woke = Instant::now();
                match uninterrupted(|| rustix::io::read(ready.get_inner(), &mut *buffer)) {
                    Ok(len_bytes) => {
                        // Wait for the next edge instead of asking again in vain.
                        if *is_stream && 0 < len_bytes && len_bytes < buffer.len() {
                            ready.clear_ready();
                        }
                        return Ok((len_bytes, woke));
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => ready.clear_ready(),
                    Err(error) => return Err(error),
                }
            },
        }
    }
}

/// Where bytes go.
pub(in crate::proxy) enum Output {
    /// A descriptor that is ours alone.
    Own(Descriptor),
    /// Our standard error, which SDK clients hand on to their servers: it is the client's own, often its terminal,
    /// and making it non-blocking would make the client's standard streams so. A thread waits for it instead.
    Shared(Arc<OwnedFd>),
}

impl Output {
    /// Our own standard error.
    pub(in crate::proxy) fn stderr() -> io::Result<Self> {
        Ok(Self::Shared(Arc::new(io::stderr().as_fd().try_clone_to_owned()?)))
    }

    /// Writes all of it, waiting while the receiver is slow.
    pub(in crate::proxy) async fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let written = match self {
                Self::Own(Descriptor::Direct(fd)) => uninterrupted(|| rustix::io::write(&*fd, bytes))?,
                Self::Own(Descriptor::Polled { fd, .. }) => write_some(fd, bytes).await?,
                Self::Shared(fd) => {
                    let (fd, copy) = (fd.clone(), bytes.to_vec());
                    tokio::task::spawn_blocking(move || write_waiting(&fd, &copy)).await??
                }
            };
            bytes = &bytes[written..];
        }
        Ok(())
    }
}

/// Writes on a thread that may wait. The descriptor may still be non-blocking, because others made it so.
fn write_waiting(fd: &OwnedFd, bytes: &[u8]) -> io::Result<usize> {
    loop {
        match uninterrupted(|| rustix::io::write(fd, bytes)) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let mut writable = [PollFd::new(fd, PollFlags::OUT)];
                uninterrupted(|| poll(&mut writable, None))?;
            }
            other => return other,
        }
    }
}

async fn write_some(fd: &AsyncFd<OwnedFd>, bytes: &[u8]) -> io::Result<usize> {
    loop {
        let mut ready = fd.writable().await?;
        match uninterrupted(|| rustix::io::write(ready.get_inner(), bytes)) {
            Ok(written) => {
                // A short write filled the pipe: the next one has to wait for the reader.
                if written < bytes.len() {
                    ready.clear_ready();
                }
                return Ok(written);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => ready.clear_ready(),
            Err(error) => return Err(error),
        }
    }
}

fn uninterrupted(mut call: impl FnMut() -> rustix::io::Result<usize>) -> io::Result<usize> {
    loop {
        match call() {
            Err(rustix::io::Errno::INTR) => {}
            other => return Ok(other?),
        }
    }
}

fn is_stream(fd: BorrowedFd<'_>) -> bool {
    use rustix::fs::FileType;
    use rustix::net::{SocketType, sockopt::socket_type};
    match rustix::fs::fstat(fd).map(|stat| FileType::from_raw_mode(stat.st_mode)) {
        Ok(FileType::Fifo) => true,
        Ok(FileType::Socket) => socket_type(fd).is_ok_and(|kind| kind == SocketType::STREAM),
        _ => false,
    }
}

fn set_nonblocking(fd: BorrowedFd<'_>, on: bool) -> io::Result<()> {
    let mut flags = rustix::fs::fcntl_getfl(fd)?;
    flags.set(OFlags::NONBLOCK, on);
    Ok(rustix::fs::fcntl_setfl(fd, flags)?)
}

/// The client's side: our own standard streams. Puts the flags of input and output back when dropped, because a terminal
/// or a pipe given by a shell belongs to others as well.
pub(in crate::proxy) struct Ends {
    pub(in crate::proxy) stdin: Option<Input>,
    pub(in crate::proxy) stdout: Option<Output>,
    pub(in crate::proxy) stderr: Option<Output>,
    flags: [Option<OFlags>; 2],
}

impl Ends {
    /// Takes our standard streams. Must be called inside a tokio runtime.
    pub(in crate::proxy) fn take() -> io::Result<Self> {
        let (stdin, stdout) = (io::stdin(), io::stdout());
        let flags = [stdin.as_fd(), stdout.as_fd()].map(|fd| rustix::fs::fcntl_getfl(fd).ok());
        let [stdin, stdout] = [stdin.as_fd(), stdout.as_fd()].map(|fd| fd.try_clone_to_owned());
        Ok(Self {
            stdin: Some(Input(Descriptor::new(stdin?, Interest::READABLE)?)),
            stdout: Some(Output::Own(Descriptor::new(stdout?, Interest::WRITABLE)?)),
            stderr: Some(Output::stderr()?),
            flags,
        })
    }

    /// Lets the client see that nothing reads from it any more.
    pub(in crate::proxy) fn close_stdin(&mut self) {
        if !input_is_output() {
            restore(io::stdin().as_fd(), &mut self.flags[0]);
        }
        if let Ok(null) = null_device() {
            let _ = dup2_stdin(null);
        }
    }

    /// Lets the client see the end of the server's output while the process lives on.
    pub(in crate::proxy) fn close_stdout(&mut self) {
        if !input_is_output() {
            restore(io::stdout().as_fd(), &mut self.flags[1]);
        }
        if let Ok(null) = null_device() {
            let _ = dup2_stdout(null);
        }
    }
}

impl Drop for Ends {
    fn drop(&mut self) {
        let [stdin, stdout] = &mut self.flags;
        restore(io::stdin().as_fd(), stdin);
        restore(io::stdout().as_fd(), stdout);
    }
}

/// Whoever reads what we write, watched through a descriptor with a readiness of its own: the relay's stays as it is.
pub(in crate::proxy) struct Reader(AsyncFd<OwnedFd>);

impl Reader {
    /// The client, as our standard output knows it. `None` for a file or a null device, which nobody reads from. Must
    /// be called inside a tokio runtime.
    pub(in crate::proxy) fn of_stdout() -> Option<Self> {
        let copy = io::stdout().as_fd().try_clone_to_owned().ok()?;
        match Descriptor::new(copy, Interest::WRITABLE).ok()? {
            Descriptor::Polled { fd, .. } => Some(Self(fd)),
            Descriptor::Direct(_) => None,
        }
    }

    /// Waits until nobody can read any more. Costs a wake-up whenever a full pipe is read from, nothing otherwise.
    pub(in crate::proxy) async fn gone(self) {
        while let Ok(mut ready) = self.0.writable().await {
            let state = ready.ready();
            if state.is_write_closed() {
                return;
            }
            ready.clear_ready_matching(state);
        }
    }
}

/// Whether both are one socket or terminal: closing one then must not make the other block.
fn input_is_output() -> bool {
    let file = |fd: BorrowedFd<'_>| rustix::fs::fstat(fd).map(|stat| (stat.st_dev, stat.st_ino));
    match (file(io::stdin().as_fd()), file(io::stdout().as_fd())) {
        (Ok(input), Ok(output)) => input == output,
        _ => false,
    }
}

/// Makes a stream block again if it did when we got it.
fn restore(fd: BorrowedFd<'_>, flags: &mut Option<OFlags>) {
    if flags.take().is_some_and(|flags| !flags.contains(OFlags::NONBLOCK)) {
        let _ = set_nonblocking(fd, false);
    }
}

fn null_device() -> io::Result<OwnedFd> {
    Ok(rustix::fs::open("/dev/null", OFlags::RDWR | OFlags::CLOEXEC, rustix::fs::Mode::empty())?)
}

/// The server's side: the pipes of a child process.
pub(in crate::proxy) struct ServerEnds {
    pub(in crate::proxy) stdin: Output,
    pub(in crate::proxy) stdout: Input,
    pub(in crate::proxy) stderr: Input,
}

impl ServerEnds {
    /// Takes the pipes out of a child that was spawned with all three.
    pub(in crate::proxy) fn take(child: &mut Child) -> io::Result<Self> {
        let missing = || io::Error::other("the child was started without pipes");
        let stdin = child.stdin.take().ok_or_else(missing)?.into_owned_fd()?;
        let stdout = child.stdout.take().ok_or_else(missing)?.into_owned_fd()?;
        let stderr = child.stderr.take().ok_or_else(missing)?.into_owned_fd()?;
        Ok(Self {
            stdin: Output::Own(Descriptor::new(stdin, Interest::WRITABLE)?),
            stdout: Input(Descriptor::new(stdout, Interest::READABLE)?),
            stderr: Input(Descriptor::new(stderr, Interest::READABLE)?),
        })
    }
}
