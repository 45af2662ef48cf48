"""MicroRNA tables as platforms and pipelines write them: known by their names, once each, human alone."""

import numpy as np
import pandas as pd
import pytest

from omics_rx.core.cohort import info
from omics_rx.core.errors import InputError
from omics_rx.harmonize import current_mirnas
from omics_rx.io import notes, read_bulk, read_mirna, said_aloud

RANDOM = np.random.default_rng(4)
STRANDS = ["hsa-miR-21-5p", "hsa-let-7a-5p", "hsa-miR-155-5p", "hsa-miR-24-3p", "hsa-miR-200c-3p", "hsa-miR-10b-5p",
           "hsa-miR-205-5p", "hsa-miR-141-3p", "hsa-miR-30a-5p", "hsa-miR-30a-3p", "hsa-miR-17-5p",
           "hsa-miR-18a-5p"]  # fmt: skip
OLD = ["hsa-miR-21", "hsa-let-7a", "hsa-miR-155", "hsa-miR-24", "hsa-miR-200c", "hsa-miR-10b", "hsa-miR-205",
       "hsa-miR-141", "hsa-miR-30a", "hsa-miR-30a*", "hsa-miR-17", "hsa-miR-18a"]  # fmt: skip
COUNTS = pd.DataFrame(RANDOM.integers(50, 9000, (12, 4)), index=STRANDS, columns=["P1", "P2", "P3", "P4"])


def put(file, frame, index=True):
    frame.to_csv(file, sep="," if file.suffix == ".csv" else "\t", index=index)
    return file


def same(cohort, frame=COUNTS, unit="counts"):
    assert cohort.obs_names.tolist() == frame.columns.tolist()
    assert cohort.var_names.tolist() == frame.index.tolist()
    np.testing.assert_allclose(np.asarray(cohort.X), frame.T.to_numpy(), rtol=1e-6)
    assert info(cohort).unit == unit
    return True


@pytest.mark.parametrize(
    ("names", "write"),
    [(OLD, "{}_st"), (OLD, "{}_x_st"), (OLD, "{}_v11.0"), (OLD, "{}_v21.0"), (STRANDS, "{}_000397"),
     (STRANDS, "{}-002245"), (OLD, "{}-4373090"), (STRANDS, "{}|0"), (STRANDS, "{}|0.005"), (OLD, "{}:9.1"),
     (STRANDS, "{}.iso"),
     (STRANDS, "{}.ref")],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_platforms_put_behind_a_name_is_taken_off(tmp_path, names, write):
    frame = COUNTS.set_axis([write.format(name) for name in names])
    assert same(read_mirna(put(tmp_path / "a.tsv", frame)))


@pytest.mark.parametrize(
    ("name", "now"),
    [("hsa-miR-21-star_st", "hsa-miR-21-3p"), ("hp_hsa-mir-21_st", "hsa-mir-21"), ("hp_hsa-mir-21_x_st", "hsa-mir-21"),
     ("hsa_miR_21_5p", "hsa-miR-21-5p"), ("hsa.miR.21.5p", "hsa-miR-21-5p"),
     ("hsa-miR-146b-3p_002361", "hsa-miR-146b-3p"),
     ("hsa-miR-1246", "hsa-miR-1246"), ("MIMAT0000076_st", "hsa-miR-21-5p"), ("hsa-miR-4516", "hsa-miR-4516")],
)  # fmt: skip
def test_single_names(name, now):
    assert current_mirnas([name])["name"].tolist() == [now]


def test_a_precursor_without_its_number_is_ambiguous_among_precursors():
    found = current_mirnas(["hsa-mir-21", "hsa-mir-155", "hsa-mir-24", "hsa-let-7a"])
    assert found["kind"].tolist() == ["precursor"] * 4
    assert found["status"].tolist() == ["kept", "kept", "ambiguous", "ambiguous"]
    assert current_mirnas(["hsa-miR-21-5p", "hsa-let-7a"])["name"].tolist() == ["hsa-miR-21-5p", "hsa-let-7a-5p"]


CONTROLS = {
    "POS_A(128)": "Positive", "NEG_A(0)": "Negative", "NEG_B(0)": "Negative", "ACTB|0": "Housekeeping",
    "ath-miR159a|0": "SpikeIn", "LIG_POS_A": "Ligation",
}  # fmt: skip


@pytest.mark.parametrize("column", ["Class Name", "Code Class", "CodeClass", None])
def test_controls_of_ncounter_are_left_out_and_the_background_is_stated(tmp_path, column):
    frame = pd.concat([COUNTS.set_axis([f"{name}|0" for name in STRANDS]),
                       pd.DataFrame(40, index=list(CONTROLS), columns=COUNTS.columns)])  # fmt: skip
    if column:
        frame.insert(0, column, ["Endogenous1"] * 12 + list(CONTROLS.values()))
        frame.insert(1, "Accession", "nmiR00001.1")
    cohort = read_mirna(put(tmp_path / "a.csv", frame))
    assert same(cohort)
    assert any("controls are no microRNAs and were left out" in said for said in said_aloud(cohort))
    assert any("background: 2 negative controls, mean 40.0" in said for said in notes(cohort))


@pytest.mark.parametrize(
    "control", ["RNU48", "U6 snRNA", "U6-snRNA-001973", "RNU44-001094", "SNORD61", "UniSp6", "miRTC", "PPC",
                "DarkCorner",
                "cel-miR-39-3p", "ath-miR159a", "RNU6-2", "ERCC-00002", "__not_aligned", "GAPDH", "NC1_00000197"]
)  # fmt: skip
def test_controls_of_other_platforms_are_left_out(tmp_path, control):
    frame = pd.concat([COUNTS, pd.DataFrame(9, index=[control], columns=COUNTS.columns)])
    assert same(read_mirna(put(tmp_path / "a.tsv", frame)))


@pytest.mark.parametrize("code", [1, 2])
def test_rcc_files_are_read_by_their_content(tmp_path, code):
    for place, sample in enumerate(COUNTS):
        rows = [f"Endogenous,{name}|0,nmiR{i:05d}.1,{COUNTS.loc[name, sample]}" for i, name in enumerate(STRANDS)]
        rows += [f"Positive,POS_A(128),ERCC_00117.1,{9000 + place}", "Negative,NEG_A(0),ERCC_00096.1,5"]
        text = ("<Header>\nFileVersion,1.7\nSoftwareVersion,4\n</Header>\n<Sample_Attributes>\n"
                f"ID,{sample if code == 1 else 'same'}\nOwner,\n</Sample_Attributes>\n<Code_Summary>\n"
                "CodeClass,Name,Accession,Count\n" + "\n".join(rows) + "\n</Code_Summary>\n")  # fmt: skip
        (tmp_path / f"{sample}.RCC").write_text(text)
    assert same(read_mirna(tmp_path))
    assert same(
        read_mirna(tmp_path / "P1.RCC").copy(),
        COUNTS[["P1"]] if code == 1 else COUNTS[["P1"]].set_axis(["same"], axis=1),
    )


@pytest.mark.parametrize("write", ["{}_000397", "{}"])
@pytest.mark.parametrize("orientation", ["down", "across"])
def test_cycles_are_asked(tmp_path, write, orientation):
    cycles = (33 - np.log2(COUNTS)).set_axis([write.format(name) for name in STRANDS])
    file = put(tmp_path / "a.tsv", cycles if orientation == "down" else cycles.T)
    with pytest.raises(InputError, match=r"looks like cycles of PCR \(Ct.*less is more"):
        read_mirna(file)
    turned = put(tmp_path / "b.tsv", 40 - cycles)
    assert same(read_mirna(turned, unit="log2 expression"), (40 - cycles).set_axis(STRANDS), "log2 expression")


@pytest.mark.parametrize("limit", [35, 40])
def test_cycles_with_many_undetermined_are_asked(tmp_path, limit):
    cycles = np.minimum(29 - np.log2(COUNTS), limit)
    cycles.iloc[3:5, :2] = limit
    with pytest.raises(InputError, match="less is more"):
        read_mirna(put(tmp_path / "a.tsv", cycles))


def test_cycles_of_genes_are_asked(tmp_path):
    frame = (36 - np.log2(COUNTS)).set_axis(["TP53", "ERBB2", "MYC", "EGFR", "KRAS", "BRCA1", "BRCA2", "PTEN", "RB1",
                                             "ATM", "CDK4", "ESR1"])  # fmt: skip
    with pytest.raises(InputError, match="less is more"):
        read_bulk(put(tmp_path / "a.tsv", frame))
    assert info(read_bulk(put(tmp_path / "b.tsv", np.log2(COUNTS + 0.5).set_axis(frame.index)))).unit != "counts"


@pytest.mark.parametrize("join", ["{sample}-{kind}", "{kind}_{sample}", "{sample} {kind}"])
def test_umis_come_before_reads(tmp_path, join):
    umis = COUNTS.rename(columns=lambda name: join.format(sample=name, kind="UMIs"))
    reads = (COUNTS * 3).rename(columns=lambda name: join.format(sample=name, kind="READs"))
    frame = pd.concat([umis, reads], axis=1)
    cohort = read_mirna(put(tmp_path / "a.csv", frame.reset_index(names="miRNA"), index=False))
    assert same(cohort)
    assert any("'umis' was taken, not reads" in said for said in said_aloud(cohort))


RPM = COUNTS / COUNTS.sum() * 1e6


@pytest.mark.parametrize("header", ["two rows", "prefix"])
def test_rpm_is_taken_from_tables_of_three_columns_a_patient(tmp_path, header):
    kinds = ("read_count", "reads_per_million_miRNA_mapped", "cross-mapped")
    lines = []
    for name in STRANDS:
        fields = [field for s in COUNTS for field in (f"{COUNTS.loc[name, s]}", f"{RPM.loc[name, s]:.6f}", "N")]
        lines.append("\t".join([name, *fields]))
    if header == "two rows":
        head = [
            "\t".join(["Hybridization REF", *[s for s in COUNTS for _ in kinds]]),
            "\t".join(["miRNA_ID", *(kinds * 4)]),
        ]
    else:
        head = ["\t".join(["miRNA_ID", *[f"{kind}_{s}" for s in COUNTS for kind in kinds]])]
    (tmp_path / "a.txt").write_text("\n".join([*head, *lines]) + "\n")
    cohort = read_mirna(tmp_path / "a.txt")
    assert same(cohort, RPM, "CPM")
    np.testing.assert_allclose(cohort.layers["counts"], COUNTS.T)
    assert cohort.var.columns.isin(["source_id", "accession", "kind"]).all()


def test_srnabench_is_one_sample(tmp_path):
    frame = pd.DataFrame({"name": STRANDS, "unique reads": 3, "read count": COUNTS["P1"].to_numpy(),
                          "read count (mult. map. adj.)": 1.5, "RPM (lib)": RPM["P1"].to_numpy(), "RPM (total)": 2.5,
                          "chromosomeString": "chr1"})  # fmt: skip
    cohort = read_mirna(put(tmp_path / "P1.grouped", frame, index=False))
    assert same(cohort, RPM[["P1"]], "CPM")
    np.testing.assert_allclose(cohort.layers["counts"][0], COUNTS["P1"])


def test_isomirs_of_mirtop_are_added(tmp_path):
    rows = [
        {"UID": f"iso-22-{2 * i + j}", "Read": "TGAG", "miRNA": name, "Variant": "iso_3p:+1", "iso_5p": 0, "iso_3p": j,
         "iso_add3p": 0, "iso_snv": 0, "s1": COUNTS.loc[name, "P1"], "s2": COUNTS.loc[name, "P2"] + j}
        for i, name in enumerate(STRANDS) for j in (0, 1)
    ]  # fmt: skip
    cohort = read_mirna(put(tmp_path / "a.tsv", pd.DataFrame(rows), index=False))
    right = pd.DataFrame({"s1": 2 * COUNTS["P1"], "s2": 2 * COUNTS["P2"] + 1})
    assert same(cohort, right)


@pytest.mark.parametrize("numbered", [True, False])
def test_equal_rows_of_a_strand_count_once_and_others_are_asked(tmp_path, numbered):
    frame = pd.concat([COUNTS.iloc[:1], COUNTS.iloc[:1], COUNTS]).reset_index(names="miRNA")
    cohort = read_mirna(put(tmp_path / "a.csv", frame, index=numbered))
    assert same(cohort)
    assert any("2 further rows repeat another" in said for said in said_aloud(cohort))
    frame.loc[len(frame)] = ["hsa-miR-24-3p", 1, 2, 3, 4]
    with pytest.raises(InputError, match=r"several equal rows and 1 in rows that differ \(hsa-miR-24-3p\)"):
        read_mirna(put(tmp_path / "b.csv", frame, index=numbered))


@pytest.mark.parametrize("names", [["hsa-miR-21-5p", "hsa-miR-21-5p"], ["hsa-miR-21", "MIMAT0000076"]])
def test_a_strand_in_two_rows_is_added_for_counts_and_averaged_for_logs(tmp_path, names):
    frame = pd.concat([COUNTS.iloc[1:], COUNTS.iloc[:2].set_axis(names)])
    cohort = read_mirna(put(tmp_path / "a.tsv", frame))
    assert cohort[:, "hsa-miR-21-5p"].X.ravel().tolist() == COUNTS.iloc[:2].sum().tolist()
    assert info(cohort).unit == "counts"
    assert any("which were added (hsa-miR-21-5p)" in said for said in said_aloud(cohort))
    logs = read_mirna(put(tmp_path / "b.tsv", np.log2(frame + 0.7)), unit="log2 intensity")
    np.testing.assert_allclose(logs[:, "hsa-miR-21-5p"].X.ravel(), np.log2(COUNTS.iloc[:2] + 0.7).mean(), rtol=1e-5)
    assert any("which were averaged" in said for said in said_aloud(logs))


@pytest.mark.parametrize("species", ["mmu", "rno", "dre", "cfa"])
def test_another_species_is_refused_and_a_graft_keeps_its_human_part(tmp_path, species):
    other = COUNTS.set_axis([name.replace("hsa", species) for name in STRANDS])
    with pytest.raises(InputError, match="12 of 12 microRNAs are of another species"):
        read_mirna(put(tmp_path / "a.tsv", other))
    cohort = read_mirna(put(tmp_path / "b.tsv", pd.concat([COUNTS, other * 3])))
    assert same(cohort)
    np.testing.assert_allclose(cohort.obs["other_species_share"], 0.75)


def test_under_half_known_is_refused_with_examples(tmp_path):
    frame = COUNTS.set_axis([*STRANDS[:5], *[f"hsa-miR-9{i}999-5p" for i in range(7)]])
    with pytest.raises(InputError, match=r"7 of 12 identifiers are no human microRNAs \(hsa-miR-90999-5p"):
        read_mirna(put(tmp_path / "a.tsv", frame))


@pytest.mark.parametrize("column", ["Probe", "ControlType", "Row", "Col", "ProbeUID", "FeatureNum"])
def test_columns_of_an_array_are_no_samples(tmp_path, column):
    frame = COUNTS.copy()
    frame.insert(0, column, 0 if column == "ControlType" else range(12))
    assert same(read_mirna(put(tmp_path / "a.tsv", frame)))


@pytest.mark.parametrize("unit", ["log2(CPM + 1)", "log2(counts + 1)"])
def test_counts_that_are_said_to_be_logs_are_asked(tmp_path, unit):
    with pytest.raises(InputError, match="too large for"):
        read_mirna(put(tmp_path / "a.tsv", COUNTS), unit=unit)
    with pytest.raises(InputError, match="below zero"):
        read_mirna(put(tmp_path / "b.tsv", -RPM), unit="CPM")


def test_the_shell_has_a_door_for_micrornas(tmp_path):
    from typer.testing import CliRunner

    from omics_rx.cli import app

    frame = pd.concat([COUNTS] * 8, axis=1).set_axis([f"P{i}" for i in range(1, 33)], axis=1)
    told = CliRunner().invoke(app, ["check", str(put(tmp_path / "a.csv", frame))])
    assert told.exit_code == 0, told.output
    assert "32 samples x 12" in told.output


def test_a_signature_says_which_strands_precursors_cannot_tell(caplog):
    from omics_rx.signatures.signature import RiskSignature

    names = ("ESR1", "AURKA", "hsa-miR-21-5p", "hsa-let-7a-5p", "hsa-miR-24-3p")
    weights = dict(zip(names, (0.5, -0.4, 0.2, 0.2, 0.2), strict=True))
    made = RiskSignature("both", names, weights, np.eye(5), None, {"high": 0.0}, min_coverage=0.3)
    values = RANDOM.normal(8, 2, (30, 6))
    there = ["ESR1", "AURKA", "hsa-mir-21", "hsa-let-7a-1", "hsa-let-7a-2", "hsa-mir-24-1"]
    cohort = pd.DataFrame(values, [f"P{i}" for i in range(30)], there)
    with caplog.at_level("INFO", "omics_rx"):
        table = made.score(cohort)
    assert (table["gene_coverage"] < 0.7).all()
    assert "3 mature strands cannot be told from precursors" in caplog.text
    assert "hsa-miR-21-5p of" in caplog.text


def test_clinical_columns_beside_micrornas_are_none(tmp_path):
    names = ["hsa-miR-21-5p", "hsa-let-7a-5p", "hsa-miR-155-5p", "hsa-miR-10b-5p", "hsa-miR-200c-3p", "hsa-miR-16-5p"]
    table = pd.DataFrame(np.random.default_rng(0).poisson(500, (8, 6)), [f"P{i}" for i in range(8)], names)
    beside = {"age": range(50, 58), "OS_time": range(100, 900, 100), "OS": [1, 0] * 4}
    table.assign(**beside).to_csv(tmp_path / "table.csv")
    cohort = read_mirna(tmp_path / "table.csv")
    assert sorted(cohort.var_names) == sorted(names)
    assert {"age", "OS_time", "OS"} <= set(cohort.obs)
