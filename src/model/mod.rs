//! What the events of a session mean together: exchanges, operations, statistics; and the language to filter them.
//!
//! Pure: events in, state out. Knows nothing of files, clocks, screens, nor of how tokens are counted.

mod abridged;
mod again;
mod apply;
mod context;
mod definitions;
mod filter;
mod handshake;
mod http;
mod id;
mod latency;
mod let_go;
mod log;
mod operation;
mod operations;
mod pool;
mod progress;
mod read;
mod row;
mod ruled;
mod rules;
mod series;
mod session;
mod symbol;

pub use context::ContextTokens;
pub use definitions::{Definition, DefinitionTokens, Definitions};
pub use filter::{Bounds, Expression, Filter, FilterError, Matcher, Measure, Pattern};
pub use handshake::{Era, Handshake, Implementation, Instructions};
pub use http::{
    Client, ClientEnd, ClientId, Clients, Connection, Connections, HttpExchange, HttpExchanges, Stall,
    Traffic,
};
pub use id::RawId;
pub use latency::{LATENCY_US_MAX, Latency};
pub use log::{Log, LogEntry, LogKind};
pub use operation::{Exchange, Half, Operation, OperationId, OperationTokens, Outcome, Phase, State, Task};
pub use pool::{Pool, PoolBucket};
pub use progress::{Progress, ProgressEvent, ProgressPoint};
pub use row::{Row, RowKey, Tally};
pub use ruled::{AnsweredBy, Changed, Ruled, RuledMark, RuledTokens, Sizes};
pub use rules::{CacheUse, Effects, RuleStats, Rules, RulesRefused, RulesText, Saved, Why};
pub use series::{Absorb, Bucket, Series};
pub use session::{End, NotificationCount, Samples, Session, Totals};
pub use symbol::{Symbol, Symbols};

#[cfg(test)]
pub(crate) mod tests;
