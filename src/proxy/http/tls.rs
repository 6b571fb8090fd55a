//! How the server proves who it is, where it is reached over https.
//!
//! By the roots this machine trusts and those in a file the user names, unless the user asks for no proof at all.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, InvalidDnsNameError, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use rustls_platform_verifier::Verifier;
use thiserror::Error;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Whom to believe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// The roots this machine trusts, and those in this file of PEM certificates.
    Roots(Option<PathBuf>),
    /// Whoever answers: then anybody on the way can read and change everything.
    Anybody,
}

/// Why https cannot be used.
#[derive(Debug, Error)]
pub enum TlsError {
    /// The file with further roots cannot be read.
    #[error("cannot read the certificates in {}: {source}", path.display())]
    Roots {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: pem::Error,
    },
    /// There are none in it.
    #[error("there are no PEM certificates in {}", .0.display())]
    NoRoots(PathBuf),
    /// The host's name cannot be in a certificate.
    #[error("{0}")]
    Name(#[from] InvalidDnsNameError),
    /// The roots cannot be used.
    #[error("cannot use the certificates this machine trusts: {0}")]
    Tls(#[from] rustls::Error),
}

/// Puts TLS on connections to one server.
#[derive(Clone)]
pub(super) struct Tls {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl Tls {
    /// # Errors
    /// If the roots cannot be read, or the host's name is none.
    pub(super) fn new(host: &str, trust: &Trust) -> Result<Self, TlsError> {
        let name = ServerName::try_from(host.to_owned())?;
        Ok(Self { connector: TlsConnector::from(Arc::new(client_config(trust)?)), name })
    }

    pub(super) async fn connect(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        self.connector.connect(self.name.clone(), stream).await
    }
}

/// How we speak TLS: as HTTP/1.1, believing `trust`.
pub(in crate::proxy) fn client_config(trust: &Trust) -> Result<ClientConfig, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> = match trust {
        Trust::Roots(file) => {
            let further = file.as_deref().map_or_else(|| Ok(Vec::new()), roots_in)?;
            Arc::new(Verifier::new_with_extra_roots(further, provider.clone())?)
        }
        Trust::Anybody => Arc::new(Anybody(provider.clone())),
    };
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let mut config = versions.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn roots_in(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let failed = |source| TlsError::Roots { path: path.to_owned(), source };
    let found = CertificateDer::pem_file_iter(path).map_err(failed)?;
    let found: Vec<_> = found.collect::<Result<_, _>>().map_err(failed)?;
    if found.is_empty() { Err(TlsError::NoRoots(path.to_owned())) } else { Ok(found) }
}

/// Believes any certificate; only that its holder speaks is still checked.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
