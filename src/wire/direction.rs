//! The two ends of a connection and the two ways between them.

use serde::{Deserialize, Serialize};

/// Which way a frame travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// From the AI client to the MCP server.
    #[serde(rename = "server")]
    ToServer,
    /// From the MCP server to the AI client.
    #[serde(rename = "client")]
    ToClient,
}

impl Direction {
    /// Both directions, in the order of a round trip.
    pub const BOTH: [Self; 2] = [Self::ToServer, Self::ToClient];

    /// The way back.
    #[must_use]
    pub fn opposite(self) -> Self {
        match self {
            Self::ToServer => Self::ToClient,
            Self::ToClient => Self::ToServer,
        }
    }

    /// Who sent what travels this way.
    #[must_use]
    pub fn sender(self) -> Peer {
        match self {
            Self::ToServer => Peer::Client,
            Self::ToClient => Peer::Server,
        }
    }

    /// 0 towards the server, 1 towards the client: for arrays that hold one thing per direction.
    #[must_use]
    pub fn index(self) -> usize {
        match self {
            Self::ToServer => 0,
            Self::ToClient => 1,
        }
    }

    /// The word the recording uses: the receiving end.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ToServer => "server",
            Self::ToClient => "client",
        }
    }
}

/// One end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Peer {
    /// The AI client.
    Client,
    /// The MCP server.
    Server,
}

impl Peer {
    /// The direction in which this peer sends.
    #[must_use]
    pub fn sends(self) -> Direction {
        match self {
            Self::Client => Direction::ToServer,
            Self::Server => Direction::ToClient,
        }
    }

    /// `client` or `server`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }
}
