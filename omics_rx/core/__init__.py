"""The words every room speaks: screens, cohorts, errors, saved things, seeds and caches."""

from omics_rx.core.home import give_libraries_a_place

give_libraries_a_place()  # before any room imports what would fail without one
