"""Seeded attacks on the commands: hostile media, models, descriptions, shards, scores, options."""
