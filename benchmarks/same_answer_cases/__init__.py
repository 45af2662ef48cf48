"""Rows of ``same_answer.py``, one file a topic."""
