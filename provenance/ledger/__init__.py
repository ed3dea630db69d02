"""The running log: queue, sequencer, checkpoints, publication, witnesses, time-stamps."""
