//! Properties: whatever passes, the books balance.

use proptest::prelude::*;

use super::*;
use crate::trace::{Exit, Mark, Outcome as Fate, Ruling};
use crate::wire::LineEnd;

/// Something that happens, chosen from few ids, methods and tokens so that everything collides.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Frame { to: Direction, text: String },
    Ruled(Box<Ruling<'static>>),
    Post { session: bool, modern: bool },
    Status(u16, bool),
    Within(u32),
    HttpEnd(u32, HttpEnd),
    Dropped(Direction),
    Stopped,
    Ended,
}

fn direction() -> impl Strategy<Value = Direction> {
    prop_oneof![Just(Direction::ToServer), Just(Direction::ToClient)]
}

fn id() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["1", "\"1\"", "1.0", "2", "3", "null"])
}

fn message() -> impl Strategy<Value = String> {
    let methods = vec![
        "tools/call",
        "tools/list",
        "tasks/get",
        "tasks/result",
        "tasks/cancel",
        "tasks/update",
        "ping",
        "initialize",
        "server/discover",
        "subscriptions/listen",
        "elicitation/create",
    ];
    let params = vec![
        r#"{"name":"a"}"#,
        r#"{"name":"b","_meta":{"progressToken":1}}"#,
        r#"{"name":"a","task":{}}"#,
        r#"{"name":"a","requestState":"s"}"#,
        r#"{"name":"a","inputResponses":{}}"#,
        r#"{"taskId":"t"}"#,
        "[]",
    ];
    let results = vec![
        "{}",
        r#"{"isError":true}"#,
        r#"{"resultType":"input_required"}"#,
        r#"{"resultType":"input_required","requestState":"s"}"#,
        r#"{"resultType":"task","taskId":"t","status":"working"}"#,
        r#"{"task":{"taskId":"t","status":"completed"}}"#,
        r#"{"taskId":"t","status":"completed","result":{"isError":true}}"#,
        r#"{"taskId":"t","status":"failed"}"#,
        r#"{"taskId":"t","status":"cancelled"}"#,
        "[]",
    ];
    let notices = vec![
        ("notifications/cancelled", r#"{"requestId":1}"#),
        ("notifications/cancelled", r#"{"requestId":2}"#),
        ("notifications/progress", r#"{"progressToken":1,"progress":3}"#),
        ("notifications/tasks/status", r#"{"taskId":"t","status":"completed"}"#),
        ("notifications/tasks", r#"{"taskId":"t","status":"input_required"}"#),
    ];
    prop_oneof![
        4 => (id(), prop::sample::select(methods), prop::sample::select(params))
            .prop_map(|(id, method, params)| request(id, method, params)),
        4 => (id(), prop::sample::select(results)).prop_map(|(id, result)| format!(r#"{{"id":{id},"result":{result}}}"#)),
        1 => id().prop_map(|id| format!(r#"{{"id":{id},"error":{{"code":-1}}}}"#)),
        2 => prop::sample::select(notices).prop_map(|(method, params)| notification(method, params)),
    ]
}

fn ruling() -> impl Strategy<Value = Ruling<'static>> {
    let fates = vec![
        Fate::Passed,
        Fate::Changed,
        Fate::Held,
        Fate::Released,
        Fate::Answered,
        Fate::Dropped,
        Fate::Sent,
    ];
    let mark = (any::<[bool; 3]>(), any::<u8>()).prop_map(|([hit, observed, timed], took)| Mark {
        rule: ["r", "s"][usize::from(took % 2)].into(),
        by: ["cache", "trim"][usize::from(took % 3) / 2].into(),
        hit,
        observed,
        took_us: timed.then_some(u64::from(took)),
        ..Mark::default()
    });
    let marks = prop::collection::vec(mark, 0..3);
    let text = prop::option::of(message());
    (direction(), prop::option::of(id()), prop::sample::select(fates), text, marks).prop_map(
        |(to, id, outcome, text, marks)| Ruling {
            to,
            exchange: None,
            id: id.map(Into::into),
            outcome,
            payload: text.map(|text| Payload { text: text.into_bytes().into(), end: LineEnd::Lf }),
            marks,
        },
    )
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        40 => (direction(), message()).prop_map(|(to, text)| Step::Frame { to, text }),
        4 => (direction(), prop::collection::vec(message(), 1..4))
            .prop_map(|(to, texts)| Step::Frame { to, text: format!("[{}]", texts.join(",")) }),
        1 => direction().prop_map(|to| Step::Frame { to, text: "noise".into() }),
        2 => direction().prop_map(Step::Dropped),
        6 => any::<(bool, bool)>().prop_map(|(session, modern)| Step::Post { session, modern }),
        4 => (prop::sample::select(vec![200, 202, 404]), any::<bool>()).prop_map(|(code, opens)| Step::Status(code, opens)),
        4 => (0..6_u32).prop_map(Step::Within),
        4 => (0..6_u32, prop::sample::select(vec![HttpEnd::Complete, HttpEnd::ClientLeft, HttpEnd::ServerLeft]))
            .prop_map(|(back, how)| Step::HttpEnd(back, how)),
        12 => ruling().prop_map(|ruling| Step::Ruled(Box::new(ruling))),
        1 => Just(Step::Stopped),
        1 => Just(Step::Ended),
    ]
}

pub(super) fn play(play: &mut Play, number: usize, step: &Step) {
    play.at_ms(number as u64);
    let posted = u32::try_from(play.session.http().all().len()).unwrap();
    match step {
        Step::Frame { to, text } => play.frame(*to, text),
        Step::Ruled(ruling) => {
            let exchange = play.exchange;
            play.fact(Fact::Ruled(Box::new(Ruling { exchange, ..Ruling::clone(ruling) })))
        }
        Step::Post { session, modern } => {
            let next = posted + 1;
            let (session, revision) =
                (if *session { "s~1" } else { "" }, if *modern { "2026-07-28" } else { "" });
            play.http(next, ["POST", "GET"][next as usize % 5 / 4], next % 3 + 1, session, revision)
        }
        Step::Status(code, opens) => play.status(posted, *code, if *opens { "s~1" } else { "" }),
        Step::Within(back) => play.within(posted.saturating_sub(*back)),
        Step::HttpEnd(back, how) => play.end(posted.saturating_sub(*back), *how),
        Step::Dropped(to) => play.fact(Fact::Dropped { to: *to, messages: 1, bytes: 1 }),
        Step::Stopped => play.fact(Fact::Stopped { why: "".into() }),
        Step::Ended => play.fact(Fact::Ended { exit: Exit::Unknown, why: "".into() }),
    };
}

/// Counts the exchanges anew and compares with what is kept of them, of their clients and connections.
fn exchanges_balance(session: &Session) {
    let http = session.http();
    let sum = |of: &dyn Fn(&HttpExchange) -> bool| {
        let mut sum = Traffic::default();
        http.all().iter().filter(|exchange| of(exchange)).for_each(|exchange| sum.add(exchange));
        sum
    };
    assert_eq!(*http.traffic(), sum(&|_| true));
    for (index, client) in http.clients().all().iter().enumerate() {
        assert_eq!(client.traffic, sum(&|one| one.client.is_some_and(|id| id.index() == index)));
    }
    let mut used = 0;
    for (number, connection) in http.connections().iter() {
        assert_eq!(connection.traffic, sum(&|exchange| exchange.connection == number));
        used += 1;
    }
    assert_eq!(http.connections().used(), used);
    assert!(http.connections().in_use() <= used);
}

/// Counts the operations anew and compares with every row and the totals.
fn books_balance(session: &Session) {
    exchanges_balance(session);
    let pending: Vec<OperationId> = (0..)
        .map(OperationId)
        .zip(session.operations())
        .filter(|(_, operation)| operation.state == State::Pending)
        .map(|(id, _)| id)
        .collect();
    assert_eq!(session.pending().collect::<Vec<_>>(), pending);
    let mut anew: Vec<Row> = session.rows().iter().map(|row| Row::new(row.key)).collect();
    for operation in session.operations() {
        let row = &mut anew[operation.row as usize];
        row.calls += 1;
        *row.counter(operation.state, operation.phase()) += 1;
        assert!(operation.latency_us(session.last_event()) <= operation.elapsed_us(session.last_event()));
        assert_eq!(
            operation.answer().is_some(),
            operation.answer().is_some_and(|half| half.at >= operation.started())
        );
    }
    let states = |row: &Row| {
        [
            row.calls,
            row.ok,
            row.tool_errors,
            row.protocol_errors,
            row.in_flight,
            row.listening,
            row.cancelled,
            row.abandoned,
            row.unknown,
        ]
    };
    let mut sums = [0; 9];
    for (row, counted) in session.rows().iter().zip(&anew) {
        assert_eq!(states(row), states(counted));
        let of = states(row);
        assert_eq!(of[0], of[1..].iter().sum::<u64>(), "each in exactly one state");
        let series: u64 = row.series.buckets().iter().map(|bucket| u64::from(bucket.errors)).sum();
        assert!(row.latency_us.count() <= row.calls && series <= row.calls);
        sums.iter_mut().zip(of).for_each(|(sum, one)| *sum += one);
    }
    let totals = session.totals();
    assert_eq!(
        [
            totals.calls,
            totals.ok,
            totals.tool_errors,
            totals.protocol_errors,
            totals.in_flight,
            totals.listening,
            totals.cancelled,
            totals.abandoned,
            totals.unknown
        ],
        sums
    );
    assert_eq!(totals.calls, session.operations().len() as u64);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_passes_every_operation_is_in_exactly_one_state_and_the_rows_say_so(
        steps in prop::collection::vec(step(), 0..80),
    ) {
        let mut playing = Play::new();
        for (number, one) in steps.iter().enumerate() {
            play(&mut playing, number, one);
            books_balance(&playing.session);
        }
        playing.session.end_of_recording();
        books_balance(&playing.session);
        prop_assert_eq!(playing.session.pending().len(), 0);
    }

    #[test]
    fn every_request_and_every_answer_is_accounted_for(steps in prop::collection::vec((direction(), message()), 0..80)) {
        let mut playing = Play::new();
        for (number, (to, text)) in steps.iter().enumerate() {
            play(&mut playing, number, &Step::Frame { to: *to, text: text.clone() });
        }
        let session = &playing.session;
        let requests = steps.iter().filter(|(_, text)| text.contains("\"method\"") && text.contains("\"id\"")).count();
        let answers = steps.iter().filter(|(_, text)| !text.contains("\"method\"")).count();
        let exchanges = || session.operations().iter().flat_map(Operation::exchanges);
        prop_assert_eq!(exchanges().count(), requests);
        let totals = session.totals();
        let paired = exchanges().filter(|exchange| exchange.response.is_some()).count();
        prop_assert_eq!(paired as u64 + totals.orphans + totals.duplicates, answers as u64);
    }

    #[test]
    fn looking_in_between_changes_nothing(steps in prop::collection::vec(step(), 0..60), every in 1_usize..7) {
        let (mut once, mut looked_at) = (Play::new(), Play::new());
        for (number, one) in steps.iter().enumerate() {
            play(&mut once, number, one);
            play(&mut looked_at, number, one);
            if number % every == 0 {
                let session = &looked_at.session;
                let _ = (session.totals(), Filter::parse("a or dur:>1ms").unwrap().count(session, session.last_event()));
            }
        }
        prop_assert_eq!(once.session.totals(), looked_at.session.totals());
        prop_assert_eq!(format!("{:?}", once.session.operations()), format!("{:?}", looked_at.session.operations()));
    }
}
