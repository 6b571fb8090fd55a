//! What is done when the program is told to end.
//!
//! Knows nothing of who asks. A proxy has signals of its own, which it passes on (`proxy::group`).

/// Calls `then` on a thread of its own at the first SIGTERM, SIGHUP or SIGINT, which no longer ends the program from now on.
/// Where there are no signals nothing is called: closing the window there ends a program with its console.
pub fn when_told_to_end(then: impl FnOnce() + Send + 'static) {
    #[cfg(unix)]
    std::thread::spawn(move || {
        use tokio::signal::unix::{SignalKind, signal};
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        let told = runtime.block_on(async {
            let mut terminate = signal(SignalKind::terminate())?;
            let mut hang_up = signal(SignalKind::hangup())?;
            let mut interrupt = signal(SignalKind::interrupt())?;
            tokio::select! {
                _ = terminate.recv() => {}
                _ = hang_up.recv() => {}
                _ = interrupt.recv() => {}
            }
            std::io::Result::Ok(())
        });
        if told.is_ok() {
            then();
        }
    });
    #[cfg(not(unix))]
    drop(then);
}
