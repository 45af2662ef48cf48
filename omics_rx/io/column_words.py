"""What the name of a column says that it holds: a kind of value, a number beside the values, or something clinical."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from omics_rx.harmonize.symbols import gene_index

ENTREZ = frozenset(
    {"entrezgeneid", "entrezgene", "entrezid", "entrez", "ncbigene", "ncbigeneid", "ncbiid", "locuslinkid",
     "entrezgeneids"}
)  # fmt: skip
_IDS = ENTREZ | {"geneid", "hgncid", "geneversion", "transcriptversion", "ensemblversion"}
_PLACES = frozenset(
    {"start", "end", "startposition", "endposition", "genestart", "geneend", "startbp", "endbp", "genestartbp",
     "geneendbp", "txstart", "txend", "cdsstart", "cdsend", "chr", "chrom", "chromosome", "chromosomename",
     "chromosomescaffoldname", "seqnames", "seqname", "strand", "tss", "transcriptionstartsite", "position"}
)  # fmt: skip
_SIZES = frozenset(
    {"width", "length", "genelength", "exonlength", "exoniclength", "transcriptlength", "genomiclength",
     "transcriptlengthincludingutrsandcds", "effectivelength", "efflength", "medlength", "maxlength", "lengthbp", "gc",
     "gccontent", "percentgc", "percentagegenegccontent", "genegccontent", "exoncount", "numexons", "nexons", "nexon",
     "transcriptcount", "numprobes", "nprobes"}
)  # fmt: skip
_PROBES = frozenset(
    {"probe", "probes", "probeuid", "controltype", "row", "col", "featurenum", "probenumber", "arrayaddressid",
     "subgrid", "addressid"}
)  # fmt: skip
_TESTS = frozenset(
    {"basemean", "log2foldchange", "foldchange", "lfcse", "pvalue", "pval", "padj", "logfc", "aveexpr", "adjpval",
     "adjpvalue", "qvalue", "qval", "fdr", "logcpm", "log2fc", "pvalueadj", "adjustedpvalue", "pvaladj"}
)  # fmt: skip
_TESTS_BRIEF = frozenset({"stat", "t", "b", "f", "lr", "z"})  # of a test only where others of it stand beside
_ISOMIR = re.compile(r"^iso_(?:5p|3p|add|add3p|add5p|snv|snp)\w*$", re.IGNORECASE)


def plain(name: object) -> str:
    """Name in small letters without anything but letters and digits."""
    return re.sub(r"[^a-z0-9]", "", str(name).lower())


def beside_values(header: Sequence[str]) -> list[int]:
    """Positions of columns of numbers that are no measurement: ids, places, sizes, results of a test.

    The first column is that of the names. A column that is called as a gene is one.
    """
    keys = [plain(name) for name in header]
    known = _IDS | _PLACES | _SIZES | _PROBES | _TESTS
    found = {i for i, key in enumerate(keys) if i and (key in known or _ISOMIR.match(header[i]))}
    if sum(key in _TESTS for key in keys) >= 2:
        found |= {i for i, key in enumerate(keys) if i and key in _TESTS_BRIEF}
    return sorted(i for i in found if header[i] not in gene_index().current)


@dataclass(frozen=True)
class Kind:
    """A kind of value that a quantifier writes beside others of the same sample.

    Attributes
    ----------
    unit
        Unit where it is the one to take; None: never taken.
    rank
        Which is taken, the smallest first.
    factor
        What makes it its unit.
    """

    unit: str | None
    rank: int = 99
    factor: float = 1.0


_ASIDE = Kind(None)
_KINDS: dict[str, Kind] = {
    "tpm": Kind("TPM", 0), "tpms": Kind("TPM", 0), "tpmunstranded": Kind("TPM", 0),
    "scaledestimate": Kind("TPM", 1, 1e6),
    "fpkm": Kind("FPKM", 2), "rpkm": Kind("FPKM", 2), "fpkmunstranded": Kind("FPKM", 2),
    "normalizedcount": Kind("unknown", 3),
    "readspermillionmirnamapped": Kind("CPM", 4), "readspermillion": Kind("CPM", 4), "rpm": Kind("CPM", 4),
    "rpmlib": Kind("CPM", 4), "cpm": Kind("CPM", 4), "rpmm": Kind("CPM", 4), "rpmtotal": Kind("CPM", 5),
    "umis": Kind("counts", 6), "umi": Kind("counts", 6), "umicounts": Kind("counts", 6), "umicount": Kind("counts", 6),
    "expectedcount": Kind("counts", 7), "estcounts": Kind("counts", 7), "numreads": Kind("counts", 7),
    "unstranded": Kind("counts", 7), "rawcount": Kind("counts", 7), "rawcounts": Kind("counts", 7),
    "readcount": Kind("counts", 7), "readcounts": Kind("counts", 7), "count": Kind("counts", 7),
    "counts": Kind("counts", 7), "numcounts": Kind("counts", 7), "reads": Kind("counts", 8), "read": Kind("counts", 8),
    "uniquecounts": Kind("counts", 7), "totcounts": Kind("counts", 9), "estimatedcounts": Kind("counts", 7),
    "ntpm": Kind("unknown", 10), "ptpm": Kind("unknown", 11),
    "value": Kind("unknown", 12), "values": Kind("unknown", 12),
    "expression": Kind("unknown", 12), "expr": Kind("unknown", 12), "expressionvalue": Kind("unknown", 12),
    "intensity": Kind("unknown", 12), "signal": Kind("unknown", 12), "abundance": Kind("unknown", 12),
    **dict.fromkeys(
        ("coverage", "cov", "fpkmconflo", "fpkmconfhi", "fpkmstatus", "conflo", "confhi", "status", "isopct",
         "posteriormeancount", "posteriorstandarddeviationofcount", "pmetpm", "pmefpkm", "tpmcilowerbound",
         "tpmciupperbound", "fpkmcilowerbound", "fpkmciupperbound", "tpmcoefficientofquartilevariation",
         "fpkmcoefficientofquartilevariation", "strandedfirst", "strandedsecond", "fpkmuqunstranded", "crossmapped",
         "uniquereads", "readcountmultmapadj", "readcountmultmap", "rpmadj", "transcriptid", "effcounts",
         "ambigdistrcounts",
         "uniqcounts", "length", "efflength", "effectivelength", "solvable", "fpkmconflow", "fpkmconfhigh"), _ASIDE
    ),
}  # fmt: skip
_SPLIT = re.compile(
    "|".join(
        rf"(?:^(?P<pre{i}>{kind})[_.:\s-]+(?P<after{i}>.+)$)|(?:^(?P<before{i}>.+?)[_.:\s-]+(?P<post{i}>{kind})$)"
        for i, kind in enumerate(
            ("reads[_. ]per[_. ]million(?:[_. ]mi ?rna[_. ]mapped)?", "cross[-_. ]mapped", "read[_. ]counts?",
             "raw[_. ]counts?", "expected[_. ]counts?", "est[_. ]counts", "scaled[_. ]estimate",
             "normali[sz]ed[_. ]count",
             "fpkm[_. ]conf[_. ](?:lo|hi)w?", "conf[_. ](?:lo|hi)", "transcript[_. ]id", "unique[_. ]reads", "umis?",
             "tpms?", "fpkm", "rpkm", "rpmm?", "cpm", "reads?", "counts?", "numreads", "coverage", "cov", "status",
             "unstranded", "stranded[_. ](?:first|second)")
        )
    ),
    re.IGNORECASE,
)  # fmt: skip


def kind_of(name: object) -> Kind | None:
    """Kind of value that a column is called, or None; what stands in brackets counts (``RPM (lib)``)."""
    return _KINDS.get(plain(name))


def split_kind(name: str) -> tuple[str, str] | None:
    """Kind of value and sample that a column's name joins, such as ``read_count_P1`` or ``P1-UMIs``."""
    found = _SPLIT.match(name)
    if found is None:
        return None
    parts = {
        key[:-1] if not key[-2].isdigit() else key[:-2]: value for key, value in found.groupdict().items() if value
    }
    if "pre" in parts:
        return plain(parts["pre"]), parts["after"]
    return plain(parts["post"]), parts["before"]


_CLINICAL = re.compile(
    r"^(?:(?:os|dss|dfs|rfs|pfs|dfi|pfi|dmfs|drfs|ddfs|mfs|lrfs|brfs|bcrfs|css|ttp)(?:_?(?:time|event|status|days|months|"
    r"years|censor|cens|yr)|_(?:t|e|mo|m|d))?|(?:efs|ttr)_(?:time|event|status|days|months|years)|[te]_(?:os|dss|dfs|rfs|pfs|dfi|pfi|dmfs|tdm|efs)|time|event|status|futime|"
    r"fustat|(?:\w+_)?(?:survival|follow_?up)(?:_\w+)?|(?:time|days|months|years)_to_\w+|\w+_(?:days|months|years)|"
    r"survtime|censor\w*|alive|dead|died|death|deceased|vital_status|recurrence|relapse\w*|progression|metastasis|"
    r"(?:\w+_)?age(?:_(?:years?|yrs|at_\w+))?|sex|gender|race|ethnicity|bmi|height|weight|menopaus\w*|smok\w*|"
    r"(?:\w+_)?grade|(?:\w+_)?stage|[tnm]_?stage|node_?status|(?:n_|number_?of_?|positive_?)?(?:lymph_?)?nodes?|"
    r"lymph_?nodes?(?:_\w+)?|(?:tumou?r_?)?size(?:_(?:mm|cm))?|npi|er_?(?:status|ihc)|pr_?(?:status|ihc)|pgr_?(?:status|ihc)|"
    r"her2_?(?:status|ihc|snp6)|ki67_?(?:status|ihc|percent|index)|chemo\w*|hormon\w*|endocrine\w*|radio\w*|"
    r"treatment\w*|batch(?:es|_?(?:id|no|number|name))?|site|plate|cent(?:er|re)|cohort|purity|ploidy|tmb|msi_?(?:score|status)?|risk_?score|pam50|"
    r"subtype\w*|pcr|rcb(?:_\w+)?|response|outcome|label|class|group|year\w*|histolog\w*|laterality|ecog|gleason\w*|"
    r"is_?(?:dead|alive|event|censored))$"
)
_DOUBTFUL = frozenset(
    {"id", "t", "n", "m", "er", "pr", "her2", "pgr", "ki67", "efs", "ttr", "psa", "til", "tils", "arm", "fu", "e", "d",
     "mki67", "esr1", "erbb2", "pt", "pn", "pm"}
)  # fmt: skip


def called_clinical(name: str) -> bool:
    """Whether a column among genes is called as an outcome or a finding, and not as a gene is called today."""
    if name in gene_index().current:
        return False
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)
    key = re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_")
    return bool(_CLINICAL.match(key) or _CLINICAL.match(re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")))


def may_be_clinical(name: str) -> bool:
    """Whether a name can be an alias of a gene or a clinical column: the values decide."""
    return plain(name) in _DOUBTFUL
