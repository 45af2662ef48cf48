"""The page of a response study."""

from omics_rx import report


def test_the_page_says_how_well_the_response_is_foretold(study, tmp_path):
    text = report.write(study, tmp_path / "study.html").read_text(encoding="utf-8")
    for words in ("Does the signature foretell the response?", "What does each kind of measurement add?", "<svg"):
        assert words in text
    assert "Chance of pcr" in report.write(study.signature, tmp_path / "s.html").read_text(encoding="utf-8")
