"""What ``python -m pmm_sklearn`` does: the main job, and tables of one's own."""
