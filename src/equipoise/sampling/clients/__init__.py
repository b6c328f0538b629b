"""Who answers: Claude and its like, batches, a local model, a simulated kernel."""
