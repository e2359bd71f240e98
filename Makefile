# `make refresh` and `make test` set everything up on a machine with Python 3.11 and make.
# uv installs exactly what uv.lock says; where it is missing, it goes into .tools/ first.

# Optional groups of pyproject.toml are named in WITH, such as `make test WITH="browser province"`;
# what pytest alone is to run in TESTS, such as `make test TESTS=tests/python/test_scores.py`.

PYTHON ?= python3
WITH ?=
TESTS ?=
REPEATS ?= 30
UV := $(shell command -v uv || echo .tools/bin/uv)
BIN := .venv/bin
EMPTY :=
INSTALLED := .venv/installed$(addprefix -,$(subst $(EMPTY) $(EMPTY),-,$(strip $(WITH))))

.PHONY: refresh test soak lint lint-python lint-sql lint-yaml docs contract bench dagster clean

refresh: $(INSTALLED)
	$(BIN)/ywtb refresh

test: $(INSTALLED)
	$(BIN)/pytest -n auto --dist loadscope --no-loadscope-reorder $(TESTS)

# What needs many refreshes or long ones: that many kills each of refresh, export and ingest, as many
# refreshes under readers, as many changes of seeds after each of which a release is as if built anew.
soak: $(INSTALLED)
	YWTB_REPEATS=$(REPEATS) $(BIN)/pytest -n auto --durations=8 -m "" -k "kill or readers or soak"

lint: lint-python lint-sql lint-yaml

lint-python: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

lint-sql: $(INSTALLED)
	$(BIN)/sqlfluff lint models macros expectations tests/singular tests/generic

lint-yaml: $(INSTALLED)
	$(BIN)/yamllint --strict .

# WITH=lineage adds target/lineage/, where columns come from.
docs: $(INSTALLED) | warehouse/ywtb.duckdb
	$(BIN)/python -m ywtb.pipeline.dbt_docs
ifneq ($(filter lineage,$(WITH)),)
	$(BIN)/colibri generate --disable-telemetry --output-dir target/lineage
endif

# The exported tables against the data contracts beside them. The tool wants an older Typer than this
# project, so it has an environment of its own.
contract: $(INSTALLED) | $(UV)
	for folder in $(wildcard exports/20??-??/data); do \
		(cd $$folder && $(abspath $(UV)) tool run --from 'datacontract-cli[duckdb]==1.2.8' \
			datacontract test datacontract.odcs.yaml) || exit 1; \
	done

bench: $(INSTALLED) | $(UV)
	UV=$(UV) $(BIN)/python scripts/benchmark.py
ifneq ($(filter browser,$(WITH)),)
	$(BIN)/python scripts/benchmark_site.py
endif
ifneq ($(filter province,$(WITH)),)
	PATH="$(dir $(UV)):$$PATH" $(BIN)/python scripts/benchmark_province.py
endif

# The stages of a month as assets, on http://127.0.0.1:3000 until Ctrl-C; needs WITH=dagster.
dagster: $(INSTALLED)
	mkdir -p warehouse/dagster
	cp scripts/schedule/dagster.yaml warehouse/dagster/
	DAGSTER_HOME="$(CURDIR)/warehouse/dagster" $(BIN)/dagster dev \
		-f scripts/schedule/dagster_definitions.py

clean:
	rm -rf .venv .tools target logs

warehouse/ywtb.duckdb: | $(INSTALLED)
	$(BIN)/ywtb refresh

$(INSTALLED): uv.lock pyproject.toml | $(UV)
	rm -f .venv/installed*
	$(UV) sync --frozen --compile-bytecode $(addprefix --group ,$(WITH))
	touch .venv/installed $@

.tools/bin/uv:
	$(PYTHON) -m venv .tools
	.tools/bin/pip install --quiet uv
