"""Several trainings side by side: of one method's parts (ablation), of detectors (comparison)."""
