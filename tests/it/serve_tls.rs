//! `mcptop serve` in front of a server over https: who is believed, and who is not.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::serve::{CALL, RESULT, Served, answer, call};

/// A server over https that answers every call; its certificate is in a file.
pub(crate) fn server(folder: &Path) -> SocketAddr {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(folder.join("ca.pem"), made.cert.pem()).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let (listener, config) = (TcpListener::bind("127.0.0.1:0").unwrap(), Arc::new(config));
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = ServerConnection::new(config.clone()).unwrap();
            let mut stream = StreamOwned::new(connection, stream.unwrap());
            let (mut asked, mut byte) = (Vec::new(), [0]);
            while !asked.ends_with(CALL.as_bytes()) {
                // Who does not believe us leaves within the handshake.
                let Ok(1) = stream.read(&mut byte) else { break };
                asked.push(byte[0]);
            }
            if asked.ends_with(CALL.as_bytes()) {
                stream
                    .write_all(answer("200 OK", "Content-Type: application/json\r\n", RESULT).as_bytes())
                    .unwrap();
            }
        }
    });
    address
}

fn answered(arguments: &[&str], url: &str) -> (String, String) {
    let unused = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = Served::at(url, unused, arguments);
    let mut client = proxy.client();
    client.send(call(&proxy).replacen("\r\n", "\r\nConnection: close\r\n", 1));
    (client.rest(), proxy.said.clone())
}

#[test]
fn a_server_over_https_must_prove_who_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let address = server(folder.path());
    let url = format!("https://localhost:{}/mcp", address.port());
    let (told, _) = answered(&[], &url);
    assert!(told.starts_with("HTTP/1.1 502 ") && told.contains("certificate"), "{told}");
    let file = folder.path().join("ca.pem");
    let (told, _) = answered(&["--ca-file", file.to_str().unwrap()], &url);
    assert!(told.starts_with("HTTP/1.1 200 OK\r\n") && told.ends_with(RESULT), "{told}");
    let (told, said) = answered(&["--insecure"], &url);
    assert!(told.starts_with("HTTP/1.1 200 OK\r\n"), "{told}");
    assert!(said.contains("--insecure: whoever is on the way"), "{said}");
    // A certificate for another name is none.
    let wrong = format!("https://127.0.0.1:{}/mcp", address.port());
    let (told, _) = answered(&["--ca-file", file.to_str().unwrap()], &wrong);
    assert!(told.starts_with("HTTP/1.1 502 "), "{told}");
}
