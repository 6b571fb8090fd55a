//! The clock of a process under test, which the test can set forward.
//!
//! A small library is loaded into the process and adds to what the system's clocks say: waiting for hours takes none.
//! Knows nothing of what the process is.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::process::Command;

/// Takes the place of `clock_gettime`: the seconds to add stand in a file that is mapped into memory.
const LIBRARY: &str = r#"
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *ahead_s;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("CLOCK_AHEAD");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *map = file < 0 ? MAP_FAILED : mmap(0, sizeof *ahead_s, PROT_READ, MAP_SHARED, file, 0);
    if (map == MAP_FAILED) abort();
    ahead_s = map;
    close(file);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int result = syscall(SYS_clock_gettime, clock, now);
    if (result == 0 && ahead_s) now->tv_sec += *ahead_s;
    return result;
}
"#;

/// A clock.
pub(super) struct Clock {
    ahead: File,
    ahead_s: u64,
    folder: tempfile::TempDir,
}

impl Clock {
    /// One that agrees with the system's.
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("clock.c");
        std::fs::write(&source, LIBRARY).unwrap();
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-O1", "-o"]).arg(folder.path().join("clock.so")).arg(&source);
        let made = compiler.output().expect("a C compiler, which Rust needs as well");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let ahead = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(folder.path().join("ahead"))
            .unwrap();
        ahead.write_all_at(&[0; 8], 0).unwrap();
        Self { ahead, ahead_s: 0, folder }
    }

    /// A command whose process goes by this clock.
    pub(super) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("LD_PRELOAD", self.folder.path().join("clock.so"));
        command.env("CLOCK_AHEAD", self.folder.path().join("ahead"));
        command
    }

    /// Sets it forward.
    pub(super) fn forward(&mut self, by_s: u64) {
        self.ahead_s += by_s;
        self.ahead.write_all_at(&self.ahead_s.to_ne_bytes(), 0).unwrap();
    }
}
