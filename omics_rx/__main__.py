"""``python -m omics_rx`` starts the command line."""

from omics_rx.cli import main

if __name__ == "__main__":
    main()
