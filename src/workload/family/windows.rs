//! Which layers see only a window of the context.

use crate::config::Field;
use crate::workload::family::config::Config;

/// Names of a layer's attention in `layer_types`.
const LAYER_TYPES: [(&str, bool); 2] = [("full_attention", false), ("sliding_attention", true)];

impl Config<'_> {
    /// The window of each of `layers` layers. `layer_types` names the layers that have one; where it is absent, `slides` says.
    pub fn windows(
        &mut self,
        layers: u32,
        window: Option<u32>,
        slides: impl Fn(u32) -> bool,
    ) -> Option<Vec<Option<u32>>> {
        let field = self.root.optional("layer_types");
        let sliding: Vec<bool> = match field.is_present() {
            true => listed(&field, layers)?,
            false => (0..layers).map(slides).collect(),
        };
        if field.is_present() && window.is_none() && sliding.contains(&true) {
            field.refuse("contradiction", "only `full_attention`, because no window is set");
            return None;
        }
        Some(sliding.into_iter().map(|slides| window.filter(|_| slides)).collect())
    }
}

/// Whether each layer has a window, as `layer_types` says.
fn listed(field: &Field<'_>, layers: u32) -> Option<Vec<bool>> {
    let elements = field.elements();
    let sliding: Option<Vec<bool>> = elements.iter().map(|element| element.keyword(&LAYER_TYPES, &[])).collect();
    if field.is_array() && elements.len() as u64 != u64::from(layers) {
        let found = elements.len();
        field.refuse("contradiction", format!("one entry for each of {layers} layers, and not {found}"));
        return None;
    }
    sliding
}
