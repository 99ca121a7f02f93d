"""Training: examples from the simulator or from recorded tracks, the loop, calibration and the writing of bundles."""
