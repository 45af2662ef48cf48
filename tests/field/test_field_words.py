"""Words that have a slash in them, and what else may be a name or a path."""

import pandas as pd
import pytest

import omics_rx as orx
from omics_rx.core.errors import InputError, MissingFileError
from omics_rx.core.paths import means_file
from omics_rx.response.library_rows import chunks

read = orx.io.read_alterations
CSQ = "Allele|Consequence|SYMBOL|HGVSp"


@pytest.mark.parametrize(
    ("words", "events"),
    [
        ("EML4/ALK fusion", {"EML4-ALK_fusion": 1.0}), ("HER2/neu amplification", {"ERBB2_gain": 1.0}),
        ("HER2/CEP17 amplification", {"ERBB2_gain": 1.0}), ("BRCA1/2 wild type", {"BRCA1_mut": 0.0, "BRCA2_mut": 0.0}),
        ("CDKN2A/B homozygous deletion", {"CDKN2A_loss": 1.0, "CDKN2B_loss": 1.0}),
        ("AKT1/2/3 wild type", {"AKT1_mut": 0.0, "AKT2_mut": 0.0, "AKT3_mut": 0.0}),
        ("KRAS/NRAS/BRAF wild-type", {"KRAS_mut": 0.0, "NRAS_mut": 0.0, "BRAF_mut": 0.0}),
        ("ESR1 Y537S/D538G", {"ESR1_mut": 1.0}), ("FGFR1/8p11 amplification", {"FGFR1_gain": 1.0}),
        ("PIK3CA c.3140A>G / p.H1047R", {"PIK3CA_mut": 1.0}),
    ],
)  # fmt: skip
def test_a_slash_in_words_is_no_path(words, events):
    assert read([words], sample="P").events.loc["P"].to_dict() == events
    assert read({"P": [words]}).events.loc["P"].to_dict() == events


@pytest.mark.parametrize("words", ["MSI/TMB high", "PIK3CA/PTEN", "nowhere/here", "ER/PR positive"])
def test_words_that_may_be_two_things_are_asked(words):
    with pytest.raises(InputError, match="not understood"):
        read([words], sample="P")


@pytest.mark.parametrize("path", ["./calls", "calls.maf", "no/such/calls.vcf.gz", "~/calls"])
def test_what_is_written_as_a_path_is_one(path):
    assert means_file(path)
    with pytest.raises(MissingFileError):
        read([path], sample="P")


def test_a_folder_called_as_a_dataset_hides_no_dataset(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gdsc2").mkdir()
    (tmp_path / "KEGG_2021_Human").touch()
    assert not means_file("gdsc2")
    assert means_file("KEGG_2021_Human")


@pytest.mark.parametrize("names", [
    ["sample", "Hugo Symbol", "Variant Classification", "HGVSp Short"],
    ["Tumor.Sample.Barcode", "Hugo.Symbol", "Variant.Classification", "HGVSp.Short"],
    ["tumor_sample_barcode", "hugo_symbol", "variant_classification", "hgvsp_short"],
])  # fmt: skip
def test_columns_of_mutations_are_found_however_they_are_marked(names, tmp_path):
    table = pd.DataFrame([["P", "TP53", "Missense_Mutation", "p.R175H"]], columns=names)
    table.to_csv(tmp_path / "calls.txt", sep="\t", index=False)
    for source in (table, tmp_path / "calls.txt"):
        assert read(source, panel="TP53, PTEN").events.loc["P"].to_dict() == {
            "TP53_mut": 1.0, "PTEN_mut": 0.0
        }  # fmt: skip


def test_a_missense_change_in_a_splice_region_is_one_in_every_format(tmp_path):
    names = ["Tumor_Sample_Barcode", "Hugo_Symbol", "Variant_Classification", "HGVSp_Short"]
    maf = pd.DataFrame([["P", "TP53", "Splice_Region", "p.R175H"]], columns=names)
    vcf = tmp_path / "calls.vcf"
    head = f'##fileformat=VCFv4.2\n##INFO=<ID=CSQ,Number=.,Type=String,Description="VEP. Format: {CSQ}">\n'
    names_row = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tP\n"
    call = "17\t7675088\t.\tC\tT\t.\tPASS\tCSQ=T|splice_region_variant|TP53|p.Arg175His\tGT\t0/1\n"
    vcf.write_text(head + names_row + call)
    shown = ["gene", "effect", "change", "is", "event"]
    first, second = read(maf).variants[shown], read(vcf).variants[shown]
    pd.testing.assert_frame_equal(first, second)
    assert first.loc[0, "effect"] == "missense"


@pytest.mark.parametrize(("name", "content"), [
    ("a.smi", "CCO ethyl alcohol\nCCCO propanol\n"), ("a.smi", "smiles name\nCCO ethyl\nCCCO propanol\n"),
    ("a.txt", "Name;SMILES\nethyl;CCO\npropanol;CCCO\n"), ("a.dat", "\ufeffcanonical_smiles\tname\nCCO\tx\nCCCO\ty\n"),
])  # fmt: skip
def test_a_library_of_structures_is_told_by_its_content(name, content, tmp_path):
    (tmp_path / name).write_text(content, encoding="utf-8")
    (frame,) = chunks(tmp_path / name, 10)
    assert frame["smiles"].tolist() == ["CCO", "CCCO"]
    assert frame["name"].notna().all()


def test_a_panel_by_its_trade_name_is_asked():
    with pytest.raises(InputError, match="no human genes"):
        read(["TP53 R175H"], sample="P", panel="FoundationOne")
