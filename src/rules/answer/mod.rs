//! What rules make of answers: a stand-in without any transformer, so that the gate can be built on its words.
#![allow(dead_code, unused_variables, clippy::unnecessary_wraps, reason = "a stand-in")]

mod catalog;

use std::path::PathBuf;

pub(in crate::rules) use catalog::{Catalog, Definition};

use super::Rule;

#[derive(Clone, Copy, Debug)]
pub(in crate::rules) struct Subject<'a> {
    pub(in crate::rules) method: &'a str,
    pub(in crate::rules) tool: Option<&'a str>,
    pub(in crate::rules) arguments: Option<&'a str>,
    pub(in crate::rules) is_modern: bool,
    pub(in crate::rules) definition: Option<&'a Definition>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::rules) struct Reshaped {
    pub(in crate::rules) result: Option<String>,
    pub(in crate::rules) why: Option<String>,
    pub(in crate::rules) spill: Option<(PathBuf, String)>,
}

pub(in crate::rules) trait Reshape: Send {
    fn reshape(&mut self, result: &str, subject: &Subject<'_>, room: &mut Room) -> Reshaped;
}

pub(in crate::rules) fn reshapers(rule: &Rule) -> Vec<(&'static str, Box<dyn Reshape>)> {
    Vec::new()
}

pub(in crate::rules) struct Room;

impl Room {
    pub(in crate::rules) fn new(spill: PathBuf) -> Self {
        Self
    }
}

pub(in crate::rules) fn relist(
    rules: &[(usize, &Rule)],
    result: &str,
    catalog: &mut Catalog,
) -> Vec<(usize, &'static str, Reshaped)> {
    Vec::new()
}

pub(in crate::rules) fn hides(rule: &Rule, tool: &str) -> bool {
    rule.tools.as_ref().is_some_and(|tools| tools.hide.as_ref().is_some_and(|globs| globs.matches(tool)))
}

pub(in crate::rules) fn own_call(
    tool: &str,
    arguments: Option<&str>,
    room: &mut Room,
    catalog: &Catalog,
    rules: &[&Rule],
) -> Option<String> {
    None
}
