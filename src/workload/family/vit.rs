//! ViT and DeiT: `ViTConfig` and `DeiTConfig` of Hugging Face Transformers.

use crate::config::Field;
use crate::workload::embedding::{Embedding, Input};
use crate::workload::family::config::Config;
use crate::workload::family::encoder::Encoder;
use crate::workload::{Arrangement, Head, Model, Norm, Position, Stack};

/// Most classes, and most pixels along a side.
const MOST_LABELS: u64 = 1 << 24;
const LARGEST_IMAGE: u64 = 1 << 14;

/// One learned row, for the class; a classifier on it, or the pooler of a `ViTModel`.
pub(super) fn read_vit(config: &mut Config<'_>) -> Option<Model> {
    let headless = architecture(config).is_some_and(|name| name == "ViTModel");
    read(config, 1, if headless { None } else { Some(1) })
}

/// A second learned row, for distillation; the architecture with its teacher has a classifier on each.
pub(super) fn read_deit(config: &mut Config<'_>) -> Option<Model> {
    let classifiers = match architecture(config) {
        Some("DeiTModel") => None,
        Some("DeiTForImageClassificationWithTeacher") => Some(2),
        _ => Some(1),
    };
    read(config, 2, classifiers)
}

/// The first of `architectures`.
fn architecture<'d>(config: &mut Config<'d>) -> Option<&'d str> {
    config.root.optional("architectures").elements().first().and_then(Field::as_text)
}

fn read(config: &mut Config<'_>, special: u32, classifiers: Option<u32>) -> Option<Model> {
    let patches = patches(config);
    let qkv_bias = config.flag("qkv_bias", true);
    let labels = labels(config);
    let encoder = Encoder::read(config, Arrangement::Pre, qkv_bias)?;
    let (patches, elements) = patches?;
    let embedding = Embedding {
        input: Input::Patches { patches, elements, special },
        position: Position::learned(patches + special),
        token_types: 0,
        norm: None,
    };
    let final_norm = Some(Norm::Layer);
    let stack = Stack { hidden: encoder.hidden, embedding, layers: encoder.layers, final_norm };
    let labels = labels?;
    let head = classifiers.map_or(Head::Pooler, |count| Head::Classifiers { labels, count });
    Some(config.model(Some(stack), None, head))
}

/// How many patches an image has, and how many elements one has. Pixels beyond the last whole patch are not read.
fn patches(config: &mut Config<'_>) -> Option<(u32, u32)> {
    let image = sides(config, "image_size", 224)?;
    let patch = sides(config, "patch_size", 16)?;
    let channels = config.count("num_channels", 1, 3)?.value;
    let count = (image.0 / patch.0) * (image.1 / patch.1);
    let elements = u64::from(patch.0) * u64::from(patch.1) * u64::from(channels);
    if count == 0 || elements > 1 << 20 {
        let field = config.root.optional("patch_size");
        field.refuse("contradiction", "patches that fit into the image, and no more than 2^20 elements each");
        return None;
    }
    Some((count, elements as u32))
}

/// Height and width: one number for both, or a list of two.
fn sides(config: &mut Config<'_>, key: &'static str, default: u32) -> Option<(u32, u32)> {
    let field = config.root.optional(key);
    if !field.is_present() {
        config.assume(key, default);
        return Some((default, default));
    }
    let sizes: Option<Vec<u32>> = field.one_or_more().iter().map(|side| side.integer(1..=LARGEST_IMAGE)).collect();
    match sizes?[..] {
        [side] => Some((side, side)),
        [height, width] => Some((height, width)),
        _ => {
            field.refuse("wrong-value", "a number, or a height and a width");
            None
        }
    }
}

/// Classes: `num_labels`, or as many as `id2label` names, or 2.
fn labels(config: &mut Config<'_>) -> Option<u32> {
    let named = config.root.optional("id2label").table().map(|table| table.entries().len() as u32);
    let given = config.root.optional("num_labels");
    if given.is_present() {
        let labels = given.integer(1..=MOST_LABELS)?;
        if named.is_some_and(|named| named != labels) {
            given.refuse("contradiction", "as many as `id2label` names");
        }
        return Some(labels);
    }
    match named {
        Some(named) if named > 0 => Some(named),
        _ => {
            config.assume("num_labels", 2);
            Some(2)
        }
    }
}
