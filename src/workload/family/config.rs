//! A `config.json` being read by its family.

use crate::config::{Field, Table};
use crate::diagnostic::Diagnostic;
use crate::workload::family::Family;
use crate::workload::{Activation, Assumed};

/// Most layers, widest vector, largest feed-forward network, vocabulary, context and number of experts that are read.
const MOST_LAYERS: u64 = 1 << 12;
const WIDEST: u64 = 1 << 20;
const LARGEST_INNER: u64 = 1 << 22;
const LARGEST_VOCABULARY: u64 = 1 << 24;
const LONGEST_CONTEXT: u64 = 1 << 26;
const MOST_EXPERTS: u64 = 1 << 12;

/// Names that Hugging Face gives to the functions of one element that are known here.
const ACTIVATIONS: [(&str, Activation); 13] = [
    ("gelu", Activation::Gelu),
    ("gelu_new", Activation::Gelu),
    ("gelu_fast", Activation::Gelu),
    ("gelu_python", Activation::Gelu),
    ("gelu_pytorch_tanh", Activation::Gelu),
    ("gelu_python_tanh", Activation::Gelu),
    ("gelu_accurate", Activation::Gelu),
    ("gelu_10", Activation::Gelu),
    ("quick_gelu", Activation::Gelu),
    ("relu", Activation::Relu),
    ("relu6", Activation::Relu),
    ("silu", Activation::Silu),
    ("swish", Activation::Silu),
];

/// A `config.json` being read by its family.
pub(super) struct Config<'d> {
    /// The object that describes the transformer.
    pub root: Table<'d>,
    /// Name of the model.
    pub name: String,
    /// Family.
    pub family: Family,
    /// Second names of keys: (the family's own, the one common to all families).
    pub aliases: &'static [(&'static str, &'static str)],
    /// Keys that were absent, and what the family takes instead.
    pub assumed: Vec<Assumed>,
}

/// A size and the field it comes from, so that a contradiction can point at it.
#[derive(Clone)]
pub(super) struct Size<'d> {
    field: Field<'d>,
    /// The value.
    pub value: u32,
}

impl<'d> Config<'d> {
    /// Number of layers.
    pub fn layers(&mut self, key: &'static str, default: u32) -> Option<Size<'d>> {
        self.size(key, MOST_LAYERS, default)
    }

    /// A vector's width, or a number of heads.
    pub fn width(&mut self, key: &'static str, default: u32) -> Option<Size<'d>> {
        self.size(key, WIDEST, default)
    }

    /// A vector's width that the family does without where the key is `null`, or absent and there is no default.
    /// The outer `None` stands for a problem.
    pub fn optional_width(&mut self, key: &'static str, default: Option<u32>) -> Option<Option<Size<'d>>> {
        self.optional_size(key, WIDEST, default)
    }

    /// Width between the feed-forward matrices.
    pub fn inner(&mut self, key: &'static str, default: u32) -> Option<Size<'d>> {
        self.size(key, LARGEST_INNER, default)
    }

    /// Width between the feed-forward matrices where the config gives one.
    pub fn optional_inner(&mut self, key: &'static str) -> Option<Option<Size<'d>>> {
        self.optional_size(key, LARGEST_INNER, None)
    }

    /// Rows of the embedding.
    pub fn vocabulary(&mut self, default: u32) -> Option<Size<'d>> {
        self.size("vocab_size", LARGEST_VOCABULARY, default)
    }

    /// Positions a model was made for.
    pub fn context(&mut self, key: &'static str, default: u32) -> Option<Size<'d>> {
        self.size(key, LONGEST_CONTEXT, default)
    }

    /// A number of experts.
    pub fn experts(&mut self, key: &'static str, default: u32) -> Option<Size<'d>> {
        self.size(key, MOST_EXPERTS, default)
    }

    /// A number of experts that the family has no default for.
    pub fn required_experts(&mut self, key: &'static str) -> Option<Size<'d>> {
        let field = self.root.required(key);
        field.integer(1..=MOST_EXPERTS).map(|value| Size { field, value })
    }

    /// A whole number from `least` on.
    pub fn count(&mut self, key: &'static str, least: u64, default: u32) -> Option<Size<'d>> {
        self.number(key, least..=LARGEST_VOCABULARY, default)
    }

    /// Positions a query sees: `null` is all, an absent key the default.
    pub fn window(&mut self, key: &'static str, default: Option<u32>) -> Option<Option<u32>> {
        self.optional_size(key, LONGEST_CONTEXT, default).map(|size| size.map(|size| size.value))
    }

    /// A truth value that may be absent.
    pub fn flag(&mut self, key: &'static str, default: bool) -> bool {
        let field = self.find(key);
        if !field.is_present() {
            self.assume(key, default);
        }
        field.value().unwrap_or(default)
    }

    /// Whether embedding and language-model head are one matrix.
    pub fn tied(&mut self, default: bool) -> bool {
        self.flag("tie_word_embeddings", default)
    }

    /// Refuses a feature that changes the computation when the config turns it on.
    pub fn refuse_if_on(&mut self, key: &'static str, what: &str) {
        let field = self.root.optional(key);
        if field.value() == Some(true) {
            let message = format!("{what} is not available in this version");
            field.document().report_at("not-available", message, field.span(), "available: false");
        }
    }

    /// The activation function.
    pub fn activation(&mut self, key: &'static str, default: &'static str) -> Option<Activation> {
        let field = self.find(key);
        if !field.is_present() {
            self.assume(key, default);
            return ACTIVATIONS.iter().find(|(name, _)| *name == default).map(|&(_, activation)| activation);
        }
        field.keyword(&ACTIVATIONS, &[])
    }

    /// Rotated elements of a head of that size, by `partial_rotary_factor`; a fraction of an element is dropped.
    pub fn rotary(&mut self, head_size: Option<u32>, default: f64) -> Option<u32> {
        let share = self.share("partial_rotary_factor", default);
        let rotated = (f64::from(head_size?) * share?) as u32;
        if !rotated.is_multiple_of(2) {
            let field = self.root.optional("partial_rotary_factor");
            field.refuse("contradiction", format!("an even number of rotated elements of a head, and not {rotated}"));
            return None;
        }
        Some(rotated)
    }

    /// Whether a bound is set: `null` and 0 are none.
    pub fn bound(&mut self, key: &'static str, default: Option<f64>) -> bool {
        let field = self.root.optional(key);
        match field.is_present() {
            true => field.number(0.0..=1e9).is_some_and(|bound| bound > 0.0),
            false => default.is_some() && !self.root.is_null(key),
        }
    }

    /// A share between 0 and 1, possibly in the table of rotation parameters.
    pub fn share(&mut self, key: &'static str, default: f64) -> Option<f64> {
        let nested = self.root.optional("rope_parameters").table().map(|mut table| table.optional(key));
        let field = Some(self.root.optional(key)).into_iter().chain(nested).find(Field::is_present);
        match field {
            Some(field) => field.number(0.0..=1.0),
            None => {
                self.assume(key, default);
                Some(default)
            }
        }
    }

    /// Records that a key is absent and what stands for it.
    pub fn assume(&mut self, key: &str, value: impl ToString) {
        self.assumed.push(Assumed { key: key.into(), value: value.to_string() });
    }

    fn size(&mut self, key: &'static str, most: u64, default: u32) -> Option<Size<'d>> {
        self.number(key, 1..=most, default)
    }

    fn optional_size(&mut self, key: &'static str, most: u64, default: Option<u32>) -> Option<Option<Size<'d>>> {
        match default {
            _ if self.root.is_null(key) => Some(None),
            Some(default) => self.size(key, most, default).map(Some),
            None => {
                let field = self.find(key);
                match field.is_present() {
                    true => field.integer(1..=most).map(|value| Some(Size { field, value })),
                    false => Some(None),
                }
            }
        }
    }

    fn number(&mut self, key: &'static str, range: std::ops::RangeInclusive<u64>, default: u32) -> Option<Size<'d>> {
        let field = self.find(key);
        if !field.is_present() {
            self.assume(key, default);
            return Some(Size { field, value: default });
        }
        field.integer(range).map(|value| Size { field, value })
    }

    /// The field of that key under either of its names, which must agree.
    fn find(&mut self, key: &'static str) -> Field<'d> {
        let field = self.root.optional(key);
        let Some(&(_, alias)) = self.aliases.iter().find(|(own, _)| *own == key) else { return field };
        let other = self.root.optional(alias);
        let both = field.is_present() && other.is_present();
        if both && field.peek::<u64>() != other.peek::<u64>() {
            other.refuse("contradiction", format!("what `{}` says, which is the same size", field.path()));
        }
        if field.is_present() { field } else { other }
    }
}

impl<'d> Size<'d> {
    /// The value divided by `parts`, which must divide it.
    pub fn over(&self, parts: &Size<'_>) -> Option<u32> {
        let divides = self.value.is_multiple_of(parts.value);
        if !divides {
            parts.refuse(format!("a divisor of `{}`, which is {}", self.field.path(), self.value));
        }
        divides.then(|| self.value / parts.value)
    }

    /// Records that the value contradicts the rest.
    pub fn refuse(&self, expected: impl AsRef<str>) {
        if self.field.is_present() {
            return self.field.refuse("contradiction", expected);
        }
        let (path, value) = (self.field.path(), self.value);
        let message = format!("`{path}` is absent, which stands for {value}");
        let problem = Diagnostic::new("contradiction", message);
        let document = self.field.document();
        document.report(problem.at(document.source(), 0..0, format!("expected {}", expected.as_ref())));
    }

    /// Name of the field.
    pub fn path(&self) -> &str {
        self.field.path()
    }

    /// Whether so many heads of a size together are no wider than anything is allowed to be.
    pub fn fits_heads(&self, head_size: u32) -> bool {
        let fits = u64::from(self.value) * u64::from(head_size) <= WIDEST;
        if !fits {
            self.refuse(format!("heads that together are at most {WIDEST} wide; one is {head_size}"));
        }
        fits
    }
}
