"""Oracle: the best forecast that anyone could make of a simulated ball, from the physics and prior that made it."""
