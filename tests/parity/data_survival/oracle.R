# Rscript oracle.R, in this folder; versions in README.md
suppressMessages({library(survival); library(MASS); library(metafor); library(partykit); library(riskRegression)})
d <- read.csv("patients.csv")
x <- paste0("x", 1:6)
full <- as.formula(paste("Surv(time, event) ~", paste(x, collapse = " + ")))
rows <- list()
add <- function(call, name, value) rows[[length(rows) + 1]] <<- data.frame(call = call, name = name, value = as.numeric(value))
tight <- coxph.control(eps = 1e-14, toler.chol = 1e-15, iter.max = 100)
for (ties in c("efron", "breslow")) {
  fit <- coxph(update(full, . ~ . + strata(stratum)), d, weights = weight, ties = ties, control = tight)
  add(paste0("coxph_", ties), c(x, "loglik_0", "loglik"), c(coef(fit), fit$loglik))
}
plain <- coxph(full, d, ties = "efron", control = tight)
nothing <- coxph(Surv(time, event) ~ 1, d)
add("residuals_deviance", seq_len(nrow(d)), residuals(coxph(Surv(time, event) ~ 1, d, ties = "breslow"), type = "deviance"))
base <- basehaz(coxph(Surv(time, event) ~ x1, d, ties = "breslow", control = tight), centered = FALSE)
add("basehaz_breslow", base$time, base$hazard)
step <- function(start, direction) {
  found <- stepAIC(start, scope = list(lower = ~ 1, upper = full[-2]), direction = direction, trace = 0)
  add(paste0("stepAIC_", direction), names(coef(found)), coef(found))
}
step(nothing, "forward"); step(plain, "backward"); step(nothing, "both")
for (dist in c("weibull", "loglogistic", "lognormal")) {
  fit <- survreg(full, d, weights = weight, dist = dist, control = survreg.control(rel.tolerance = 1e-12, maxiter = 200))
  add(paste0("survreg_", dist), c("intercept", x, "scale"), c(coef(fit), fit$scale))
}
tree <- ctree(full, d, control = ctree_control(teststat = "quadratic", testtype = "Univariate", alpha = 1, maxdepth = 1, minbucket = 7))
test <- info_node(node_party(tree))$criterion
add("ctree_root_statistic", colnames(test), test["statistic", ])
split <- split_node(node_party(tree))
add("ctree_root_cut", names(tree$data)[split$varid], split$breaks)
risk <- d$x1 - 0.5 * d$x2
harrell <- concordance(Surv(time, event) ~ risk, d, reverse = TRUE)
add("concordance", c("harrell"), harrell$concordance)
uno <- concordance(Surv(time, event) ~ risk, d, reverse = TRUE, timewt = "n/G2", ymax = 40)
add("concordance", "uno_before_40", uno$concordance)
chance <- 1 - exp(-0.6 * exp(0.8 * risk) * 0.5)
score <- Score(list(m = chance), Surv(time, event) ~ 1, data = d, times = 20, metrics = c("auc", "brier"), se.fit = 0, null.model = TRUE)
add("riskRegression_at_20", "auc", score$AUC$score$AUC)
add("riskRegression_at_20", c("null", "brier"), score$Brier$score$Brier)
km <- survfit(Surv(time, event) ~ 1, d)
add("survfit_at_20", "survival", summary(km, times = 20)$surv)
gain <- c(0.05, 0.11, -0.02, 0.08); se <- c(0.03, 0.04, 0.05, 0.02)
pooled <- rma(yi = gain, sei = se, method = "DL")
add("rma_dl", c("value", "lower", "upper", "tau2"), c(pooled$b, pooled$ci.lb, pooled$ci.ub, pooled$tau2))
write.csv(do.call(rbind, rows), "r.csv", row.names = FALSE)
cat(R.version.string, "\n"); for (p in c("survival", "MASS", "metafor", "partykit", "riskRegression")) cat(p, as.character(packageVersion(p)), "\n")
