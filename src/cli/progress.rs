//! Progress on stderr: only on a terminal, only for what takes longer than a moment.

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle, WeakProgressBar};
use std::io::{IsTerminal, stderr};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// What takes longer shows that it is alive.
const MOMENT: Duration = Duration::from_secs(2);
const REFRESH: Duration = Duration::from_millis(125);

/// Everything that is drawn, so that nothing is drawn over anything else.
static DRAWN: LazyLock<MultiProgress> =
    LazyLock::new(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(8)));
/// Bars that count; while there is one, no other sign of life is needed.
static BARS: Mutex<Vec<WeakProgressBar>> = Mutex::new(Vec::new());

/// A bar that counts towards a total.
pub fn bar(what: &str, total: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:28} {bar:30} {percent:>3} %  {elapsed} ({eta} left)");
    shown(ProgressBar::new(total), style.expect("the template is fixed"), what)
}

/// A sign of life for what has no known total.
pub fn spinner(what: &str) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:28} {spinner} {elapsed}");
    let spinner = shown(ProgressBar::new_spinner(), style.expect("the template is fixed"), what);
    spinner.enable_steady_tick(REFRESH);
    spinner
}

fn shown(bar: ProgressBar, style: ProgressStyle, what: &str) -> ProgressBar {
    let bar = DRAWN.add(bar);
    bar.set_style(style);
    bar.set_message(what.to_owned());
    let mut bars = BARS.lock().unwrap_or_else(PoisonError::into_inner);
    bars.retain(counts);
    bars.push(bar.downgrade());
    bar
}

fn something_counts() -> bool {
    let bars = BARS.lock().unwrap_or_else(PoisonError::into_inner);
    bars.iter().any(counts)
}

fn counts(bar: &WeakProgressBar) -> bool {
    bar.upgrade().is_some_and(|bar| !bar.is_finished())
}

/// Runs `write` while nothing is drawn.
pub fn aside<T>(write: impl FnOnce() -> T) -> T {
    DRAWN.suspend(write)
}

/// A sign of life for a whole command, whenever nothing else is drawn; gone when it is dropped.
pub struct Watch {
    watcher: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Watch {
    /// Watches over the command of that name.
    pub fn over(command: String) -> Self {
        let start = || {
            let (ended, end) = channel();
            let watching =
                move || while end.recv_timeout(MOMENT) == Err(RecvTimeoutError::Timeout) && !alive(&command, &end) {};
            (ended, std::thread::spawn(watching))
        };
        Self { watcher: stderr().is_terminal().then(start) }
    }
}

/// Draws a spinner until the command ends or something else is drawn; whether it ended.
fn alive(command: &str, end: &std::sync::mpsc::Receiver<()>) -> bool {
    if something_counts() {
        return false;
    }
    let spinner = DRAWN.add(ProgressBar::new_spinner());
    spinner.set_message(command.to_owned());
    let ended = loop {
        spinner.tick();
        match end.recv_timeout(REFRESH) {
            Err(RecvTimeoutError::Timeout) if !something_counts() => {}
            Err(RecvTimeoutError::Timeout) => break false,
            _ => break true,
        }
    };
    spinner.finish_and_clear();
    ended
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some((ended, watching)) = self.watcher.take() {
            drop(ended);
            let _ = watching.join();
        }
    }
}
