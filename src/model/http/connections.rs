//! The connections of clients, as far as their exchanges tell of them.
//!
//! Knows nothing of sockets: that a connection was closed is not recorded.

use super::{ClientId, HttpExchange, Traffic};
use crate::trace::Micros;

/// A connection of a client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Connection {
    /// The exchanges on it.
    pub traffic: Traffic,
    /// When something last happened on it.
    pub last: Micros,
    /// Whose exchange ran on it last, if that is known.
    pub client: Option<ClientId>,
}

/// Connections that are kept, the first ones.
const CONNECTIONS_MAX: usize = 262_144;

/// All connections, by their numbers.
#[derive(Debug, Default)]
pub struct Connections {
    /// The connection with the number n stands at n - 1.
    all: Vec<Connection>,
    used: usize,
    in_use: usize,
}

impl Connections {
    /// One of them, by its number.
    #[must_use]
    pub fn get(&self, number: u32) -> Option<&Connection> {
        self.all.get((number as usize).checked_sub(1)?).filter(|connection| connection.traffic.exchanges > 0)
    }

    /// All on which something was asked, with their numbers.
    #[must_use]
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (u32, &Connection)> {
        let numbered = self.all.iter().enumerate();
        numbered
            .map(|(position, connection)| (u32::try_from(position + 1).unwrap_or(u32::MAX), connection))
            .filter(|(_, connection)| connection.traffic.exchanges > 0)
    }

    /// How many were used so far.
    #[must_use]
    pub fn used(&self) -> usize {
        self.used
    }

    /// On how many an exchange is open.
    #[must_use]
    pub fn in_use(&self) -> usize {
        self.in_use
    }

    pub(super) fn account(
        &mut self,
        exchange: &HttpExchange,
        at: Micros,
        count: fn(&mut Traffic, &HttpExchange),
    ) {
        let Some(position) = (exchange.connection as usize).checked_sub(1).filter(|at| *at < CONNECTIONS_MAX)
        else {
            return;
        };
        if self.all.len() <= position {
            self.all.resize(position + 1, Connection::default());
        }
        let connection = &mut self.all[position];
        let before = connection.traffic;
        count(&mut connection.traffic, exchange);
        let after = connection.traffic;
        connection.last = connection.last.max(at);
        connection.client = exchange.client.or(connection.client);
        self.used = self.used + usize::from(after.exchanges > 0) - usize::from(before.exchanges > 0);
        self.in_use = self.in_use + usize::from(after.open > 0) - usize::from(before.open > 0);
    }
}
