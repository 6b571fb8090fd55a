//! Names met in a session (methods, tools, prompts, addresses) as small numbers.
//!
//! Knows nothing of what a name stands for. Bounded: names beyond the bounds share one symbol.

use std::collections::HashMap;
use std::sync::Arc;

/// A name met in a session; ask [`Session::name`](super::Session::name) for its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol(u32);

impl Symbol {
    /// No name at all; its text is empty.
    pub const NONE: Self = Self(0);
    /// Any name met after the table was full; its text is `…`.
    pub const OTHER: Self = Self(1);

    /// Whether this is [`Symbol::NONE`].
    #[must_use]
    pub fn is_none(self) -> bool {
        self == Self::NONE
    }

    /// The position in [`Symbols`], below [`Symbols::len`]: for tables with one entry per name.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// How many names a session keeps apart.
const NAMES_MAX: usize = 65_536;
/// How many bytes of names a session keeps.
const BYTES_MAX: usize = 8 * 1024 * 1024;

/// The table of names.
#[derive(Clone, Debug)]
pub struct Symbols {
    texts: Vec<Arc<str>>,
    known: HashMap<Arc<str>, Symbol>,
    bytes: usize,
}

impl Symbols {
    pub(super) fn new() -> Self {
        let texts: Vec<Arc<str>> = vec![Arc::from(""), Arc::from("…")];
        let known = HashMap::from([(texts[0].clone(), Symbol::NONE), (texts[1].clone(), Symbol::OTHER)]);
        Self { texts, known, bytes: 0 }
    }

    /// The symbol of a name, new if need be; [`Symbol::OTHER`] for a new name when the table is full.
    pub(super) fn intern(&mut self, name: &str) -> Symbol {
        if let Some(symbol) = self.known.get(name) {
            return *symbol;
        }
        if self.texts.len() >= NAMES_MAX || self.bytes + name.len() > BYTES_MAX {
            return Symbol::OTHER;
        }
        let symbol = Symbol(u32::try_from(self.texts.len()).expect("NAMES_MAX fits"));
        let text: Arc<str> = Arc::from(name);
        self.bytes += name.len();
        self.texts.push(text.clone());
        self.known.insert(text, symbol);
        symbol
    }

    /// The symbol of a name already met.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Symbol> {
        self.known.get(name).copied()
    }

    /// The text of a symbol of this table; empty for one of another table.
    #[must_use]
    pub fn name(&self, symbol: Symbol) -> &str {
        self.texts.get(symbol.index()).map_or("", |text| text)
    }

    /// How many symbols there are; at least the two fixed ones.
    #[must_use]
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Never: the two fixed symbols are always there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Every name in the order in which they were met, by [`Symbol::index`].
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(|text| &**text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_symbol_and_the_symbol_has_the_name() {
        let mut symbols = Symbols::new();
        let a = symbols.intern("tools/call");
        assert_eq!(symbols.intern("tools/call"), a);
        assert_ne!(symbols.intern("tools/list"), a);
        assert_eq!(symbols.name(a), "tools/call");
        assert_eq!(symbols.intern(""), Symbol::NONE);
    }

    #[test]
    fn a_flood_of_names_is_bounded() {
        let mut symbols = Symbols::new();
        for n in 0..2 * NAMES_MAX {
            symbols.intern(&n.to_string());
        }
        assert_eq!(symbols.len(), NAMES_MAX);
        assert_eq!(symbols.intern("late"), Symbol::OTHER);
        assert_eq!(symbols.name(symbols.get("7").unwrap()), "7");
    }
}
