//! The tools that mcptop adds, as clients come to them.

use super::*;

const LIMIT: &str = "limit = { bytes = \"100B\" }";

fn long(id: &str) -> String {
    result(id, &"long ".repeat(200))
}

fn read_on(id: &str, answer: &str) -> String {
    let cursor = answer.split("\\\"cursor\\\":\\\"").nth(1).unwrap().split('\\').next().unwrap();
    call(id, "mcptop_read_more", &format!("{{\"cursor\":\"{cursor}\"}}"))
}

#[test]
fn a_list_of_the_tools_that_are_left_does_not_hide_those_that_mcptop_adds() {
    let mut rig = Rig::new(&rule(&format!("tools = {{ hide = [\"*\", \"!get\"], lazy = true }}\n{LIMIT}")));
    rig.asks(&call("1", "get", "{}"));
    let answer = sent(&rig.says(&long("1")).1, Direction::ToClient).remove(0);
    let (verdict, outputs) = rig.asks(&read_on("2", &answer));
    assert_eq!(verdict, Verdict::Taken);
    let more = &sent(&outputs, Direction::ToClient)[0];
    assert!(more.contains("long") && !more.contains("error"), "{more}");
    let (_, outputs) = rig.asks(&call("3", "mcptop_tool_schema", "{\"name\":\"get\"}"));
    assert!(sent(&outputs, Direction::ToClient)[0].contains("readOnlyHint"));
    assert!(sent(&rig.asks(&call("4", "find", "{}")).1, Direction::ToClient)[0].contains("Unknown tool"));
}

#[test]
fn a_model_is_told_to_read_on_only_if_its_client_has_listed_the_tool() {
    let mut rig = Rig::new(&rule("timeout = \"1h\""));
    rig.gate.set(Micros(rig.now), &rules(&rule(LIMIT)));
    let ask = |rig: &mut Rig, id: &str| {
        rig.asks(&call(id, "get", "{}"));
        sent(&rig.says(&long(id)).1, Direction::ToClient).remove(0)
    };
    let cut = ask(&mut rig, "1");
    assert!(cut.contains("bytes cut. Ask for less") && !cut.contains("mcptop_read_more"), "{cut}");
    rig.list(Lane(0));
    assert!(ask(&mut rig, "2").contains("mcptop_read_more"));
    // Without rules nobody sees which list the client reads.
    rig.gate.set(Micros(rig.now), &rules(""));
    rig.gate.set(Micros(rig.now), &rules(&rule(LIMIT)));
    assert!(!ask(&mut rig, "3").contains("mcptop_read_more"));
}

#[test]
fn a_page_that_was_promised_is_handed_out_without_the_rule() {
    let mut rig = Rig::new(&rule(LIMIT));
    rig.asks(&call("1", "get", "{}"));
    let answer = sent(&rig.says(&long("1")).1, Direction::ToClient).remove(0);
    rig.gate.set(Micros(rig.now), &rules(""));
    assert!(!rig.gate.is_idle());
    assert_eq!(rig.asks(&call("2", "get", "{}")), (Verdict::Pass, vec![]));
    let (verdict, outputs) = rig.asks(&read_on("3", &answer));
    assert_eq!(verdict, Verdict::Taken);
    assert!(sent(&outputs, Direction::ToClient)[0].contains("long"));
    assert_eq!(marks(&outputs)[0].rule, "r");
}
