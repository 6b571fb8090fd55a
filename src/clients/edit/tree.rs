//! A configuration file as a tree whose every node knows where in the text it stands: the same for all formats.
//!
//! Knows nothing of clients, nor of how a format is written.

use std::ops::Range;

use serde_json::{Map, Value};

/// A value in a file.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// Its bytes, without the space and the comments around it.
    pub(super) span: Range<usize>,
    pub(super) kind: Kind,
}

/// What a value is.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// A text, decoded.
    Text(String),
    /// A number, a switch or nothing.
    Plain(Value),
    List(Vec<Node>, Layout),
    Map(Vec<Member>, Layout),
    /// Something that is tied to another place of the file or to a type: it is not edited.
    Tied,
}

/// How the parts of a list or a map are held together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// By brackets and commas.
    Flow,
    /// By lines.
    Block,
}

/// A name and its value.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) key: String,
    pub(super) key_span: Range<usize>,
    pub(super) value: Node,
}

impl Node {
    pub(super) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            Kind::Plain(_) | Kind::List(..) | Kind::Map(..) | Kind::Tied => None,
        }
    }

    pub(super) fn items(&self) -> Option<(&[Self], Layout)> {
        match &self.kind {
            Kind::List(items, layout) => Some((items, *layout)),
            Kind::Text(_) | Kind::Plain(_) | Kind::Map(..) | Kind::Tied => None,
        }
    }

    pub(super) fn members(&self) -> Option<(&[Member], Layout)> {
        match &self.kind {
            Kind::Map(members, layout) => Some((members, *layout)),
            Kind::Text(_) | Kind::Plain(_) | Kind::List(..) | Kind::Tied => None,
        }
    }

    /// The members of this name: more than one in a file that contradicts itself.
    pub(super) fn named<'t>(&'t self, key: &str) -> impl Iterator<Item = &'t Member> {
        let members = self.members().map_or(&[][..], |(members, _)| members);
        members.iter().filter(move |member| member.key == key)
    }

    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        // Of two that have the same name the last one counts, for all clients that take both.
        self.named(key).last().map(|member| &member.value)
    }

    /// What it says, without where.
    pub(crate) fn value(&self) -> Value {
        match &self.kind {
            Kind::Text(text) => Value::String(text.clone()),
            Kind::Plain(value) => value.clone(),
            Kind::List(items, _) => items.iter().map(Self::value).collect(),
            Kind::Map(members, _) => {
                let pairs = members.iter().map(|member| (member.key.clone(), member.value.value()));
                Value::Object(pairs.collect::<Map<_, _>>())
            }
            Kind::Tied => Value::Null,
        }
    }

    /// Whether two trees say the same in the same order, except for what stands at `place`, a way of positions.
    pub(super) fn is_same_but_at(&self, other: &Self, place: Option<&[usize]>) -> bool {
        if place.is_some_and(<[usize]>::is_empty) {
            return true;
        }
        let below = |index: usize| match place {
            Some([first, rest @ ..]) if *first == index => Some(rest),
            _ => None,
        };
        match (&self.kind, &other.kind) {
            (Kind::Text(a), Kind::Text(b)) => a == b,
            (Kind::Plain(a), Kind::Plain(b)) => a == b,
            (Kind::Tied, Kind::Tied) => true,
            (Kind::List(a, _), Kind::List(b, _)) => {
                let mut pairs = a.iter().zip(b).enumerate();
                a.len() == b.len() && pairs.all(|(index, (a, b))| a.is_same_but_at(b, below(index)))
            }
            (Kind::Map(a, _), Kind::Map(b, _)) => {
                let mut pairs = a.iter().zip(b).enumerate();
                let is_same = |(index, (a, b)): (usize, (&Member, &Member))| {
                    a.key == b.key && a.value.is_same_but_at(&b.value, below(index))
                };
                a.len() == b.len() && pairs.all(is_same)
            }
            (Kind::Text(_) | Kind::Plain(_) | Kind::List(..) | Kind::Map(..) | Kind::Tied, _) => false,
        }
    }
}
