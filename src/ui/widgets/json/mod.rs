//! A JSON text as a foldable tree in which each node carries its share of the tokens.

pub mod lines;
pub mod paint;
pub mod scan;
pub mod strings;
pub mod tree;
pub mod view;
pub mod way;
