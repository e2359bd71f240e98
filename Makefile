# `make refresh` and `make test` set everything up on a machine with Python 3.11 and make.
# uv installs exactly what uv.lock says; where it is missing, it goes into .tools/ first.

# Optional groups of pyproject.toml are named in WITH, such as `make test WITH=browser`.

PYTHON ?= python3
WITH ?=
UV := $(shell command -v uv || echo .tools/bin/uv)
BIN := .venv/bin

.PHONY: refresh test soak lint docs benchmark clean

refresh: .venv/installed
	$(BIN)/ywtb refresh

test: .venv/installed
	$(BIN)/dbt --quiet --warn-error build
	$(BIN)/pytest -n auto --dist loadscope --no-loadscope-reorder

# The long tests in full: 30 kills each of refresh, export and ingest, 30 refreshes under readers.
soak: .venv/installed
	YWTB_SOAK_REPEATS=30 YWTB_KILLS=30 $(BIN)/pytest -n auto --dist loadscope --durations=8 \
		tests/python -k "kill or readers"

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint models expectations tests/singular
	$(BIN)/yamllint --strict .

docs: .venv/installed
	$(BIN)/dbt docs generate --static

benchmark: .venv/installed
	$(BIN)/python scripts/benchmark.py
ifneq ($(filter browser,$(WITH)),)
	$(BIN)/python scripts/benchmark_site.py
endif

clean:
	rm -rf .venv .tools target logs

.venv/installed: uv.lock pyproject.toml | $(UV)
	$(UV) sync --frozen --compile-bytecode $(addprefix --group ,$(WITH))
	touch $@

.tools/bin/uv:
	$(PYTHON) -m venv .tools
	.tools/bin/pip install --quiet uv
