"""The words every room speaks: screens, cohorts, errors, saved things, seeds and caches."""
