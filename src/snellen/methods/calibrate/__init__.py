"""Is the confidence honest? Errors of calibration and selective prediction."""
