"""What runs by the clock: an app's jobs, as its live release has them."""
