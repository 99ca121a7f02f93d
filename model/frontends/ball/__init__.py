"""The front end of balls: an extended Kalman filter of the whole physics, and flights from what it knows."""
