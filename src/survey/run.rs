//! Simulates every point of a survey.

use super::point::Place;
use super::{Platform, Point, Positions, Survey};
use crate::error::Result;
use crate::sim;
use crate::workload::{Lowering, Model, Position, Scenario, lower};
use rayon::prelude::*;

/// Prompt tokens of all runs in progress together, unless one run alone has more: what bounds the memory they take.
const TOKENS_IN_PROGRESS: u32 = 4096;

/// How far a survey is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Runs that have ended.
    pub done: usize,
    /// All runs.
    pub runs: usize,
}

/// A run: what differs from the others.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Job {
    model: usize,
    lowering: Lowering,
    lm_head: bool,
    accelerator: usize,
    prefill: u32,
}

impl Survey {
    /// Simulates every point, in the order lowering, accelerator, prompt length, model; `progress` hears of every batch of runs.
    /// Points that ask for the same run share it. The result does not depend on the number of threads.
    ///
    /// # Errors
    /// A prompt longer than the model's learned positions where positions are [`Positions::Limited`], and what
    /// [`lower`] and [`sim::simulate`] refuse.
    pub fn run(&self, progress: &mut dyn FnMut(Progress)) -> Result<Vec<Point>> {
        let places = self.places();
        let mut jobs: Vec<Job> = Vec::new();
        for (job, _) in &places {
            if !jobs.contains(job) {
                jobs.push(*job);
            }
        }
        jobs.sort_by_key(|job| job.prefill);
        let mut results: Vec<Point> = Vec::new();
        for batch in batches(&jobs) {
            let place = |job: &Job| places.iter().find(|(other, _)| other == job).expect("jobs are made from places").1;
            let points: Result<Vec<Point>> = batch.par_iter().map(|job| self.simulate(job, place(job))).collect();
            results.extend(points?);
            progress(Progress { done: results.len(), runs: jobs.len() });
        }
        let result = |(job, place): &(Job, Place<'_>)| {
            let index = jobs.iter().position(|other| other == job).expect("every place has its job");
            results[index].at(*place)
        };
        Ok(places.iter().map(result).collect())
    }

    fn places(&self) -> Vec<(Job, Place<'_>)> {
        let mut places = Vec::new();
        for variant in &self.lowerings {
            let runs = |(_, platform): &(usize, &Platform)| platform.runs(variant);
            for (accelerator, platform) in self.accelerators.iter().enumerate().filter(runs) {
                for &prefill in &self.prefill {
                    for (model, subject) in self.models.iter().enumerate() {
                        let (lowering, lm_head) = (variant.lowerings[model], variant.lm_head);
                        let job = Job { model, lowering, lm_head, accelerator, prefill };
                        let place = Place {
                            lowering: &variant.name,
                            accelerator: &platform.name,
                            prefill,
                            model: &subject.name,
                            extrapolated: beyond_positions(&subject.model, prefill),
                        };
                        places.push((job, place));
                    }
                }
            }
        }
        places
    }

    fn simulate(&self, job: &Job, place: Place<'_>) -> Result<Point> {
        let mut model = self.models[job.model].model.clone();
        if let (Positions::Extrapolated, true, Some(decoder)) = (self.positions, place.extrapolated, &mut model.decoder)
        {
            decoder.embedding.position = Position::learned(job.prefill);
        }
        let scenario = Scenario { bits: self.bits, lm_head: job.lm_head, ..Scenario::new(job.prefill) };
        let workload = lower(&model, &scenario, &job.lowering)?;
        let accelerator = &self.accelerators[job.accelerator].accelerator;
        let run = sim::simulate(&workload, accelerator, &sim::Options::of(&job.lowering), &mut |_| {})?;
        Ok(Point::new(place, &run))
    }
}

fn beyond_positions(model: &Model, prefill: u32) -> bool {
    let most = model.decoder.as_ref().and_then(|decoder| decoder.embedding.position.most_rows());
    most.is_some_and(|positions| positions < prefill)
}

/// Runs of one prompt length at a time, as many as [`TOKENS_IN_PROGRESS`] allow.
fn batches(jobs: &[Job]) -> impl Iterator<Item = &[Job]> {
    let of_one_length = jobs.chunk_by(|a, b| a.prefill == b.prefill);
    of_one_length.flat_map(|jobs| jobs.chunks((TOKENS_IN_PROGRESS / jobs[0].prefill).max(1) as usize))
}
