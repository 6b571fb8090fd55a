//! The changes that put mcptop in front of an address: the entry starts mcptop then, and mcptop reaches the address.
//!
//! What an entry says of an address has a counterpart beside a command, and takes its place: the address becomes the last
//! argument, the fields of requests become variables, which keeps them out of the list of processes and lets the client fill
//! in what it fills in. Only names are exchanged, values stay as they are written; which names there were is said in one
//! argument, so that nothing else has to remember it. Knows nothing of files.

use super::entry::{ADDRESSES, ENVIRONMENTS, Start, TOKEN, WAS, only};
use super::splice::{Sheet, Splice};
use super::tree::{Layout, Member, Node};
use super::{Format, Problem};
use crate::clients::{Program, Shape};

const TYPE: &str = "type";
const OF_2024: &str = "it speaks the transport of 2024 (\"sse\"), which mcptop does not: if its server has a newer \
                       one, give its address and the type of that";
/// What Codex calls the variables of its own that it passes on to a program.
const PASSED: &str = "env_vars";

/// What clients say of an address and have nothing for beside a command: it would be lost without a word.
const WITHOUT_COUNTERPART: [(&str, &str); 11] = [
    ("args", "it has both an address and `args`"),
    ("transport", "its `transport` has no counterpart beside a command"),
    ("transportType", "its `transportType` has no counterpart beside a command"),
    (
        "oauth",
        "its `oauth` says how to log in, and mcptop would not know: put `mcptop wrap URL` there by hand",
    ),
    ("auth", "its `auth` says how to log in, and mcptop would not know: put `mcptop wrap URL` there by hand"),
    ("authProviderType", "its `authProviderType` says how to log in, and mcptop would not know"),
    ("headersHelper", "its `headersHelper` has no counterpart beside a command"),
    ("requestOptions", "its `requestOptions` have no counterpart beside a command"),
    ("apiKey", "its `apiKey` has no counterpart beside a command"),
    ("env_http_headers", "its `env_http_headers` have no counterpart beside a command"),
    ("env_vars", "it has both an address and `env_vars`"),
];

/// Fields that the libraries of clients set themselves, whatever a configuration says of them.
const SET_BY_LIBRARIES: [&str; 6] =
    ["accept", "content-type", "content-length", "host", "connection", "mcp-session-id"];

/// Puts `program wrap … ADDRESS` in the place of an address.
///
/// # Errors
/// If the entry says something that could not be said beside a command.
pub(super) fn wrap<'t>(
    sheet: Sheet<'t>,
    entry: &'t Node,
    shape: &Shape,
    program: &str,
    label: &str,
) -> Result<Vec<Splice>, Problem> {
    let (map, layout) = entry.members().ok_or(Problem::Form("its entry is no map"))?;
    let lost = WITHOUT_COUNTERPART.iter().find(|(name, _)| map.iter().any(|member| member.key == *name));
    if let Some((_, why)) = lost {
        return Err(Problem::Form(why));
    }
    let at = only(map, &ADDRESSES)?.ok_or(Problem::Form("it has no address"))?;
    let mut change =
        Change { sheet, map, was: vec![map[at].key.clone()], flags: Vec::new(), splices: Vec::new() };
    change.kind(shape)?;
    change.fields(shape)?;
    change.token()?;
    change.address(&map[at], layout, shape, program, label)
}

/// The changes to one entry, as far as they are known.
struct Change<'t> {
    sheet: Sheet<'t>,
    map: &'t [Member],
    /// What there was: the name of the address, then one word for each of the other changes.
    was: Vec<String>,
    /// What mcptop is told.
    flags: Vec<String>,
    splices: Vec<Splice>,
}

impl Change<'_> {
    /// The `type` of the entry becomes that of one that starts something.
    fn kind(&mut self, shape: &Shape) -> Result<(), Problem> {
        let Some(at) = only(self.map, &[TYPE])? else {
            return match shape.sse {
                Some(name) if self.was[0] == name => Err(Problem::Form(OF_2024)),
                _ => Ok(()),
            };
        };
        let value = &self.map[at].value;
        let said = value.text().ok_or(Problem::Form("its `type` is no text"))?;
        if said.eq_ignore_ascii_case("sse") {
            return Err(Problem::Form(OF_2024));
        }
        if said != shape.started {
            let kept = self.sheet.kept(value)?;
            if kept.contains(',') {
                return Err(Problem::Form("its `type` is none that is known"));
            }
            self.was.push(format!("{TYPE}={kept}"));
            self.splices.push(Splice::new(value.span.clone(), self.sheet.literal(shape.started)));
        }
        Ok(())
    }

    /// The fields of requests become variables of the same names.
    fn fields(&mut self, shape: &Shape) -> Result<(), Problem> {
        let Some(at) = only(self.map, &[shape.headers])? else { return Ok(()) };
        let (fields, _) =
            self.map[at].value.members().ok_or(Problem::Form("its headers are not written as a map"))?;
        if fields.is_empty() {
            return Ok(());
        }
        for Member { key, value, .. } in fields {
            let text = value.text().ok_or(Problem::Form("one of its headers is no text"))?;
            // Goose fills in variables in fields, and takes variables as they are written.
            if *shape == Shape::GOOSE && text.contains('$') {
                return Err(Problem::Form(
                    "one of its headers names a variable, which Goose fills in only there",
                ));
            }
            if !SET_BY_LIBRARIES.contains(&&*key.to_ascii_lowercase()) {
                self.flags.extend(["--header-env".to_owned(), format!("{key}={key}")]);
            }
        }
        self.was.push(shape.headers.to_owned());
        self.rename(&self.map[at], shape.env)?;
        match only(self.map, &[shape.env])?.map(|at| &self.map[at]) {
            None => Ok(()),
            // Goose writes it always.
            Some(env) if env.value.members().is_some_and(|(members, _)| members.is_empty()) => {
                self.rename(env, shape.headers)
            }
            Some(_) => Err(Problem::Form("it has both headers and variables")),
        }
    }

    /// The variable in which Codex finds a token is passed on to mcptop.
    fn token(&mut self) -> Result<(), Problem> {
        let Some(at) = only(self.map, &[TOKEN])? else { return Ok(()) };
        let member = &self.map[at];
        let variable = member.value.text().ok_or(Problem::Form("its `bearer_token_env_var` is no text"))?;
        self.flags.extend(["--bearer-env".to_owned(), variable.to_owned()]);
        self.was.push(TOKEN.to_owned());
        let list = format!("[{}]", self.sheet.raw(&member.value)?);
        self.splices.push(Splice::new(member.value.span.clone(), list));
        self.rename(member, PASSED)
    }

    /// The address itself, last, because all the others say something in front of it.
    fn address(
        mut self,
        member: &Member,
        layout: Layout,
        shape: &Shape,
        program: &str,
        label: &str,
    ) -> Result<Vec<Splice>, Problem> {
        let sheet = self.sheet;
        let raw = sheet.raw(&member.value)?;
        sheet.in_brackets(raw)?;
        let address = member.value.text().unwrap_or_default().to_ascii_lowercase();
        let is_http = address.starts_with("http://") || address.starts_with("https://");
        // What a client fills in is not known here.
        if !is_http && !address.contains(['$', '{']) {
            return Err(Problem::Form("its address does not begin with http:// or https://"));
        }
        let was = format!("{WAS}{}", self.was.join(","));
        let mut words = vec!["wrap".to_owned(), "--label".to_owned(), label.to_owned(), was];
        words.append(&mut self.flags);
        let mut words: Vec<String> = words.iter().map(|word| sheet.literal(word)).collect();
        words.push(raw.to_owned());
        match shape.program {
            Program::List(name) => {
                words.insert(0, sheet.literal(program));
                self.rename(member, name)?;
            }
            Program::Split(name) => {
                let command = sheet.member_text(sheet.renamed(member, name)?, &sheet.literal(program));
                let next = sheet.next_member(member, layout);
                let with = format!("{command}{next}{}", sheet.renamed(member, "args")?);
                self.splices.push(Splice::new(member.key_span.clone(), with));
            }
        }
        self.splices.push(Splice::new(member.value.span.clone(), format!("[{}]", words.join(", "))));
        Ok(self.splices)
    }

    fn rename(&mut self, member: &Member, name: &str) -> Result<(), Problem> {
        let with = self.sheet.renamed(member, name)?;
        self.splices.push(Splice::new(member.key_span.clone(), with));
        Ok(())
    }
}

/// Puts the address back in the place of mcptop.
///
/// # Errors
/// If it does not stand there as [`wrap`] puts it, or what stands around it now would be lost.
pub(super) fn unwrap<'t>(sheet: Sheet<'t>, entry: &'t Node) -> Result<Vec<Splice>, Problem> {
    let (map, layout) = entry.members().ok_or(Problem::NotWrapped)?;
    let start = Start::of(entry)?.ok_or(Problem::NotWrapped)?;
    let words = start.words();
    let was = words.iter().find_map(|word| word.text()?.strip_prefix(WAS)).ok_or(Problem::NotWrapped)?;
    let raw = words.last().map_or(Ok(""), |word| sheet.raw(word))?;
    let mut was = was.split(',');
    let name = was.next().filter(|name| ADDRESSES.contains(name)).ok_or(Problem::NotWrapped)?;
    let mut change = Change { sheet, map, was: Vec::new(), flags: Vec::new(), splices: Vec::new() };
    let place = match start {
        Start::Whole { list } => map.iter().position(|member| member.value.span == list.span),
        Start::Split { program, arguments, .. } => {
            let gone = sheet.program(map, layout, program, arguments.ok_or(Problem::NotWrapped)?)?;
            change.splices.push(Splice::new(gone, ""));
            arguments
        }
    };
    let place = &map[place.ok_or(Problem::NotWrapped)?];
    if place.value.items().is_some_and(|(_, layout)| layout == Layout::Block) {
        // A client has written the list in lines; the address stands behind its name.
        let with = sheet.member_text(sheet.renamed(place, name)?, raw);
        change.splices.push(Splice::new(place.key_span.start..place.value.span.end, with));
    } else {
        change.rename(place, name)?;
        change.splices.push(Splice::new(place.value.span.clone(), raw));
    }
    let fields: Vec<&str> = words
        .windows(2)
        .filter(|pair| pair[0].text() == Some("--header-env"))
        .filter_map(|pair| pair[1].text()?.split('=').next())
        .collect();
    was.try_for_each(|word| change.restore(word, &fields))?;
    Ok(change.splices)
}

impl Change<'_> {
    /// Takes one change back; `fields` are those that mcptop takes out of its environment.
    fn restore(&mut self, word: &str, fields: &[&str]) -> Result<(), Problem> {
        let named = |name: &str| self.map.iter().find(|member| member.key == name);
        match word.split_once('=') {
            Some((TYPE, kept)) => {
                let value = &named(TYPE).ok_or(Problem::NotRestorable)?.value;
                self.splices.push(Splice::new(value.span.clone(), self.sheet.restored(kept)));
                Ok(())
            }
            Some(_) => Err(Problem::NotRestorable),
            None if word == TOKEN => {
                let member = named(PASSED).ok_or(Problem::NotRestorable)?;
                let first = member.value.items().and_then(|(items, _)| items.first());
                let raw = self.sheet.raw(first.ok_or(Problem::NotRestorable)?)?;
                self.splices.push(Splice::new(member.value.span.clone(), raw));
                self.rename(member, word)
            }
            None => {
                let env = ENVIRONMENTS.into_iter().find_map(named).ok_or(Problem::NotRestorable)?;
                let was_field = |member: &Member| {
                    let name = &*member.key;
                    fields.contains(&name) || SET_BY_LIBRARIES.contains(&&*name.to_ascii_lowercase())
                };
                // Sent to the server as a field, it might give a secret away.
                if env.value.members().is_some_and(|(members, _)| !members.iter().all(was_field)) {
                    return Err(Problem::Form(
                        "a variable was added to it since, which would become a header: take it out first",
                    ));
                }
                self.rename(env, word)?;
                named(word).map_or(Ok(()), |empty| self.rename(empty, &env.key))
            }
        }
    }
}

impl Sheet<'_> {
    /// A name, written as another one is.
    fn renamed(self, member: &Member, name: &str) -> Result<String, Problem> {
        let raw = self.text.get(member.key_span.clone()).unwrap_or_default();
        let bare = raw.trim_matches(['"', '\'']);
        if bare == member.key {
            Ok(raw.replacen(bare, name, 1))
        } else {
            Err(Problem::Form("one of its names is written with escapes"))
        }
    }

    /// A name and its value.
    fn member_text(self, name: String, value: &str) -> String {
        let between = match self.format {
            Format::Json | Format::Yaml => ": ",
            Format::Toml => " = ",
        };
        name + between + value
    }

    /// What stands between a member that is put in and the one behind it, which is there.
    fn next_member(self, member: &Member, layout: Layout) -> String {
        let key = member.key_span.start;
        match (layout, self.format) {
            (Layout::Flow, _) => {
                let before = &self.text[..key];
                let space = &before[before.trim_end().len()..];
                format!(",{}", if space.contains('\n') { space } else { " " })
            }
            (Layout::Block, Format::Toml) => {
                format!("{}{}", self.newline(), &self.text[self.line_start(key)..key])
            }
            (Layout::Block, Format::Json | Format::Yaml) => format!("{}{}", self.newline(), self.indent(key)),
        }
    }

    /// What is written of a `type`: in JSON, where a text can be written in one way, what it says.
    fn kept(self, value: &Node) -> Result<String, Problem> {
        match self.format {
            Format::Json => Ok(value.text().unwrap_or_default().to_owned()),
            Format::Toml | Format::Yaml => self.raw(value).map(str::to_owned),
        }
    }

    fn restored(self, kept: &str) -> String {
        match self.format {
            Format::Json => self.literal(kept),
            Format::Toml | Format::Yaml => kept.to_owned(),
        }
    }
}
