//! Decoded tokens: those whose numbers lie on a line are lowered twice and repeated.

use crate::workload::lower::{Lowerer, Step};
use crate::workload::{Attention, PhaseKind, Stack};

impl Lowerer<'_> {
    /// One step for each token that is decoded.
    ///
    /// What a token's ops and tensors are depends on how many came before it: their sizes grow by the same from one token to the
    /// next, but for the `bends`. So two tokens that follow one another and have the same form say what all are up to the next bend.
    pub(super) fn decoded(&mut self, stack: &Stack) {
        let bends = self.bends(stack);
        let mut token = 1;
        while token <= self.scenario.decode {
            let repeats = self.token(stack, token);
            let end = bends.iter().copied().filter(|&bend| bend >= token).min().unwrap_or(token);
            if repeats && end > token && !self.each_token {
                self.graph.repeat_phase((token + 1..=end).map(|token| format!("token {token}")));
                token = end;
            }
            token += 1;
        }
    }

    /// Adds the step of a token; returns whether it is what the token before lets expect.
    fn token(&mut self, stack: &Stack, token: u32) -> bool {
        let before = self.scenario.prefill + token - 1;
        self.step = Step { queries: 1, before, causal: self.lowering.causal, cached: true };
        self.graph.enter_phase(PhaseKind::Decode, &format!("token {token}"), &format!("token{token}"));
        self.tokens_of_step(stack);
        self.graph.end_phase()
    }

    /// Tokens up to which, and from which on, numbers are on a line: where a window is full for the first time. The last token may
    /// have another form, because what it sees may be all of a cache, which needs no slice.
    fn bends(&self, stack: &Stack) -> Vec<u32> {
        let Self { scenario, .. } = self;
        let windows = stack.layers.iter().filter_map(|layer| match layer.attention {
            Attention::Grouped(grouped) => grouped.window,
            Attention::Latent(_) => None,
        });
        let mut bends: Vec<u32> = windows.filter_map(|window| window.checked_sub(scenario.prefill)).collect();
        bends.retain(|bend| (1..scenario.decode).contains(bend));
        bends.extend(scenario.decode.checked_sub(1));
        bends
    }
}
