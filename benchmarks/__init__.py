"""What the bridge costs, as ratios against something bare that was measured in the same run."""
