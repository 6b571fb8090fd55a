//! What a server's offer costs: every tool by part, the other lists, and what of it is shown to the model.
//!
//! All counting is that of [`tokens`](crate::tokens); here it is only put together.

use super::heavy::{Heavy, HeavyKey, HeavyPath};
use super::offer::{List, Offer};
use crate::tokens::{ContentKind, Count, Counter, Profile, ToolParts, ToolTokens, preamble, tool_definition};

/// What something costs in both ways of counting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ItemTokens {
    /// All JSON that travelled.
    pub wire: Count,
    /// What of it the model is shown.
    pub model: Count,
}

/// The bill of one server.
#[derive(Clone, Debug, PartialEq)]
pub struct Bill {
    /// Every tool, in the order of the list.
    pub tools: Vec<ToolTokens>,
    /// The instructions. On the wire they are a JSON string.
    pub instructions: ItemTokens,
    /// Of every prompt, all JSON. A model is shown one when its user picks it.
    pub prompts: Vec<Count>,
    /// Of every resource, all JSON. A model is shown one when somebody reads it.
    pub resources: Vec<Count>,
    /// Of every resource template, all JSON.
    pub templates: Vec<Count>,
    /// What the model's provider adds once as soon as there is any tool, whoever's it is: in no sum here.
    pub preamble: Count,
    /// The places that cost most, heaviest first.
    pub paths: Vec<HeavyPath>,
    /// Where the tokens of all tools stand by the name of the member, heaviest first.
    pub keys: Vec<HeavyKey>,
}

impl Bill {
    /// Counts an offer for a family of models.
    #[must_use]
    pub fn of(counter: &mut Counter, profile: &Profile, offer: &Offer) -> Self {
        let mut heavy = Heavy::default();
        let mut tools = Vec::with_capacity(offer.tools.len());
        for json in &offer.tools {
            let tokens = tool_definition(counter, profile, json);
            heavy.see(counter, profile, &tokens.name, json);
            tools.push(tokens);
        }
        let mut list = |list: List| -> Vec<Count> {
            let mut wire =
                |json: &str| profile.calibrate(ContentKind::Schemas, counter.count(profile.encoding, json));
            offer.list(list).iter().map(|json| wire(json)).collect()
        };
        let (prompts, resources, templates) =
            (list(List::Prompts), list(List::Resources), list(List::Templates));
        let (paths, keys) = heavy.finish(profile);
        Self {
            instructions: instructions(counter, profile, offer.instructions.as_deref()),
            preamble: if tools.is_empty() { Count::ZERO } else { preamble(counter, profile) },
            tools,
            prompts,
            resources,
            templates,
            paths,
            keys,
        }
    }

    /// The tools together.
    #[must_use]
    pub fn all_tools(&self) -> ItemTokens {
        ItemTokens {
            wire: self.tools.iter().map(|tool| tool.wire).sum(),
            model: self.tools.iter().map(|tool| tool.model).sum(),
        }
    }

    /// The tools' wire tokens by part.
    #[must_use]
    pub fn all_parts(&self) -> ToolParts {
        let mut sum = ToolParts::default();
        for tool in &self.tools {
            let ToolParts { name, description, input_schema, output_schema, annotations, other } = tool.parts;
            sum.name += name;
            sum.description += description;
            sum.input_schema += input_schema;
            sum.output_schema += output_schema;
            sum.annotations += annotations;
            sum.other += other;
        }
        sum
    }

    /// Everything that was listed, and of it what every request of a model carries: tools and instructions.
    #[must_use]
    pub fn total(&self) -> ItemTokens {
        let tools = self.all_tools();
        let lists = [&self.prompts, &self.resources, &self.templates];
        let lists: Count = lists.into_iter().flatten().copied().sum();
        ItemTokens {
            wire: tools.wire + self.instructions.wire + lists,
            model: tools.model + self.instructions.model,
        }
    }
}

fn instructions(counter: &mut Counter, profile: &Profile, text: Option<&str>) -> ItemTokens {
    let Some(text) = text else { return ItemTokens::default() };
    let mut count = |text: &str| profile.calibrate(ContentKind::Prose, counter.count(profile.encoding, text));
    ItemTokens { wire: count(&serde_json::Value::from(text).to_string()), model: count(text) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens::{Effort, tool_list};

    const TOOLS: &str = r#"{"tools":[
        {"name":"read","description":"Read a file.","inputSchema":{"type":"object","properties":{"path":{"type":"string","description":"Where it is, below the root of the project."}}},"annotations":{"readOnlyHint":true}},
        {"name":"write","description":"Write a file.","inputSchema":{"type":"object"},"outputSchema":{"type":"object"}}]}"#;

    fn offer() -> Offer {
        let mut offer = Offer { instructions: Some("Use \"read\" first.".into()), ..Offer::default() };
        offer.take_page(List::Tools, TOOLS).unwrap();
        offer.take_page(List::Prompts, r#"{"prompts":[{"name":"p","description":"A prompt."}]}"#).unwrap();
        offer.take_page(List::Resources, r#"{"resources":[{"uri":"file:///a","name":"a"}]}"#).unwrap();
        offer
    }

    #[test]
    fn a_bill_is_the_sum_of_what_is_counted_everywhere_else() {
        for profile in Profile::builtin() {
            let mut counter = Counter::new(Effort::OnRequest);
            let bill = Bill::of(&mut counter, profile, &offer());
            let list = tool_list(&mut counter, profile, TOOLS);
            assert_eq!(bill.tools, list.tools);
            assert_eq!(bill.preamble, list.preamble);
            assert_eq!(bill.all_tools().model + bill.preamble, list.model);
            assert_eq!(bill.all_parts().sum(), bill.all_tools().wire, "{}", profile.id);
            let total = bill.total();
            let lists = bill.prompts[0] + bill.resources[0];
            assert_eq!(total.wire, bill.all_tools().wire + bill.instructions.wire + lists);
            assert_eq!(total.model, bill.all_tools().model + bill.instructions.model);
            assert!(bill.instructions.wire.tokens > bill.instructions.model.tokens, "quotes and escapes");
        }
    }

    #[test]
    fn what_offers_nothing_costs_nothing() {
        let bill = Bill::of(&mut Counter::new(Effort::AtOnce), &Profile::default(), &Offer::default());
        assert_eq!((bill.total(), bill.preamble), (ItemTokens::default(), Count::ZERO));
        assert_eq!((bill.paths, bill.keys), (Vec::new(), Vec::new()));
    }
}
