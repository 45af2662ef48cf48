"""Who will respond to a therapy: features of several kinds, a yes-or-no outcome, and a signature that gives chances."""
