# Submits a job, waits for its end and prints the result's rows. Plain HTTP; needs R 4 with httr2 and jsonlite (Debian: r-cran-httr2, r-cran-jsonlite).
if (!requireNamespace("httr2", quietly = TRUE) || !requireNamespace("jsonlite", quietly = TRUE)) {
  message("httr2 and jsonlite are needed: install.packages(c(\"httr2\", \"jsonlite\")).")
  quit(status = 3)
}
library(httr2)

server <- Sys.getenv("ORLEANS_CLUSTER_SERVER", "http://127.0.0.1:8001")
key <- Sys.getenv("ORLEANS_CLUSTER_API_KEY")

call <- function(path, body = NULL, ...) {
  request <- req_headers(request(paste0(server, path)), `Content-Type` = "application/json", ...)
  if (nzchar(key)) request <- req_auth_bearer_token(request, key)
  if (!is.null(body)) request <- req_body_json(request, body)
  # 429 and 503 are sent again as Retry-After says; with an idempotency key a submit still makes one job.
  request <- req_retry(request, max_tries = 5, is_transient = function(answer) resp_status(answer) %in% c(429, 503))
  request <- req_error(request, body = function(answer) {
    problem <- resp_body_json(answer, check_type = FALSE)
    paste0(problem$code, ": ", problem$detail)
  })
  resp_body_json(req_perform(request), check_type = FALSE)
}

arguments <- commandArgs(trailingOnly = TRUE) # FILE [COLUMN]: sums of COLUMN (n) by gene
job <- list(
  operation = "aggregate",
  source = list(path = arguments[1]),
  parameters = list(
    groupBy = list("gene"),
    aggregates = list(list(`function` = "sum", column = if (length(arguments) > 1) arguments[2] else "n", as = "total")),
    orderBy = list(list(column = "gene"))))

id <- paste(sample(c(letters, 0:9), 24, replace = TRUE), collapse = "")
status <- call("/api/processing/jobs/submit", job, `Idempotency-Key` = id)
while (!status$status %in% c("SUCCEEDED", "FAILED", "CANCELLED")) {
  status <- call(status$links$self, Prefer = "wait=1")
}

if (status$status != "SUCCEEDED") stop(status$status, ": ", status$error$detail)

for (row in call(status$links$result)$rows) cat(unlist(row), "\n")
