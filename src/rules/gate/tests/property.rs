//! Random rules, random traffic: nothing is lost, doubled, reordered or given to the wrong one.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;

use super::*;

/// What happens next.
#[derive(Clone, Debug)]
enum Act1 {
    Ask { lane: usize, tool: usize, argument: u8 },
    Answer(usize),
    Cancel(usize),
    Wait(u64),
    Reopen(usize),
    Rules(Vec<usize>),
    Found(usize),
}

const TOOLS: [&str; 3] = ["get", "find", "make"];

/// What rules can be, without `name`; all but the last may give answers to requests.
const KITS: [&str; 14] = [
    "cache = { ttl = \"2s\", entries = 3 }",
    "cache = { ttl = \"2s\", scope = \"shared\" }",
    "cache = { ttl = \"2s\", scope = \"shared\", store = \"redis://x\" }",
    "match = { tool = \"get\" }\ncoalesce = true",
    "coalesce = true",
    "rate = { per_second = 2.0, burst = 2 }",
    "rate = { per_second = 1.0, over = \"error\" }",
    "concurrency = 1",
    "concurrency = { max = 2, over = \"error\" }",
    "timeout = \"1s\"",
    "delay = { min = \"1ms\", max = \"900ms\" }",
    "fault = { rate = 0.2, kind = \"error\" }",
    "mode = \"observe\"\nfault = { rate = 0.5 }\ndelay = \"1s\"\ncoalesce = true\nconcurrency = 1",
    "mode = \"observe\"\ncache = { ttl = \"1s\" }\nrate = { per_second = 1.0 }\ntimeout = \"1ms\"",
];

fn file(kits: &[usize]) -> String {
    let rule = |(n, kit): (usize, &usize)| format!("[[rule]]\nname = \"r{n}-{kit}\"\n{}\n", KITS[*kit]);
    kits.iter().enumerate().map(rule).collect()
}

fn acts() -> impl Strategy<Value = Vec<Act1>> {
    let act = prop_oneof![
        8 => (0_usize..5, 0_usize..3, 0_u8..2).prop_map(|(lane, tool, argument)| Act1::Ask { lane, tool, argument }),
        6 => any::<usize>().prop_map(Act1::Answer),
        2 => any::<usize>().prop_map(Act1::Cancel),
        3 => (0_u64..1_500_000).prop_map(Act1::Wait),
        1 => (1_usize..5).prop_map(Act1::Reopen),
        1 => proptest::collection::vec(0_usize..KITS.len(), 0..4).prop_map(Act1::Rules),
        2 => any::<usize>().prop_map(Act1::Found),
    ];
    proptest::collection::vec(act, 1..120)
}

/// What a client has asked.
struct Asked {
    text: String,
    tool: usize,
    argument: u8,
    who: String,
    /// How many writes had been answered when it asked.
    writes: u64,
    answers: usize,
    sent: usize,
    is_cancelled: bool,
    is_closed: bool,
}

/// Clients and a server around a gate.
struct World {
    rig: Rig,
    lanes: [Lane; 5],
    callers: [Caller; 5],
    last_lane: u64,
    asked: HashMap<(Lane, String), Asked>,
    order: Vec<(Lane, String)>,
    /// What the server has and has not answered.
    open: Vec<(Lane, String)>,
    tickets: Vec<Ticket>,
    cancelled: HashSet<(Lane, String)>,
    writes: u64,
    last_id: u64,
}

impl World {
    fn new(kits: &[usize]) -> Self {
        let named = |session: &str, credentials| Caller { session: session.into(), credentials };
        let callers =
            [Caller::default(), named("a", None), named("a", None), named("b", None), named("a", Some(1))];
        let mut world = Self {
            rig: Rig::bare(&file(kits)),
            lanes: [0, 1, 2, 3, 4].map(Lane),
            callers,
            last_lane: 4,
            asked: HashMap::new(),
            order: Vec::new(),
            open: Vec::new(),
            tickets: Vec::new(),
            cancelled: HashSet::new(),
            writes: 0,
            last_id: 0,
        };
        for lane in 1..5 {
            world.rig.gate.open(world.lanes[lane], world.callers[lane].clone());
        }
        for lane in world.lanes {
            world.rig.list(lane);
        }
        world
    }

    fn act(&mut self, act: Act1) {
        match act {
            Act1::Ask { lane, tool, argument } => self.ask(lane, tool, argument),
            Act1::Answer(n) if !self.open.is_empty() => {
                let (lane, id) = self.open.remove(n % self.open.len());
                self.answer(lane, &id);
            }
            Act1::Cancel(n) if !self.order.is_empty() => {
                let (lane, id) = self.order[n % self.order.len()].clone();
                if !self.asked[&(lane, id.clone())].is_closed {
                    self.asked.get_mut(&(lane, id.clone())).unwrap().is_cancelled = true;
                    self.rig.up(
                        lane,
                        &format!(r#"{{"method":"notifications/cancelled","params":{{"requestId":{id}}}}}"#),
                    );
                }
            }
            Act1::Wait(us) => {
                self.rig.now += us;
                self.rig.gate.time(Micros(self.rig.now));
            }
            Act1::Reopen(lane) => {
                let old = self.lanes[lane];
                self.rig.gate.close(Micros(self.rig.now), old);
                for ((lane, _), asked) in &mut self.asked {
                    asked.is_closed |= *lane == old;
                }
                self.open.retain(|(lane, _)| *lane != old);
                self.last_lane += 1;
                self.lanes[lane] = Lane(self.last_lane);
                self.rig.gate.open(self.lanes[lane], self.callers[lane].clone());
            }
            Act1::Rules(kits) => self.rig.gate.set(Micros(self.rig.now), &rules(&file(&kits))),
            Act1::Found(n) if !self.tickets.is_empty() => {
                let ticket = self.tickets.remove(n % self.tickets.len());
                self.rig.gate.found(Micros(self.rig.now), ticket, None);
            }
            Act1::Answer(_) | Act1::Cancel(_) | Act1::Found(_) => {}
        }
        self.drain();
    }

    fn ask(&mut self, lane: usize, tool: usize, argument: u8) {
        self.last_id += 1;
        // Ids of both types, and the same number in both.
        let id = if self.last_id.is_multiple_of(2) {
            format!("\"{}\"", self.last_id / 2)
        } else {
            (self.last_id / 2).to_string()
        };
        let text = call(&id, TOOLS[tool], &format!("{{\"n\":{argument}}}"));
        let caller = &self.callers[lane];
        let who = format!("{}/{:?}", caller.session, caller.credentials);
        let lane = self.lanes[lane];
        let asked = Asked {
            text: text.clone(),
            tool,
            argument,
            who,
            writes: self.writes,
            answers: 0,
            sent: 0,
            is_cancelled: false,
            is_closed: false,
        };
        self.asked.insert((lane, id.clone()), asked);
        self.order.push((lane, id.clone()));
        if self.rig.up(lane, &text) == Verdict::Pass {
            self.reach_server(lane, &id, &text);
        }
    }

    fn reach_server(&mut self, lane: Lane, id: &str, text: &str) {
        let asked = self.asked.get_mut(&(lane, id.to_owned())).unwrap();
        assert_eq!(asked.text, text.trim_end(), "a request leaves as it came");
        asked.sent += 1;
        assert_eq!((asked.sent, asked.answers), (1, 0), "a request leaves once, and not once it is answered");
        assert!(!asked.is_closed);
        self.open.push((lane, id.to_owned()));
    }

    /// The server answers with what was asked, by whom, and how many writes there had been.
    fn answer(&mut self, lane: Lane, id: &str) {
        let asked = &self.asked[&(lane, id.to_owned())];
        let is_write = TOOLS[asked.tool] == "make";
        self.writes += u64::from(is_write);
        let text =
            result(id, &format!("{} {} {} {}", TOOLS[asked.tool], asked.argument, asked.who, self.writes));
        if self.rig.down(lane, &text) == Verdict::Pass {
            self.reach_client(lane, &text);
        }
    }

    fn reach_client(&mut self, lane: Lane, text: &str) {
        let Contents::One(message) = contents(text.as_bytes()) else { panic!("{text}") };
        let (id, result) = match message {
            Message::Result { id, result } => (id, Some(result)),
            Message::Error { id: Some(id), .. } => (id, None),
            other => panic!("{other:?}"),
        };
        let asked = self.asked.get_mut(&(lane, id.to_owned())).expect("only what was asked is answered");
        asked.answers += 1;
        assert_eq!(asked.answers, 1, "one answer for each request");
        let Some(said) = result.and_then(|result| result.split("\"text\":\"").nth(1)) else { return };
        let said: Vec<&str> = said.split('"').next().unwrap().split(' ').collect();
        let [tool, argument, who, writes] = said[..] else { return };
        assert_eq!(
            (tool, argument),
            (TOOLS[asked.tool], &*asked.argument.to_string()),
            "another question's answer"
        );
        let has_credentials = |who: &str| who.ends_with(')');
        assert!(
            who == asked.who || !has_credentials(who) && !has_credentials(&asked.who),
            "{who} {}",
            asked.who
        );
        assert!(writes.parse::<u64>().unwrap() >= asked.writes, "an answer from before a write is void");
    }

    fn drain(&mut self) {
        for output in self.rig.outputs() {
            match output.act {
                Act::Send { to: Direction::ToClient, frame } => {
                    self.reach_client(output.lane, &String::from_utf8(frame).unwrap());
                }
                Act::Send { to: Direction::ToServer, frame } => {
                    let text = String::from_utf8(frame).unwrap();
                    if output.outcome == Outcome::Released {
                        self.reach_server(output.lane, &output.id.unwrap(), &text);
                    } else {
                        assert!(output.outcome == Outcome::Sent, "{text}");
                        assert!(
                            text.contains("notifications/cancelled") || text.contains("mcptop-"),
                            "{text}"
                        );
                        self.cancelled.insert((output.lane, output.id.unwrap().into()));
                    }
                }
                Act::Lookup { ticket, .. } => self.tickets.push(ticket),
                Act::Note { .. } | Act::Spill { .. } | Act::Store { .. } | Act::Forget { .. } => {}
            }
        }
    }

    /// Everything is answered, and all time passes.
    fn end(&mut self) {
        for _ in 0..10_000 {
            if let Some(ticket) = self.tickets.pop() {
                self.rig.gate.found(Micros(self.rig.now), ticket, None);
            } else if !self.open.is_empty() {
                let (lane, id) = self.open.remove(0);
                self.answer(lane, &id);
            } else if let Some(due) = self.rig.gate.due() {
                self.rig.now = self.rig.now.max(due.0);
                self.rig.gate.time(Micros(self.rig.now));
            } else {
                break;
            }
            self.drain();
        }
        assert!(!self.rig.gate.holds(), "nothing waits for ever");
        for ((lane, id), asked) in &self.asked {
            if !asked.is_cancelled && !asked.is_closed {
                assert_eq!(asked.answers, 1, "{lane:?} {id} has its answer: {}", asked.text);
            }
        }
        assert!(self.rig.gate.groups.is_empty() && self.rig.gate.tickets.is_empty());
        assert!(
            self.rig.gate.plan.actives.iter().all(|active| active.slots_used == 0),
            "slots are free again"
        );
        let left = self.rig.gate.items.iter().filter(|item| item.origin == item::Origin::Client);
        assert!(
            left.map(|item| item.stay).all(|stay| matches!(stay, item::Stay::Late | item::Stay::Cancelled))
        );
    }
}

proptest! {
    #[test]
    fn nothing_is_lost_doubled_or_given_to_the_wrong_one(
        kits in proptest::collection::vec(0_usize..KITS.len(), 0..4), acts in acts()
    ) {
        let mut world = World::new(&kits);
        for act in acts {
            world.act(act);
        }
        world.end();
    }

    #[test]
    fn what_waits_in_one_line_leaves_in_order(
        kit in prop_oneof![Just(5_usize), Just(7_usize)],
        other in prop_oneof![Just(5_usize), Just(7_usize)],
        acts in acts()
    ) {
        let mut world = World::new(&[kit]);
        let mut held: Vec<(Lane, String)> = Vec::new();
        for act in acts {
            let act = match act {
                Act1::Ask { tool, argument, .. } => Act1::Ask { lane: 0, tool, argument },
                Act1::Rules(_) => Act1::Rules(vec![other]),
                act => act,
            };
            let before = world.open.len();
            let is_ask = matches!(act, Act1::Ask { .. });
            let known: HashSet<_> = world.open.iter().cloned().collect();
            world.act(act);
            if is_ask && world.open.len() == before {
                held.extend(world.order.last().cloned());
            } else if !is_ask {
                for released in world.open.iter().filter(|one| !known.contains(*one)) {
                    held.retain(|one| !world.asked[one].is_cancelled || one == released);
                    prop_assert_eq!(&held.remove(0), released);
                }
            }
        }
    }

    #[test]
    fn any_text_at_all_is_passed_or_ruled_and_never_fails(
        texts in proptest::collection::vec(
            ("[{}\\[\\]\":,a-e0-9 .\\\\]{0,60}", any::<bool>()), 0..20),
        kits in proptest::collection::vec(0_usize..KITS.len(), 0..4),
    ) {
        let mut rig = Rig::bare(&file(&kits));
        for (text, is_up) in texts {
            let verdict = if is_up { rig.up(Lane(0), &text) } else { rig.down(Lane(0), &text) };
            if serde_json::from_str::<serde::de::IgnoredAny>(&text).is_err() {
                prop_assert_eq!(verdict, Verdict::Pass);
            }
        }
    }
}
