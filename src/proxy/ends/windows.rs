//! Ends on Windows: anonymous pipes know no readiness there, so tokio's threads wait for them.

use std::io;
use std::time::Instant;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::process::Child;

use crate::proxy::relay::Read;

/// Where bytes come from.
pub(in crate::proxy) struct Input(Box<dyn AsyncRead + Send + Unpin>);

impl Input {
    /// Reads what is there, waiting until something is. Zero bytes: the sender closed its side.
    pub(in crate::proxy) async fn read(&mut self, buffer: &mut [u8]) -> io::Result<Read> {
        let len_bytes = self.0.read(buffer).await?;
        Ok((len_bytes, Instant::now()))
    }
}

/// Where bytes go.
pub(in crate::proxy) struct Output(Box<dyn AsyncWrite + Send + Unpin>);

impl Output {
    /// Our own standard error.
    #[expect(clippy::unnecessary_wraps, reason = "the same calls as on Unix")]
    pub(in crate::proxy) fn stderr() -> io::Result<Self> {
        Ok(Self(Box::new(tokio::io::stderr())))
    }

    /// Writes all of it, waiting while the receiver is slow.
    pub(in crate::proxy) async fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes).await?;
        self.0.flush().await
    }
}

/// The client's side: our own standard streams.
pub(in crate::proxy) struct Ends {
    pub(in crate::proxy) stdin: Option<Input>,
    pub(in crate::proxy) stdout: Option<Output>,
    pub(in crate::proxy) stderr: Option<Output>,
}

impl Ends {
    /// Takes our standard streams. Must be called inside a tokio runtime.
    pub(in crate::proxy) fn take() -> io::Result<Self> {
        Ok(Self {
            stdin: Some(Input(Box::new(tokio::io::stdin()))),
            stdout: Some(Output(Box::new(tokio::io::stdout()))),
            stderr: Some(Output::stderr()?),
        })
    }

    /// Windows closes standard streams with the process only.
    #[expect(clippy::unused_self, reason = "the same calls as on Unix")]
    pub(in crate::proxy) fn close_stdin(&mut self) {}

    /// Windows closes standard streams with the process only.
    #[expect(clippy::unused_self, reason = "the same calls as on Unix")]
    pub(in crate::proxy) fn close_stdout(&mut self) {}
}

/// Whoever reads what we write. Windows offers none to watch.
pub(in crate::proxy) enum Reader {}

impl Reader {
    /// A pipe's reader cannot be watched here without writing.
    pub(in crate::proxy) fn of_stdout() -> Option<Self> {
        None
    }

    /// Never called: there is none.
    pub(in crate::proxy) fn gone(self) -> std::future::Ready<()> {
        match self {}
    }
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
        Ok(Self {
            stdin: Output(Box::new(child.stdin.take().ok_or_else(missing)?)),
            stdout: Input(Box::new(child.stdout.take().ok_or_else(missing)?)),
            stderr: Input(Box::new(child.stderr.take().ok_or_else(missing)?)),
        })
    }
}
