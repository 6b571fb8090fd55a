//! What a log-in has brought, kept in a file that only its user can read: one for each server and client id.
//!
//! Written anew as a whole, and read again whenever it may have changed, so that several proxies can share it.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use rmcp::transport::auth::{AuthError, CredentialRefreshGuard, CredentialStore, StoredCredentials};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;
use url::Url;
use xxhash_rust::xxh3::xxh3_64;

/// So much before its end a token is renewed: a request takes time to arrive.
const MARGIN_S: u64 = 30;
/// How often a lock that another proxy holds is tried again.
const TRY_AGAIN: Duration = Duration::from_millis(100);

/// The file of one server and client.
#[derive(Clone)]
pub(super) struct Store {
    file: PathBuf,
    /// What is saved beside the next credentials.
    pending: Arc<Mutex<Option<Pending>>>,
}

/// A log-in that has begun: who logs in, and the server's words that asked for it.
type Pending = (Client, Option<String>);

/// Who we are for the authorization server.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Client {
    pub(super) id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) secret: Option<String>,
    /// Where it sends the user back to.
    pub(super) redirect: String,
}

/// What the file holds.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) client: Option<Client>,
    /// The words with which the server first asked who the user is: they say where its metadata are.
    #[serde(default)]
    pub(super) challenge: Option<String>,
    pub(super) credentials: Option<StoredCredentials>,
}

/// A token as it is sent.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) access: String,
    /// Seconds since 1970; unknown where the server has not said.
    ends_at: Option<u64>,
    pub(super) can_be_renewed: bool,
}

/// Only one proxy at a time has it.
pub(super) struct Turn(#[expect(dead_code, reason = "its end gives the lock back")] File);

impl Store {
    /// The file below `folder` for this server and, where the user has named one, client.
    pub(super) fn new(folder: &Path, server: &Url, client: Option<&str>) -> Self {
        let origin = server.origin().ascii_serialization();
        let key = format!("{origin}{}\n{}", server.path(), client.unwrap_or_default());
        let host: String = server
            .host_str()
            .unwrap_or_default()
            .replace(|c: char| !c.is_ascii_alphanumeric() && c != '.', "-");
        let file = folder.join(format!("{host}-{:016x}.json", xxh3_64(key.as_bytes())));
        Self { file, pending: Arc::default() }
    }

    /// What is kept. A file that cannot be read holds nothing: the user logs in again.
    pub(super) fn read(&self) -> Kept {
        let text = fs::read(&self.file).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// The token that is kept.
    pub(super) fn token(&self) -> Option<Token> {
        Token::of(&self.read().credentials?)
    }

    /// What is saved next belongs to this client, which answers this challenge.
    pub(super) fn log_in_as(&self, client: Client, challenge: Option<String>) {
        *self.pending.lock().unwrap_or_else(PoisonError::into_inner) = Some((client, challenge));
    }

    /// Waits until no other proxy asks the same user for the same server.
    pub(super) async fn turn(&self) -> io::Result<Turn> {
        self.lock("login").await.map(Turn)
    }

    async fn lock(&self, what: &str) -> io::Result<File> {
        make_folder(self.folder())?;
        let file = open_private(&self.file.with_extension(what))?;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) => sleep(TRY_AGAIN).await,
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }

    fn folder(&self) -> &Path {
        self.file.parent().unwrap_or(Path::new("."))
    }

    fn write(&self, kept: &Kept) -> io::Result<()> {
        make_folder(self.folder())?;
        // Made for its owner alone, and in place of the old one at once.
        let mut file = tempfile::NamedTempFile::new_in(self.folder())?;
        file.write_all(&serde_json::to_vec(kept)?)?;
        file.as_file().sync_all()?;
        file.persist(&self.file)?;
        Ok(())
    }
}

impl Token {
    /// Read from how it is kept: the type of the token's answer is not ours to name.
    fn of(credentials: &StoredCredentials) -> Option<Self> {
        let answer = serde_json::to_value(credentials.token_response.as_ref()?).ok()?;
        let lasts_s = answer.get("expires_in").and_then(serde_json::Value::as_u64);
        Some(Self {
            access: answer.get("access_token")?.as_str()?.to_owned(),
            ends_at: lasts_s.zip(credentials.token_received_at).map(|(lasts_s, at)| at + lasts_s),
            can_be_renewed: answer.get("refresh_token").is_some_and(serde_json::Value::is_string),
        })
    }

    /// Whether it ends now or soon.
    pub(super) fn is_stale(&self) -> bool {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        self.ends_at.is_some_and(|ends_at| ends_at < now + MARGIN_S)
    }
}

#[async_trait]
impl CredentialStore for Store {
    async fn load(&self) -> Result<Option<StoredCredentials>, AuthError> {
        Ok(self.read().credentials)
    }

    async fn save(&self, credentials: StoredCredentials) -> Result<(), AuthError> {
        let pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut kept = self.read();
        if let Some((client, challenge)) = pending {
            (kept.client, kept.challenge) = (Some(client), challenge);
        }
        kept.credentials = Some(credentials);
        self.write(&kept).map_err(|error| self.failed(&error))
    }

    async fn clear(&self) -> Result<(), AuthError> {
        let kept = Kept { credentials: None, ..self.read() };
        self.write(&kept).map_err(|error| self.failed(&error))
    }

    async fn acquire_refresh_guard(&self) -> Result<Option<CredentialRefreshGuard>, AuthError> {
        let file = self.lock("lock").await.map_err(|error| self.failed(&error))?;
        Ok(Some(CredentialRefreshGuard::new(file)))
    }
}

impl Store {
    fn failed(&self, error: &io::Error) -> AuthError {
        AuthError::CredentialStoreError(format!("cannot keep the log-in in {}: {error}", self.file.display()))
    }
}

#[cfg(unix)]
fn make_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
}

/// Below the user's own folder, which others cannot read.
#[cfg(not(unix))]
fn make_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

fn open_private(path: &Path) -> io::Result<File> {
    let mut options = fs::OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
