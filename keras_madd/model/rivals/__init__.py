"""Other detectors, on the same faces: those the paper is measured against, and a user's own."""
