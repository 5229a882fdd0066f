//! Waveforms: reading, checking against the power protocol, and save files for GTKWave.
