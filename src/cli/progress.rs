//! Progress on stderr: only on a terminal, only for what takes longer than a moment.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::Duration;

/// A bar that counts towards a total.
pub fn bar(what: &str, total: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr_with_hz(8));
    let style = ProgressStyle::with_template("{msg:28} {bar:30} {percent:>3} %  {elapsed} ({eta} left)");
    bar.set_style(style.expect("the template is fixed"));
    bar.set_message(what.to_owned());
    bar
}

/// A sign of life for what has no known total.
pub fn spinner(what: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(8));
    bar.set_style(ProgressStyle::with_template("{msg:28} {spinner} {elapsed}").expect("the template is fixed"));
    bar.set_message(what.to_owned());
    bar.enable_steady_tick(Duration::from_millis(125));
    bar
}
