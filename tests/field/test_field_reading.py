"""Expression files as people bring them: what is no gene, no sample or no header is told, and said aloud."""

import logging
import os
import threading

import numpy as np
import pandas as pd
import pytest

from omics_rx import harmonize
from omics_rx.core.cohort import endpoint, info
from omics_rx.core.errors import InputError
from omics_rx.harmonize.symbols import gene_index
from omics_rx.harmonize.units import convert
from omics_rx.io import notes, read_bulk, read_table, said_aloud
from omics_rx.workflow.check import check

RANDOM = np.random.default_rng(5)
GENES = sorted(name for name in gene_index().current if name.isalnum() and len(name) < 8)[:4000:20]
ENSEMBL = [next(iter(gene_index().by_ensembl)), *list(gene_index().by_ensembl)[1:200]]
COUNTS = pd.DataFrame(
    RANDOM.negative_binomial(1, 0.02, (200, 6)) + 1, index=GENES, columns=[f"S{i}" for i in range(6)]
)  # fmt: skip


def put(file, content):
    if isinstance(content, pd.DataFrame):
        content.to_csv(file, sep="\t" if file.suffix in {".tsv", ".txt", ".results", ".tab"} else ",", index=False)
    else:
        file.write_text(content)
    return file


def named(frame, name="gene"):
    return frame.reset_index(names=name)


def same(cohort, frame=COUNTS):
    assert cohort.obs_names.tolist() == frame.columns.tolist()
    assert cohort.var_names.tolist() == frame.index.tolist()
    np.testing.assert_allclose(np.asarray(cohort.X), frame.T.to_numpy(), rtol=1e-6)
    return True


@pytest.mark.parametrize(
    "rows",
    [["__no_feature", "__ambiguous", "__too_low_aQual", "__not_aligned", "__alignment_not_unique"],
     ["N_unmapped", "N_multimapping", "N_noFeature", "N_ambiguous"], ["no_feature", "ambiguous", "not_aligned"],
     ["ERCC-00002", "ERCC-00003", "ERCC-00171"], ["gSpikein_ERCC-00002"], ["Total"], ["*"], ["total_counts"],
     ["POS_A(128)", "NEG_A(0)"], ["POS_B", "NEG_C"], ["Unassigned_NoFeatures", "Unassigned_Ambiguity"], ["SIRV101"],
     ["phiX174"]],
    ids=lambda rows: rows[0],
)  # fmt: skip
@pytest.mark.parametrize("in_rows", [True, False])
def test_summaries_and_spike_ins_are_no_genes(tmp_path, rows, in_rows):
    extra = pd.DataFrame(50_000, index=rows, columns=COUNTS.columns)
    frame = pd.concat([COUNTS, extra])
    cohort = read_bulk(put(tmp_path / "a.tsv", named(frame if in_rows else frame.T)))
    assert same(cohort)
    assert any(f"{len(rows)} " in said and "were left out" in said for said in said_aloud(cohort))
    logs = convert(cohort, "log2(CPM + 1)")
    np.testing.assert_allclose(np.exp2(logs.X.astype(float)).sum(axis=1) - 200, 1e6, rtol=1e-4)


@pytest.mark.parametrize("name", ["Total", "mean", "Average", "row_sum", "sd", "Median expression", "max", "sum"])
def test_a_column_that_sums_the_samples_up_is_no_sample(tmp_path, name):
    frame = COUNTS.assign(**{name: COUNTS.mean(axis=1)})
    cohort = read_bulk(put(tmp_path / "a.tsv", named(frame)))
    assert same(cohort)
    assert any("sum the samples up" in said for said in said_aloud(cohort))


def test_a_row_of_clinical_text_is_named(tmp_path):
    rows = pd.concat([pd.DataFrame([["F", "M"] * 3], index=["gender"], columns=COUNTS.columns), COUNTS.astype(str)])
    with pytest.raises(InputError, match=r"row 'gender'\): a clinical row among the genes: move it"):
        read_bulk(put(tmp_path / "a.tsv", named(rows)))


def test_genes_that_are_spelled_nearly_so_stay(tmp_path):
    names = ["ERCC1", "ERCC2", "ERCC6L", "POSTN", "TOTAL1", "NEGR1", "SUMO1", "TP53", "ERBB2", "MYC"]
    frame = COUNTS.iloc[: len(names)].set_axis(names)
    assert same(read_bulk(put(tmp_path / "a.tsv", named(frame))), frame)


@pytest.mark.parametrize("mark", ["\t", ","])
@pytest.mark.parametrize("ids", [GENES, ENSEMBL, [f"{name}.7" for name in ENSEMBL]])
def test_a_file_of_htseq_without_a_header(tmp_path, mark, ids):
    lines = [f"{name}{mark}{count}" for name, count in zip(ids, COUNTS["S0"], strict=True)]
    file = tmp_path / "S0.counts.txt"
    file.write_text("\n".join([*lines, f"__no_feature{mark}900"]) + "\n")
    cohort = read_bulk(file)
    assert (cohort.obs_names.tolist(), cohort.var_names.tolist()) == (["S0"], ids)
    assert cohort.X[0].tolist() == COUNTS["S0"].tolist()


@pytest.mark.parametrize(
    ("names", "between"),
    [(ENSEMBL, "\tname"), ([f"probe_{i}" for i in range(200)], ""), ([str(i) for i in range(7000, 7200)], "")],
)
def test_other_files_of_one_sample_without_a_header(tmp_path, names, between):
    text = "".join(f"{name}{between}\t{n}\n" for name, n in zip(names, COUNTS["S0"], strict=True))
    cohort = read_bulk(put(tmp_path / "S0.txt", text))
    assert (cohort.obs_names.tolist(), cohort.n_vars) == (["S0"], 200)
    assert any("has no header" in said for said in said_aloud(cohort))


def test_star_reads_per_gene_without_a_header(tmp_path):
    head = "N_unmapped\t9\t9\t9\nN_multimapping\t8\t8\t8\nN_noFeature\t7\t90\t8\nN_ambiguous\t6\t2\t2\n"
    body = "".join(f"{name}\t{n}\t{n // 2}\t{n - n // 2}\n" for name, n in zip(ENSEMBL, COUNTS["S0"], strict=True))
    cohort = read_bulk(put(tmp_path / "S0.ReadsPerGene.out.tab", head + body))
    assert (cohort.obs_names.tolist(), cohort.n_vars, info(cohort).unit) == (["S0"], 200, "counts")
    assert cohort.X[0].tolist() == COUNTS["S0"].tolist()


def test_several_samples_without_a_header_are_asked(tmp_path):
    file = tmp_path / "a.tsv"
    COUNTS.to_csv(file, sep="\t", header=False)
    with pytest.raises(InputError, match="no header: its first line is that of"):
        read_bulk(file)


def test_numbered_samples_are_a_header(tmp_path):
    frame = COUNTS.set_axis([str(i) for i in range(1, 7)], axis=1)
    assert same(read_bulk(put(tmp_path / "a.tsv", named(frame, ""))), frame)


N = COUNTS["S0"].to_numpy().astype(float)
TPM = N / N.sum() * 1e6
ONE_SAMPLE = {
    "rsem": {"gene_id": ENSEMBL, "transcript_id(s)": "ENST1", "length": 1000.0, "effective_length": 800.0,
             "expected_count": N, "TPM": TPM, "FPKM": TPM / 2},
    "stringtie": {"Gene ID": ENSEMBL, "Gene Name": GENES, "Reference": "chr1", "Strand": "+", "Start": 5, "End": 9,
                  "Coverage": 1.5, "FPKM": TPM / 2, "TPM": TPM},
    "salmon": {"Name": ENSEMBL, "Length": 1000, "EffectiveLength": 800.0, "TPM": TPM, "NumReads": N},
    "kallisto": {"target_id": ENSEMBL, "length": 1000, "eff_length": 800.0, "est_counts": N, "tpm": TPM},
    "gdc": {"gene_id": ENSEMBL, "gene_name": GENES, "gene_type": "protein_coding", "unstranded": N, "stranded_first": N,
            "stranded_second": N, "tpm_unstranded": TPM, "fpkm_unstranded": TPM / 2, "fpkm_uq_unstranded": TPM / 3},
    "tpm alone": {"gene_id": ENSEMBL, "TPM": TPM},
    "with length": {"GeneID": ENSEMBL, "Length": 1000, "Counts": N, "TPM": TPM},
}  # fmt: skip


@pytest.mark.parametrize("tool", ONE_SAMPLE)
def test_a_table_of_one_sample_is_one_sample(tmp_path, tool):
    cohort = read_bulk(put(tmp_path / "S1.genes.results", pd.DataFrame(ONE_SAMPLE[tool])))
    assert (cohort.obs_names.tolist(), info(cohort).unit) == (["S1"], "TPM")
    named_genes = harmonize.genes(cohort, min_mapped=0)
    assert named_genes.n_obs == 1
    np.testing.assert_allclose(cohort.X[0], TPM, rtol=1e-6)
    if "alone" not in tool and tool != "stringtie":
        np.testing.assert_allclose(cohort.layers["counts"][0], N)
    assert any("one sample, named 'S1' by its file" in said for said in said_aloud(cohort))


def test_cufflinks_is_one_sample_in_fpkm(tmp_path):
    frame = pd.DataFrame({"tracking_id": ENSEMBL, "class_code": "-", "nearest_ref_id": "-", "gene_id": ENSEMBL,
                          "gene_short_name": GENES, "tss_id": "-", "locus": "chr1:1-2", "length": "-", "coverage": "-",
                          "FPKM": TPM, "FPKM_conf_lo": 0.0, "FPKM_conf_hi": 9.0, "FPKM_status": "OK"})  # fmt: skip
    cohort = read_bulk(put(tmp_path / "T2.tsv", frame))
    assert (cohort.obs_names.tolist(), info(cohort).unit, cohort.n_vars) == (["T2"], "FPKM", 200)


@pytest.mark.parametrize("join", ["{kind}_{sample}", "{sample}_{kind}", "{kind}.{sample}", "{sample} {kind}"])
def test_several_kinds_of_values_for_each_sample(tmp_path, join):
    columns = {join.format(sample=s, kind=k): COUNTS[s] * by for s in COUNTS for k, by in (("counts", 1), ("TPM", 2))}
    cohort = read_bulk(put(tmp_path / "a.tsv", named(pd.DataFrame(columns))))
    assert same(cohort, COUNTS * 2)
    assert info(cohort).unit == "TPM"
    np.testing.assert_allclose(cohort.layers["counts"], COUNTS.T)


@pytest.mark.parametrize(
    ("kinds", "unit", "factor"),
    [(["raw_count", "scaled_estimate"], "TPM", 1e6), (["normalized_count"], None, 1),
     (["read_count", "RPKM"], "FPKM", 1)],
)  # fmt: skip
def test_two_header_rows_of_samples_and_kinds(tmp_path, kinds, unit, factor):
    first = "\t".join(["Hybridization REF", *[s for s in COUNTS for _ in kinds]])
    second = "\t".join(["gene_id", *(kinds * 6)])
    rows = [
        "\t".join([gene, *[f"{COUNTS.loc[gene, s] * (i + 1)}.5" for s in COUNTS for i in range(len(kinds))]])
        for gene in GENES
    ]
    cohort = read_bulk(put(tmp_path / "a.txt", "\n".join([first, second, *rows]) + "\n"))
    expected = (COUNTS * len(kinds) + 0.5) * factor
    assert same(cohort, expected)
    assert unit is None or info(cohort).unit == unit


LONG = COUNTS.rename_axis("gene").reset_index().melt("gene", var_name="sample", value_name="value")
LONG = LONG.sort_values(["gene", "sample"], ignore_index=True)


@pytest.mark.parametrize(
    ("columns", "rename"),
    [(["gene", "sample", "value"], {}), (["sample", "gene", "value"], {}),
     (["gene", "sample", "value"], {"sample": "Cell line", "value": "nTPM"}), (["value", "gene", "sample"], {}),
     (["sample", "gene", "value"], {"sample": "Tissue", "value": "count"}),
     (["gene", "sample", "value"], {"gene": "Symbol", "sample": "patient_id", "value": "log2_expression"}),
     (["gene", "sample", "value"], {"sample": "cell", "value": "count"})],
)  # fmt: skip
def test_a_row_for_each_gene_in_each_sample_is_turned_wide(tmp_path, columns, rename):
    frame = LONG[columns].rename(columns=rename)
    if columns[0] == "value":
        frame.insert(0, "", range(1, len(frame) + 1))
    cohort = read_bulk(put(tmp_path / "a.csv", frame))
    assert same(cohort)
    assert any("a row for each gene in each" in said for said in said_aloud(cohort))


def test_the_human_protein_atlas(tmp_path):
    frame = pd.DataFrame({"Gene": np.repeat(ENSEMBL, 6), "Gene name": np.repeat(GENES, 6),
                          "Cell line": list(COUNTS.columns) * 200, "TPM": COUNTS.to_numpy().ravel(),
                          "pTPM": 1.1 * COUNTS.to_numpy().ravel(),
                          "nTPM": 0.9 * COUNTS.to_numpy().ravel()})  # fmt: skip
    cohort = read_bulk(put(tmp_path / "rna_celline.tsv", frame))
    assert same(cohort, COUNTS.set_axis(ENSEMBL))
    assert (info(cohort).unit, cohort.var["Gene name"].tolist()) == ("TPM", GENES)


def test_pairs_that_a_long_table_lacks_are_missing_or_no_read(tmp_path):
    cohort = read_bulk(put(tmp_path / "a.csv", LONG.drop(index=[3, 700])))
    assert cohort["S3", GENES[0]].X.item() == 0
    assert any("2 pairs of gene and sample are not listed: taken as 0" in said for said in notes(cohort))
    logs = LONG.assign(value=np.log2(LONG["value"] + 0.5)).drop(index=[3, 700])
    assert np.isnan(read_bulk(put(tmp_path / "b.csv", logs))["S3", GENES[0]].X.item())


def test_long_tables_that_leave_a_choice_are_asked(tmp_path):
    twice = pd.concat([LONG, LONG.iloc[[5]]])
    with pytest.raises(InputError, match="several for one of both"):
        read_bulk(put(tmp_path / "b.csv", twice))
    both = LONG.assign(run="")
    both["run"] = [f"R{(int(s[1]) + (i // 6) % 3) % 6}" for i, s in enumerate(both["sample"])]
    with pytest.raises(InputError, match="2 columns can name the samples"):
        read_bulk(put(tmp_path / "c.csv", both))


@pytest.mark.parametrize(
    "column",
    ["entrezgene_id", "GeneID", "EntrezID", "Entrez_Gene_Id", "NCBI gene ID", "width", "Length", "start_position",
     "end_position", "baseMean", "pvalue", "padj", "log2FoldChange", "P.Value", "adj.P.Val", "gene_length",
     "percentage_gene_gc_content", "exon_count", "Start", "Chromosome", "strand", "ControlType", "hgnc_id"],
)  # fmt: skip
@pytest.mark.parametrize("suffix", [".tsv", ".parquet"])
def test_columns_of_numbers_beside_the_values_are_no_samples(tmp_path, column, suffix):
    frame = named(COUNTS)
    frame.insert(1, column, RANDOM.integers(1000, 90000, 200))
    file = tmp_path / f"a{suffix}"
    frame.to_parquet(file) if suffix == ".parquet" else put(file, frame)
    cohort = read_bulk(file)
    assert same(cohort)
    assert column in cohort.var


def test_a_table_of_deseq2_keeps_its_samples_alone(tmp_path):
    frame = named(COUNTS).assign(baseMean=1.5, log2FoldChange=0.2, lfcSE=0.1, stat=2.0, pvalue=0.04, padj=0.2)
    assert same(read_bulk(put(tmp_path / "a.tsv", frame)))
    lone = COUNTS.rename(columns={"S0": "B", "S1": "t", "S2": "stat"})
    assert same(read_bulk(put(tmp_path / "b.tsv", named(lone))), lone)


@pytest.mark.parametrize("in_rows", [True, False])
def test_entrez_ids_that_were_read_as_decimals(tmp_path, in_rows):
    ids = [name for name in gene_index().by_entrez if len(gene_index().by_entrez[name]) == 1][:200]
    frame = COUNTS.set_axis([f"{name}.0" for name in ids])
    cohort = read_bulk(put(tmp_path / "a.tsv", named(frame if in_rows else frame.T)))
    assert same(cohort, COUNTS.set_axis(ids))
    assert (harmonize.changes(harmonize.genes(cohort))["status"] == "renamed").mean() > 0.9
    labelled = harmonize.genes(COUNTS.T.set_axis([float(name) for name in ids], axis=1))
    assert (harmonize.changes(labelled)["status"] == "renamed").mean() > 0.9
    beside = named(COUNTS.set_axis([f"{name}_at" for name in ids]))
    beside.insert(1, "ENTREZID", [float(name) for name in ids])
    assert read_bulk(put(tmp_path / "b.tsv", beside)).var_names.tolist() == ids


@pytest.mark.parametrize(
    "patients", [[f"P{i}" for i in range(1, 41)], [f"T{i}" for i in range(40)], ["A1", "B2", "C3"]]
)
def test_the_longer_axis_is_genes_where_only_patients_sound_like_aliases(tmp_path, patients):
    frame = pd.DataFrame(RANDOM.normal(8, 2, (300, len(patients))), [f"probe_{i}" for i in range(300)], patients)
    cohort = read_bulk(put(tmp_path / "a.csv", named(frame)))
    assert cohort.shape == (len(patients), 300)
    assert "no identifier is known in the names of rows or columns" in notes(cohort)[0]


FLAT = pd.DataFrame(RANDOM.normal(8, 2, (40, 60)).round(3), [f"PT{i}" for i in range(40)], GENES[:60])
DAYS = RANDOM.integers(200, 3000, 40)
SEEN = RANDOM.integers(0, 2, 40)


@pytest.mark.parametrize(
    "columns",
    [{"OS.time": DAYS, "OS": SEEN}, {"t.rfs": DAYS, "e.rfs": SEEN}, {"DSS.time": DAYS, "DSS": SEEN},
     {"time": DAYS, "status": SEEN}, {"futime": DAYS, "fustat": SEEN}, {"Age": DAYS % 60, "Grade": SEEN + 1},
     {"T": SEEN + 1, "N": SEEN}, {"NPI": DAYS / 900}, {"ID": range(1, 41)}, {"ER": SEEN, "HER2": 1 - SEEN},
     {"OverallSurvivalDays": DAYS, "OverallSurvivalEvent": SEEN}, {"tumor_stage": SEEN + 2}, {"PGR": SEEN},
     {"EFS.time": DAYS, "EFS": SEEN}, {"batch": SEEN}, {"unheard_of": SEEN}, {"pCR": SEEN},
     {"TTP": DAYS, "RACE": SEEN}],
    ids=" ".join,
)  # fmt: skip
@pytest.mark.parametrize("across", [True, False])
def test_outcomes_and_clinical_columns_are_no_genes(tmp_path, columns, across, caplog):
    frame = pd.concat([pd.DataFrame(columns, index=FLAT.index), FLAT], axis=1)
    file = put(tmp_path / "a.csv", named(frame if across else frame.T, "ID" if "ID" not in columns else "sample"))
    with caplog.at_level(logging.WARNING, "omics_rx"):
        cohort = read_bulk(file)
    assert cohort.var_names.tolist() == FLAT.columns.tolist()
    for name, values in columns.items():
        np.testing.assert_allclose(cohort.obs[name].astype(float), list(values), rtol=1e-5)
    assert "are outcomes or clinical and no genes" in caplog.text
    assert any("are outcomes or clinical and no genes" in said for said in said_aloud(cohort))


def test_follow_up_that_stands_among_the_genes_is_read_or_said(tmp_path):
    frame = pd.concat([pd.DataFrame({"OS.time": DAYS, "OS": SEEN}, index=FLAT.index), FLAT], axis=1)
    read = read_bulk(put(tmp_path / "a.csv", named(frame)))
    assert endpoint(read).n_events == SEEN.sum()
    assert "2 columns among the genes are outcomes" in check(read).facts["reading"]
    months = frame.assign(**{"OS.time": (DAYS / 30).round()})
    cohort = read_bulk(put(tmp_path / "b.csv", named(months)))
    assert "time" not in cohort.obs
    assert any("were not read as follow-up" in said and "time_unit" in said for said in said_aloud(cohort))
    assert endpoint(read_bulk(tmp_path / "b.csv", time_unit="months")).time.max() == (DAYS / 30).round().max()


@pytest.mark.parametrize("name", ["T", "ER", "HER2", "PGR", "ID", "EFS", "TTR", "PSA"])
def test_a_gene_by_an_old_name_stays_one_where_it_is_measured(tmp_path, name):
    frame = FLAT.rename(columns={GENES[0]: name})
    assert same(read_bulk(put(tmp_path / "a.csv", named(frame))), frame.T)


def test_depmap_keeps_the_default_profile_of_a_model(tmp_path):
    head = ",SequencingID,ModelID,IsDefaultEntryForModel,ModelConditionID,IsDefaultEntryForMC"
    genes = ",".join(f"{name} ({i})" for i, name in enumerate(GENES[:20], 1))
    rows = [f"{i},CDS-{i},ACH-00000{m},{d},MC-{i},Yes," + ",".join([str(v)] * 20)
            for i, (m, d, v) in enumerate([(1, "Yes", 5.14), (1, "No", 3.34), (2, "Yes", 4.5), (3, "Yes", 6.5)])
            ]  # fmt: skip
    cohort = read_bulk(put(tmp_path / "Omics.csv", "\n".join([f"{head},{genes}", *rows]) + "\n"))
    assert cohort.obs_names.tolist() == ["ACH-000001", "ACH-000002", "ACH-000003"]
    assert cohort.X[0, 0] == np.float32(5.14)
    assert any("1 of 4 profiles are not their model's default" in said for said in said_aloud(cohort))


def test_an_empty_series_matrix_says_where_the_data_are(tmp_path):
    text = '!Sample_title\t"a"\t"b"\n!series_matrix_table_begin\n"ID_REF"\t"GSM1"\t"GSM2"\n!series_matrix_table_end\n'
    with pytest.raises(InputError, match="supplementary files"):
        read_bulk(put(tmp_path / "GSE1_series_matrix.txt", text))


def test_an_h5ad_without_x_names_its_layers(tmp_path):
    import anndata

    cells = anndata.AnnData(obs=pd.DataFrame(index=["a", "b"]), var=pd.DataFrame(index=GENES[:3]))
    cells.layers["counts"] = np.ones((2, 3))
    cells.write_h5ad(tmp_path / "a.h5ad")
    with pytest.raises(InputError, match="has no X, its layers are counts"):
        read_bulk(tmp_path / "a.h5ad")


def test_microrna_tables_are_sent_to_their_reader(tmp_path):
    frame = pd.DataFrame(5.0, [f"hsa-miR-{i}-5p" for i in range(800)], [f"P{i}" for i in range(1, 41)])
    for one in (frame, frame.T):
        with pytest.raises(InputError, match=r"names are microRNAs .* use read_mirna"):
            read_bulk(put(tmp_path / "a.csv", named(one)))


def fifo(tmp_path, content):
    """A named pipe that is written once."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    def write():
        with pipe.open("wb") as handle:
            handle.write(content)

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    return pipe, writer


def test_a_pipe_is_read_once_and_whole(tmp_path):
    content = named(COUNTS).to_csv(index=False).encode()
    pipe, writer = fifo(tmp_path, content)
    assert same(read_bulk(pipe))
    writer.join(5)


def test_a_pipe_of_gene_sets_and_of_clinical_tables(tmp_path):
    from omics_rx.io import read_clinical, read_gene_sets

    lines = "".join(f"SET_{i}\tna\t" + "\t".join(GENES[:40]) + "\n" for i in range(2000))
    pipe, writer = fifo(tmp_path, lines.encode())
    assert len(read_gene_sets(pipe)) == 2000
    writer.join(5)
    (tmp_path / "pipe").unlink()
    pipe, writer = fifo(tmp_path, b"id,time_months,event\na,12,1\nb,13,0\n")
    assert read_clinical(pipe)["time"].tolist() == [12, 13]
    writer.join(5)


def test_a_descriptor_is_a_path(tmp_path):
    read_end, write_end = os.pipe()
    os.write(write_end, b"id,s1,s2\nTP53,1.5,2\nERBB2,3,4\n")
    os.close(write_end)
    assert read_table(f"/dev/fd/{read_end}").rows == ["TP53", "ERBB2"]
    os.close(read_end)


@pytest.mark.parametrize("mark", [".", "'", "\u202f"])
def test_thousands_separators_are_asked(mark, tmp_path):
    counts = pd.DataFrame(np.random.default_rng(0).poisson(2000, (20, 6)) // [1, 1, 4, 1, 40, 1],
                          GENES[:20], [f"S{i}" for i in range(6)])  # fmt: skip
    table = counts.map(lambda value: f"{value:,}".replace(",", mark))
    table.to_csv(tmp_path / "counts.csv", sep=";")
    with pytest.raises(InputError, match="thousands"):
        read_bulk(tmp_path / "counts.csv")


@pytest.mark.parametrize("write", [lambda value: f"{value:.3f}", lambda value: str(round(value, 3)), str])
def test_decimals_of_any_length_are_no_thousands(write, tmp_path):
    logs = pd.DataFrame(np.random.default_rng(0).uniform(3, 14, (40, 6)), GENES[:40], [f"S{i}" for i in range(6)])
    logs.map(write).to_csv(tmp_path / "logs.tsv", sep="\t")
    read = read_bulk(tmp_path / "logs.tsv")
    np.testing.assert_allclose(np.asarray(read.X), logs.T.to_numpy(), atol=6e-4)
