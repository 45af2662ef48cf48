"""Alterations from MAF, copy numbers, VCF and words: what is an event, what is not, and what is not known."""

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

import omics_rx as orx
from omics_rx.core.errors import InputError, MissingFileError
from omics_rx.harmonize.protein_changes import protein_change
from omics_rx.io.alterations.maf import effect_of
from omics_rx.io.alterations.meaning import predicted
from omics_rx.io.alterations.words import one_alteration

read = orx.io.read_alterations
CSQ = "Allele|Consequence|IMPACT|SYMBOL|Gene|Feature|BIOTYPE|HGVSp|PICK|am_pathogenicity|CLIN_SIG"
HEAD = f'##fileformat=VCFv4.2\n##INFO=<ID=CSQ,Number=.,Type=String,Description="VEP. Format: {CSQ}">\n'
COLUMNS = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t"


def maf(*rows, **more):
    table = pd.DataFrame(
        rows, columns=["Tumor_Sample_Barcode", "Hugo_Symbol", "Variant_Classification", "HGVSp_Short"], dtype=object
    )
    return table.assign(**more)


@pytest.mark.parametrize(
    ("text", "short", "kind"),
    [
        ("p.His1047Arg", "H1047R", "missense"), ("h1047r", "H1047R", "missense"),
        ("NP_006209.2:p.(His1047Arg)", "H1047R", "missense"), ("ENSP00000263967.3:p.His1047Arg", "H1047R", "missense"),
        ("p.Arg130Ter", "R130*", "nonsense"), ("R130X", "R130*", "nonsense"), ("p.K267fs", "K267fs", "frameshift"),
        ("p.Lys267ArgfsTer9", "K267Rfs*9", "frameshift"), ("p.Glu746_Ala750del", "E746_A750del", "inframe"),
        ("p.Tyr772_Ala775dup", "Y772_A775dup", "inframe"), ("D770_N771insSVD", "D770_N771insSVD", "inframe"),
        ("p.E545_Q546delinsD", "E545_Q546delinsD", "inframe"), ("p.Thr125=", "T125=", "silent"),
        ("p.T125%3D", "T125=", "silent"), ("T125T", "T125=", "silent"), ("p.Met1?", "M1?", "start lost"),
        ("X1010_splice", "X1010_splice", "splice"), ("p.Ter394CysextTer9", "*394Cext*9", "stop lost"),
    ],
)  # fmt: skip
def test_a_protein_change_is_one_however_it_is_written(text, short, kind):
    found = protein_change(text)
    assert (found.short, found.kind) == (short, kind)


@pytest.mark.parametrize(
    "text", ["", None, float("nan"), "p.?", "c.3140A>G", "amplification", "exon 19 deletion", "p.="]
)
def test_what_is_no_protein_change_is_none(text):
    assert protein_change(text) is None


@pytest.mark.parametrize(
    ("words", "gene", "kind", "effect"),
    [
        ("PIK3CA p.His1047Arg", "PIK3CA", "mutation", "missense"), ("PIK3CA:H1047R", "PIK3CA", "mutation", "missense"),
        ("HER2 amplification", "ERBB2", "gain", "amplified"), ("amplification of MYC", "MYC", "gain", "amplified"),
        ("ERBB2 gain", "ERBB2", "gain", "low gain"), ("MYC low-level amplification", "MYC", "gain", "low gain"),
        ("CDKN2A homozygous deletion", "CDKN2A", "loss", "deep deletion"), ("TP53 LOH", "TP53", "loss", "shallow loss"),
        ("PTEN hemizygous deletion", "PTEN", "loss", "shallow loss"), ("EML4-ALK fusion", "ALK", "fusion", "fused"),
        ("ETV6-NTRK3", "NTRK3", "fusion", "fused"), ("NTRK1 rearrangement", "NTRK1", "fusion", "fused"),
        ("NKX2-1 amplification", "NKX2-1", "gain", "amplified"), ("FAM123B R358*", "AMER1", "mutation", "nonsense"),
        ("MSI-H", "MSI", "MSI", "unstable"), ("pMMR", "MSI", "MSI", "not altered"), ("TMB 14", "TMB", "TMB", "burden"),
        ("HER2 3+", "ERBB2", "receptor", "receptor"), ("TP53 splice site", "TP53", "mutation", "splice"),
        ("EGFR ex20ins", "EGFR", "mutation", "inframe"),
        ("gBRCA2 pathogenic variant", "BRCA2", "mutation", "unspecified"),
    ],
)  # fmt: skip
def test_words_of_people_are_read(words, gene, kind, effect):
    found = one_alteration(words)
    assert (found["gene"], found["kind"], found["effect"]) == (gene, kind, effect)


def test_what_a_variant_is_and_why():
    found = read(
        ["PIK3CA H1047R", "PIK3CA R19I", "TP53 K267fs", "PIK3CA E12*", "ERBB2 amplification", "MYC gain", "RB1 loss",
         "BRCA2 VUS", "KRAS T58= silent", "ABL1 T315I"], sample="P7",
    )  # fmt: skip
    by = found.variants.set_index(found.variants["gene"] + " " + found.variants["change"])["is"].to_dict()
    assert by == {
        "PIK3CA H1047R": "recurrent", "PIK3CA R19I": "uncertain", "TP53 K267fs": "truncating",
        "PIK3CA E12*": "uncertain",
        "ERBB2 +2": "amplified", "MYC +1": "none", "RB1 ": "uncertain", "BRCA2 ": "uncertain", "KRAS T58=": "none",
        "ABL1 T315I": "known",
    }  # fmt: skip
    events = found.events.loc["P7"]
    assert events[["PIK3CA_mut", "TP53_mut", "ERBB2_gain", "ABL1_mut"]].tolist() == [1, 1, 1, 1]
    assert events[["RB1_loss", "BRCA2_mut"]].isna().all()
    assert not {"MYC_gain", "KRAS_mut"} & set(events.index)
    assert (found.variants["why"] != "").all()


def test_not_tested_is_missing_and_a_panel_says_what_was_tested():
    table = maf(("a", "PIK3CA", "Missense_Mutation", "p.H1047R"), ("b", "TP53", "Silent", "p.T125="))
    alone = read(table)
    assert np.isnan(alone.events.loc["b", "PIK3CA_mut"])
    assert any("panel=" in one for one in alone.said)
    told = read(table, panel=["PIK3CA", "TP53"], samples=["a", "b", "c"])
    assert told.events.loc[["a", "b", "c"], "PIK3CA_mut"].tolist() == [1, 0, 0]
    assert told.events["TP53_mut"].tolist() == [0, 0, 0]
    assert "ERBB2_gain" not in told.events
    assert "KRAS_mut" not in told.events
    assert read(table, panel="exome").events.loc["a", "KRAS_mut"] == 0


def test_a_panel_is_read_from_a_file_and_by_any_name(tmp_path):
    file = tmp_path / "panel.txt"
    file.write_text("stable_id: X\ngene_list: PIK3CA\tHER2\tFAM123B\n")
    found = read(maf(("a", "PIK3CA", "Missense_Mutation", "p.H1047R")), panel=file)
    assert found.events.loc["a", "PIK3CA_mut"] == 1


def test_germline_and_somatic_stay_apart():
    found = read(["BRCA1 germline pathogenic", "BRCA2 R3128* somatic"], sample="P7")
    assert found.events.loc["P7"].to_dict() == {"BRCA1_germline": 1, "BRCA2_mut": 1}
    table = maf(("a", "BRCA1", "Nonsense_Mutation", "p.E23*"), ("a", "BRCA2", "Nonsense_Mutation", "p.R3128*"),
                Mutation_Status=["Germline", "Somatic"])  # fmt: skip
    assert read(table).events.loc["a"].to_dict() == {"BRCA1_germline": 1, "BRCA2_mut": 1}
    assert read(maf(("a", "BRCA1", "Nonsense_Mutation", "p.E23*")), origin="germline").events.columns.tolist() == [
        "BRCA1_germline"
    ]


def test_copy_numbers_of_cbioportal_and_gistic(tmp_path):
    file = tmp_path / "data_cna.txt"
    file.write_text("Hugo_Symbol\tEntrez_Gene_Id\tS1\tS2\nHER2\t2064\t2\t1\nPTEN\t5728\t-2\tNA\nCDKN2A\t1029\t-1\t0\n")
    events = read(file).events
    assert events.loc["S1", ["ERBB2_gain", "PTEN_loss", "CDKN2A_loss"]].tolist() == [1, 1, 0]
    assert events.loc["S2", ["ERBB2_gain", "CDKN2A_loss"]].tolist() == [0, 0]
    assert np.isnan(events.loc["S2", "PTEN_loss"])
    file.write_text("Gene Symbol\tLocus ID\tCytoband\tS1\nERBB2\t2064\t17q12\t2\n")
    assert read(file).events.loc["S1", "ERBB2_gain"] == 1
    both = read([maf(("S1", "PIK3CA", "Missense_Mutation", "p.E545K")), file])
    assert both.events.loc["S1", ["PIK3CA_mut", "ERBB2_gain"]].tolist() == [1, 1]


def vcf(tmp_path, lines, names="NORMAL\tTUMOR", head=HEAD):
    file = tmp_path / "calls.vcf"
    file.write_text(head + COLUMNS + names + "\n" + "".join(line + "\n" for line in lines))
    return file


def line(annotation, calls="GT\t0/0\t0/1", allele="G", passed="PASS"):
    return f"3\t1\t.\tA\t{allele}\t.\t{passed}\tCSQ={annotation}\t{calls}"


PIK3CA = "G|missense_variant|MODERATE|PIK3CA|E|T|protein_coding|ENSP1.3:p.His1047Arg|1|0.98|"
BRCA2 = "G|missense_variant|MODERATE|BRCA2|E|T|protein_coding|ENSP2.3:p.Ala5Thr|1|0.98|Pathogenic"


def test_vcf_of_vep(tmp_path):
    file = vcf(tmp_path, [line(PIK3CA), line(PIK3CA, passed="weak"), line(BRCA2), line(BRCA2, calls="GT\t0/1\t0/0")])
    found = read(file)
    assert found.events.loc["TUMOR", "PIK3CA_mut"] == 1
    assert np.isnan(found.events.loc["TUMOR", "BRCA2_mut"])
    assert any("did not pass" in one for one in found.said)
    assert any("NORMAL" in one for one in found.said)
    assert read(file, predictor="am_pathogenicity").events.loc["TUMOR", "BRCA2_mut"] == 1
    assert read(file, predictor="CLIN_SIG").events.loc["TUMOR", "BRCA2_mut"] == 1
    with pytest.raises(InputError, match="REVEL"):
        read(file, predictor="REVEL")


def test_vcf_of_snpeff_and_of_several_alleles(tmp_path):
    head = ("##fileformat=VCFv4.2\n##INFO=<ID=ANN,Number=.,Type=String,Description=\"Functional annotations: 'Allele | "
            "Annotation | Annotation_Impact | Gene_Name | Gene_ID | Feature_Type | Feature_ID | Transcript_BioType | "
            "Rank | HGVS.c | HGVS.p'\">\n")  # fmt: skip
    ann = ("G|missense_variant|M|PIK3CA|E|transcript|T|protein_coding|1/2|c.3140A>G|p.His1047Arg,"
           "T|missense_variant|M|PIK3CA|E|transcript|T|protein_coding|1/2|c.3140A>T|p.His1047Leu")  # fmt: skip
    text = f"3\t1\t.\tA\tG,T\t.\tPASS\tANN={ann}\tGT\t0/2"
    found = read(vcf(tmp_path, [text], names="P7", head=head))
    assert found.variants["change"].tolist() == ["H1047L"]
    assert found.events.loc["P7", "PIK3CA_mut"] == 1


@pytest.mark.parametrize(
    ("names", "message"), [("A\tB", "tumour from its normal"), ("", "sample=")],
)  # fmt: skip
def test_vcf_of_which_the_tumour_is_not_told_asks(tmp_path, names, message):
    with pytest.raises(InputError, match=message):
        read(vcf(tmp_path, [line(PIK3CA)], names=names))


def test_vcf_without_annotation_says_what_to_run(tmp_path):
    with pytest.raises(InputError, match="not annotated"):
        read(vcf(tmp_path, [line(PIK3CA)], head="##fileformat=VCFv4.2\n"))


@pytest.mark.parametrize(
    ("told", "word"),
    [
        ("Missense_Mutation", "missense"), ("splice_region_variant&intron_variant", "splice region"), ("5'UTR", "UTR"),
        ("stop_gained,splice_region_variant", "nonsense"), ("Frame_Shift_Ins", "frameshift"),
        ("In_Frame_Del", "inframe"),
        ("synonymous_variant", "silent"), ("IGR", "intergenic"), ("5'Flank", "flank"), ("nonsense", "nonsense"),
        ("made up", ""), (None, ""),
    ],
)  # fmt: skip
def test_consequences_of_every_annotator_are_known(told, word):
    assert effect_of(told) == word


@pytest.mark.parametrize(
    ("value", "column", "harmful"),
    [
        ("0.564", "AlphaMissense", True), ("0.563", "AlphaMissense", False), ("0.773", "REVEL_score", True),
        ("0.7", "REVEL", False), (".;0.9", "REVEL", True), ("Pathogenic", "ClinVar_CLNSIG", True),
        ("Likely_pathogenic", "CLIN_SIG", True), ("Conflicting_classifications_of_pathogenicity", "CLIN_SIG", False),
        ("Benign", "CLIN_SIG", False), ("Uncertain_significance", "CLIN_SIG", False), ("", "REVEL", False),
    ],
)  # fmt: skip
def test_predictors_by_their_published_thresholds(value, column, harmful):
    assert predicted(value, column)[0] is harmful


def test_what_is_not_known_of_a_file_is_said():
    table = maf(("a", "PIK3CA", "Missense_Mutation", "p.H1047R"), ("a", "TP53", "Nonsense_Mutation", "p.R213*"),
                ("a", "XXYYZ", "Missense_Mutation", "p.A5T"), NCBI_Build=["GRCh37", "hg38", "38"])  # fmt: skip
    said = " ".join(read(table).said)
    assert "mixes genome builds" in said
    assert "XXYYZ" in said


def test_a_hypermutated_tumour_is_said_and_msi_asked():
    many = [("a", "TTN", "Missense_Mutation", f"p.A{place}T") for place in range(2, 10_002)]
    found = read(maf(*many, ("b", "PIK3CA", "Missense_Mutation", "p.H1047R")))
    told = next(one for one in found.said if "hypermutated" in one)
    assert "10000 coding changes" in told
    assert "MSI" in told
    assert np.isnan(found.events.loc["a", "TTN_mut"])


@pytest.mark.parametrize(
    ("source", "settings", "message"),
    [
        (maf(("a", "TP53", "Missense_Mutation", "")), {}, "no protein change"),
        (maf(("a", "Tp53", "Missense_Mutation", "p.A5T"), ("a", "Kras1", "RNA", "p.E5*")), {}, "no human"),
        (maf(("", "TP53", "Missense_Mutation", "p.R175H")), {}, "have no sample"),
        (maf(("a", "TP53", "Missense_Mutation", "p.R175H")), {"panel": []}, "names no gene"),
        (maf(("a", "TP53", "Missense_Mutation", "p.R175H")), {"panel": ["panel one", "panel two"]}, "no human genes"),
        (maf(("a", "TP53", "Missense_Mutation", "p.R175H")), {"predictor": "CADD"}, "no published threshold"),
        (maf(("a", "TP53", "Missense_Mutation", "p.R175H")), {"predictor": "REVEL"}, "no column"),
        (maf(("a", "TP53", "Missense_Mutation", "p.R175H")), {"origin": "tumour"}, "origin is"),
        ([maf(("a", "TP53", "Missense_Mutation", "p.R175H"))] * 2, {}, "called twice"),
        (pd.DataFrame({"Hugo_Symbol": ["ERBB2"], "S1": [0.37]}), {}, "no thresholded copy number"),
        (pd.DataFrame({"x": [1]}), {}, "no column of alterations"),
        (["purple"], {"sample": "a"}, "not understood"),
        (["PIK3CA H1047R"], {}, "tell sample="), ([], {}, "no alterations"),
        ({}, {}, "source is empty"),
        (3, {}, "given as a int"),
    ],
)  # fmt: skip
def test_bad_input_is_one_clear_error(source, settings, message):
    with pytest.raises(InputError, match=message):
        read(source, **settings)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(MissingFileError):
        read(tmp_path / "none.maf")


def test_onto_a_cohort_by_barcode_takes_the_primary_and_says_so():
    names = ["TCGA-A1-A0SB-01A-11D-A142-09", "TCGA-A1-A0SB-06A-11D-A142-09"]
    found = read(
        maf((names[0], "PIK3CA", "Missense_Mutation", "p.H1047R"), (names[1], "TP53", "Missense_Mutation", "p.R175H"))
    )
    cohort = AnnData(np.zeros((2, 1)), obs=pd.DataFrame(index=["TCGA-A1-A0SB", "TCGA-A1-A0SC"]))
    joined = found.onto(cohort)
    assert joined.obsm["events"].loc["TCGA-A1-A0SB", "PIK3CA_mut"] == 1
    assert joined.uns["variants"]["gene"].tolist() == ["PIK3CA"]
    assert joined.obsm["events"].loc["TCGA-A1-A0SC"].isna().all()
    said = " ".join(orx.io.said_aloud(joined))
    assert "primary tumour is taken" in said
    assert "1 of 2 samples" in said
    with pytest.raises(InputError, match="none of the 1 samples"):
        found.onto(AnnData(np.zeros((1, 1)), obs=pd.DataFrame(index=["other"])))


def test_a_sample_called_twice_is_refused_for_a_cohort():
    names = ["TCGA-A1-A0SB-01A-11D-A142-09", "TCGA-A1-A0SB-01B-11D-A142-09"]
    found = read(maf(*[(name, "PIK3CA", "Missense_Mutation", "p.H1047R") for name in names]))
    with pytest.raises(InputError, match="several sets"):
        found.onto(AnnData(np.zeros((1, 1)), obs=pd.DataFrame(index=["TCGA-A1-A0SB-01"])))


def test_the_cohort_with_variants_is_saved(tmp_path):
    found = read(["PIK3CA H1047R", "BRCA2 VUS"], sample="P7")
    joined = found.onto(AnnData(np.zeros((1, 1)), obs=pd.DataFrame(index=["P7"])))
    joined.write_h5ad(tmp_path / "x.h5ad")
    import anndata

    again = anndata.read_h5ad(tmp_path / "x.h5ad")
    assert again.obsm["events"].loc["P7", "PIK3CA_mut"] == 1
    assert again.uns["variants"]["why"].tolist() == joined.uns["variants"]["why"].tolist()


def test_a_table_in_words_and_lines_of_words(tmp_path):
    table = pd.DataFrame({"patient": ["P7", "P8"], "alteration": ["PIK3CA H1047R", "HER2 amplification"]})
    assert read(table).events.loc["P8", "ERBB2_gain"] == 1
    file = tmp_path / "words.tsv"
    file.write_text("P7\tPIK3CA p.His1047Arg\nP7\tTP53 R175H; R248Q\n")
    assert read(file).variants["change"].tolist() == ["H1047R", "R175H", "R248Q"]
    assert read({"P7": ["PIK3CA H1047R"], "P8": "MSS"}).events.loc["P8", "MSI"] == 0
    assert read(tmp_path / "words.tsv").of("P7").shape[0] == 3
    with pytest.raises(InputError, match="P9"):
        read(file).of("P9")


@pytest.mark.parametrize("mark", ["\t", ","])
@pytest.mark.parametrize("comments", ["", "#version gdc-1.0.0\n# filtered\n"])
def test_comments_and_delimiters_change_nothing(tmp_path, comments, mark):
    table = maf(("a", "PIK3CA", "Missense_Mutation", "p.H1047R"), ("b", "TP53", "Silent", "NA"))
    file = tmp_path / "mutations.maf"
    file.write_text(comments + table.to_csv(sep=mark, index=False))
    found = read(file, panel=["PIK3CA", "TP53"])
    assert found.events["PIK3CA_mut"].tolist() == [1, 0]
    assert found.variants["change"].tolist() == ["H1047R", ""]


def test_comments_above_words_and_copy_numbers_in_a_workbook_are_read(tmp_path):
    words = tmp_path / "words.tsv"
    words.write_text("# of the board\nsample\talteration\na\tPIK3CA H1047R\n")
    assert read(words).events.loc["a", "PIK3CA_mut"] == 1
    book = tmp_path / "cna.xlsx"
    pd.DataFrame({"Hugo_Symbol": ["ERBB2", "MYC"], "a": [2, 0], "b": [-1, 2]}).to_excel(book, index=False)
    found = read(book)
    assert found.events["ERBB2_gain"].tolist() == [1, 0]
    assert found.said[0].startswith(str(book))


def test_spaces_around_the_name_of_a_sample_make_no_second_sample():
    found = read(maf(("a ", "PIK3CA", "Missense_Mutation", "p.H1047R")), panel=["PIK3CA"])
    assert found.events["PIK3CA_mut"].to_dict() == {"a": 1}
