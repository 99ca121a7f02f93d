"""The simulator: balls, pedestrians and the sensor that watches them. Knows nothing of models or services."""
