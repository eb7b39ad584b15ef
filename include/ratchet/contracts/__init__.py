"""The records everything else speaks: event streams, improvements, and the artifacts' schemas."""
