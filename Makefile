# make demo | test | bench | lint | debug | coverage | clean. Each does all of its own set-up; see docs/build.md.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 /usr/bin/python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v $$p; break; }; done)
VENV ?= .venv
BIN := $(abspath $(VENV))/bin
JOBS ?= 2
APT ?= yes
TESTS ?= tests
PYTEST_FLAGS ?=
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# cython-lint calls pycodestyle by name.
export PATH := $(BIN):$(PATH)

.PHONY: demo test bench lint debug coverage build clean system-build system-test
.DELETE_ON_ERROR:

demo: build
	$(BIN)/dataplane demo bridge

test: system-test build $(VENV)/extra-test
	$(BIN)/python -m pytest $(PYTEST_FLAGS) $(TESTS)

bench: system-test build $(VENV)/extra-bench
	$(BIN)/python -m bench --json bench/results/bench.json
	$(BIN)/python -m bench.plot bench/results/bench.json bench/results

lint: build $(VENV)/extra-lint $(VENV)/extra-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/cython-lint fastpath
	$(BIN)/python -m mypy.stubtest fastpath --ignore-disjoint-bases --allowlist .ci/stubtest-allow

# -- the build in place: only modules whose sources changed are compiled -------------------------------------------------

build: $(VENV)/base
	@$(BIN)/python setup.py -q build_ext --inplace --parallel $(JOBS)

$(VENV)/base: pyproject.toml setup.py | system-build
	@test -n "$(PYTHON)" || { echo "no Python of 3.11 or later found; mend: install python3, or make … PYTHON=/path" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python .ci/requires build > $(VENV)/requires-build
	$(BIN)/pip install -q -r $(VENV)/requires-build
	@# Without the compiled modules: pip would make them in a folder of its own, and `build` make them again.
	DATAPLANE_BUILD=none $(BIN)/pip install -q --no-build-isolation -e .
	@touch $@

$(VENV)/extra-%: $(VENV)/base
	@$(BIN)/python .ci/requires $* > $(VENV)/requires-$*
	$(BIN)/pip install -q -r $(VENV)/requires-$*
	@touch $@

system-build:
	@test "$(APT)" = no || .ci/apt .ci/packages-build

system-test:
	@test "$(APT)" = no || .ci/apt .ci/packages-build .ci/packages

# -- other builds: each in a copy of the tree of its own, so that none takes another's C or objects --------------------------

COPY = mkdir -p $@ && find $@ -type f ! -name '*.c' ! -name '*.so' ! -name '*.o' -delete && \
	tar -c --exclude=./build --exclude='./.*' --exclude='./fastpath/*.c' --exclude='*.so' --exclude=./bench/results \
		--exclude=__pycache__ --exclude='*.egg-info' . | tar -x -C $@ && cp -r .ci $@/

.PHONY: build/sanitize build/trace
build/sanitize build/trace: $(VENV)/base
	@$(COPY)
	cd $@ && DATAPLANE_BUILD=$(@F) $(BIN)/python setup.py -q build_ext --inplace --parallel $(JOBS)

debug: system-test build/sanitize $(VENV)/extra-test
	cd build/sanitize && .ci/sanitized $(BIN)/python pytest --timeout 600 $(PYTEST_FLAGS) $(TESTS)

coverage: system-test build/trace $(VENV)/extra-test $(VENV)/extra-coverage
	cd build/trace && $(BIN)/python -m coverage run -m pytest $(PYTEST_FLAGS) $(TESTS); status=$$?; \
		$(BIN)/python -m coverage report --skip-covered; $(BIN)/python -m coverage html -q; exit $$status

clean:
	rm -rf build dist .venv *.egg-info .coverage fastpath/*.c fastpath/*.so fastpath/*.html
	find . -name __pycache__ -prune -exec rm -rf {} +
