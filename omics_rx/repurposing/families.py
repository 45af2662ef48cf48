"""Drugs that hit the same thing are one finding: ATR, CHK1 and WEE1 inhibitors all stop the replication checkpoint."""

from __future__ import annotations

import pandas as pd

from omics_rx.repurposing.targets import genes_of

# what is hit, by target genes: a drug belongs to the family that holds most of its targets
FAMILIES = {
    "replication checkpoint (ATR, CHK1, WEE1)": "ATR CHEK1 CHEK2 WEE1 PKMYT1",
    "DNA repair (ATM, DNA-PK)": "ATM PRKDC MRE11 RAD51",
    "PARP": "PARP1 PARP2 PARP3 TNKS TNKS2",
    "PI3K, AKT and mTOR": "PIK3CA PIK3CB PIK3CD PIK3CG PIK3C2A PIK3C2B AKT1 AKT2 AKT3 MTOR RPTOR RICTOR PDK1 PDPK1 "
    "RPS6KB1 FKBP1A",
    "RAF, MEK and ERK": "BRAF ARAF RAF1 MAP2K1 MAP2K2 MAPK1 MAPK3 KRAS RPS6KA1 RPS6KA3",
    "EGFR and HER2": "EGFR ERBB2 ERBB3 ERBB4",
    "FGFR": "FGFR1 FGFR2 FGFR3 FGFR4",
    "VEGFR, PDGFR and KIT": "FLT1 KDR FLT4 PDGFRA PDGFRB KIT CSF1R TEK RET FLT3",
    "IGF1R and insulin receptor": "IGF1R INSR",
    "MET and ALK": "MET ALK ROS1 MST1R NTRK1 NTRK2 NTRK3",
    "ABL and SRC": "ABL1 SRC LCK LYN FYN YES1 BTK",
    "JAK": "JAK1 JAK2 JAK3 TYK2",
    "CDK4 and CDK6": "CDK4 CDK6",
    "other CDKs": "CDK1 CDK2 CDK5 CDK7 CDK8 CDK9 CDK12 CDK13",
    "mitosis (Aurora, PLK, kinesin, MPS1)": "AURKA AURKB AURKC PLK1 PLK2 PLK3 KIF11 TTK BUB1 CENPE",
    "microtubules": "TUBB TUBB1 TUBB3 TUBB4A TUBB4B TUBA1A TUBA4A TUBB2A TUBB2B MAP2 MAP4",
    "topoisomerases": "TOP1 TOP2A TOP2B TOP1MT",
    "nucleotides (antimetabolites)": "TYMS DHFR RRM1 RRM2 RRM2B GART ATIC POLA1 POLE ADA PNP IMPDH1 IMPDH2 DHODH DCK",
    "DNA methylation": "DNMT1 DNMT3A DNMT3B",
    "histone deacetylases": "HDAC1 HDAC2 HDAC3 HDAC4 HDAC5 HDAC6 HDAC7 HDAC8 HDAC9 HDAC10 HDAC11",
    "bromodomains": "BRD2 BRD3 BRD4 BRDT",
    "histone methylation": "EZH2 EZH1 EHMT1 EHMT2 DOT1L KDM1A KDM6A KDM6B",
    "proteasome": "PSMB1 PSMB2 PSMB5 PSMB8 PSMB9 PSMB10 PSMA1 PSMD1",
    "HSP90": "HSP90AA1 HSP90AB1 HSP90B1 TRAP1",
    "apoptosis (BCL2, IAP, MDM2)": "BCL2 BCL2L1 BCL2L2 MCL1 XIAP BIRC2 BIRC3 BIRC5 MDM2 MDM4",
    "oestrogen receptor": "ESR1 ESR2",
    "androgen receptor": "AR",
    "retinoids and rexinoids": "RARA RARB RARG RXRA RXRB RXRG",
    "cholesterol synthesis": "HMGCR FDPS FDFT1 GGPS1 SQLE",
    "cyclooxygenases": "PTGS1 PTGS2",
    "hedgehog": "SMO GLI1 GLI2",
    "angiotensin": "AGTR1 ACE",
    "adrenergic receptors": "ADRB1 ADRB2 ADRB3 ADRA1A ADRA1B ADRA1D ADRA2A",
    "dopamine, serotonin and histamine receptors": "DRD1 DRD2 DRD3 DRD4 HTR1A HTR2A HTR2B HTR2C HTR3A HTR6 HTR7 HRH1 "
    "HRH2 SLC6A2 SLC6A3 SLC6A4",
    "immunophilins and calcineurin": "PPIA PPP3CA PPP3R2",
}
_OF_GENE = {gene: family for family, genes in FAMILIES.items() for gene in genes.split()}


def families(drugs: pd.DataFrame) -> pd.Series:
    """Family of each drug: by most of its targets, else its mechanism, else itself.

    Parameters
    ----------
    drugs
        Index drug id; ``name``, ``targets`` and ``mechanism`` where known.
    """
    targets = genes_of(drugs["targets"]) if "targets" in drugs else {}
    mechanism = drugs["mechanism"] if "mechanism" in drugs else pd.Series(dtype=object)
    found = {}
    for drug, name in drugs["name"].items():
        known = pd.Series([_OF_GENE[gene] for gene in targets.get(str(drug), []) if gene in _OF_GENE], dtype=object)
        told = mechanism.get(drug)
        fallback = str(told).split(";")[0] if isinstance(told, str) and told else str(name)
        found[drug] = known.value_counts(sort=False).idxmax() if len(known) else fallback
    return pd.Series(found, dtype=object).reindex(drugs.index)


def grouped(table: pd.DataFrame, drugs: pd.DataFrame) -> pd.DataFrame:
    """Families of ranked drugs, in the order of their best drug; see :meth:`Ranking.findings`."""
    of = families(drugs.loc[table.index])
    rows = []
    for family in dict.fromkeys(of[table.sort_values("rank", kind="stable").index]):
        own = table[(of == family).to_numpy()].sort_values("rank", kind="stable")
        names = own["name"].astype(str)
        rows.append((family, int(own["rank"].iloc[0]), names.iloc[0], len(own), ", ".join(names)))
    return pd.DataFrame(rows, columns=["family", "rank", "drug", "n", "drugs"]).set_index("family")
