# Everything a person or CI runs, from nothing: Debian packages, a virtual environment in .venv, the
# build, the run. What is done is remembered in stamps, so a second run does only what changed.

PYTHON ?= python3
JOBS ?= $(shell nproc)
# Warnings are errors in CI, and in the presets; a user with another compiler still gets a build.
WERROR ?= $(if $(CI),ON,OFF)

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

VENV := $(CURDIR)/.venv
STAMPS := $(VENV)/stamps
# A program of the environment, with the environment's other programs in reach.
RUN := PATH="$(VENV)/bin:$$PATH" VIRTUAL_ENV="$(VENV)"
PIP := $(RUN) PIP_DISABLE_PIP_VERSION_CHECK=1 pip install --quiet
say = @printf '\033[1m==>\033[0m %s\n'

export CMAKE_BUILD_PARALLEL_LEVEL := $(JOBS)

EXTENSION_SOURCES := CMakeLists.txt pyproject.toml \
  $(shell find csrc include cmake -type f -name '*.[ch]' -o -type f -name '*.cc' -o -type f -name '*.cmake*')
# What the extension is compiled with; headers, apart from OpenSSL, zlib and nghttp2.
DEBIAN_BUILD := libboost1.81-dev libnghttp2-dev libprotozero-dev libssl-dev zlib1g-dev
DEBIAN_DEMO := libpng-dev libjpeg-dev
DEBIAN_TEST := libgtest-dev
# The rivals of the server benchmark and its other load generator.
DEBIAN_BENCH_SERVER := libgrpc++-dev protobuf-compiler-grpc protobuf-compiler pkg-config nghttp2-client

.PHONY: help
help:
	@echo 'make demo     builds, then recognises the digit in a picture with two engines: C and Python'
	@echo 'make test     the native tests, then the Python tests'
	@echo 'make asan     the native tests under the address and undefined behaviour sanitizers'
	@echo 'make tsan     the native tests under the thread sanitizer'
	@echo 'make fuzz     the decoders and a connection, FUZZ_SECONDS each, with libFuzzer'
	@echo 'make lint     ruff, mypy, stubtest, clang-format, clang-tidy'
	@echo 'make format   lets ruff and clang-format rewrite the sources'
	@echo 'make wheel    a wheel for each Python found, repaired, and tried in a clean environment'
	@echo 'make bench    the benchmark in the process: figures, table and plot in bench/results'
	@echo 'make bench-server  the same of the server, with gRPC servers beside it (QUICK=1: two minutes)'
	@echo 'make build    only the Python extension, installed in .venv'
	@echo 'make clean    removes what the others made, .venv too'
	@echo
	@echo 'Each starts from nothing: Debian 12, Python 3.11 and a compiler are enough.'
	@echo 'PYTHON=python3.12 chooses the interpreter (after make clean), JOBS=1 the number of compilers at once.'
	@echo 'Native code alone: cmake --preset dev && cmake --build --preset dev && ctest --preset dev'

# ---- set-up ------------------------------------------------------------------------------------

$(STAMPS)/venv:
	$(say) 'creating a virtual environment in .venv'
	@scripts/make_venv.sh "$(PYTHON)" "$(VENV)"
	@mkdir -p $(STAMPS) && touch $@

# One stamp for each dependency group of pyproject.toml.
$(STAMPS)/group-%: pyproject.toml $(STAMPS)/venv
	$(say) 'installing Python packages: group $*'
	@$(PIP) --group $*
	@touch $@

.PHONY: debian-build debian-demo debian-test debian-bench-server
debian-build:
	@scripts/setup_debian.sh $(DEBIAN_BUILD)

debian-demo:
	@scripts/setup_debian.sh $(DEBIAN_DEMO)

debian-test:
	@scripts/setup_debian.sh $(DEBIAN_TEST)

debian-bench-server:
	@scripts/setup_debian.sh $(DEBIAN_BENCH_SERVER)

# Editable: Python files are used where they lie, so that the checkout's folder aiges_native/ and
# the installed package are one and the same, whatever the current directory is.
$(STAMPS)/extension: $(EXTENSION_SOURCES) $(STAMPS)/group-build | debian-build
	$(say) 'compiling the extension (a minute or two the first time)'
	@$(PIP) --no-build-isolation --editable . --config-settings=cmake.define.AIGES_WERROR=$(WERROR)
	@touch $@

.PHONY: build
build: $(STAMPS)/extension

# ---- demo --------------------------------------------------------------------------------------

.PHONY: demo
demo: debian-demo $(STAMPS)/extension $(STAMPS)/group-demo
	$(say) 'building the C engine of examples/c_wrapper'
	@cmake_dir=$$($(RUN) python -c 'import aiges_native; print(aiges_native.get_cmake_dir())'); \
	{ $(RUN) cmake -S examples/c_wrapper -B examples/c_wrapper/build -Daiges_native_DIR="$$cmake_dir" && \
	  $(RUN) cmake --build examples/c_wrapper/build; } >build/demo.log 2>&1 || { cat build/demo.log; exit 1; }
	$(say) 'the C engine: aiges-native run examples/c_wrapper/build/libwrapper.so --data img=@examples/c_wrapper/seven.png'
	@$(RUN) aiges-native run examples/c_wrapper/build/libwrapper.so --data img=@examples/c_wrapper/seven.png
	$(say) 'the Python engine: aiges-native run examples/py_wrapper/wrapper.py --data img=@examples/py_wrapper/seven.png'
	@$(RUN) aiges-native run examples/py_wrapper/wrapper.py --data img=@examples/py_wrapper/seven.png

# ---- tests -------------------------------------------------------------------------------------

# Configures once (CMake itself sees to later changes), builds what changed, runs.
define native_tests
$(say) 'building the native tests: preset $(1)'
@[ -f build/$(1)/build.ninja ] || $(RUN) cmake --preset $(1) -DCMAKE_MAKE_PROGRAM="$(VENV)/bin/ninja" >/dev/null
@$(RUN) cmake --build --preset $(1) --parallel $(JOBS)
$(say) 'running the native tests: preset $(1)'
@$(RUN) $(2) ctest --preset $(1) --parallel $(JOBS)
endef

.PHONY: test
test: debian-test debian-demo $(STAMPS)/extension $(STAMPS)/group-test
	$(call native_tests,dev,)
	$(say) 'running the Python tests'
	@$(RUN) AIGES_TEST_ENGINES="$(CURDIR)/build/dev/tests/engines" python -m pytest

.PHONY: asan
asan: debian-build debian-test $(STAMPS)/group-build
	$(call native_tests,asan,)

# The thread sanitizer needs its shadow memory where a kernel with much address space randomisation
# may have put something else: it runs without randomisation where that is allowed.
.PHONY: tsan
tsan: debian-build debian-test $(STAMPS)/group-build
	$(call native_tests,tsan,$$(setarch -R true 2>/dev/null && echo setarch -R))

# Clang and its libFuzzer. What was found so far is tried first, then new inputs for some seconds.
FUZZ_SECONDS ?= 10
.PHONY: fuzz
fuzz: debian-build $(STAMPS)/group-build
	@scripts/setup_debian.sh clang libclang-rt-14-dev
	$(say) 'building the fuzzers: preset fuzz'
	@[ -f build/fuzz/build.ninja ] || $(RUN) cmake --preset fuzz -DCMAKE_MAKE_PROGRAM="$(VENV)/bin/ninja" >/dev/null
	@$(RUN) cmake --build --preset fuzz --parallel $(JOBS)
	@for program in build/fuzz/tests/fuzz/*_fuzz; do \
	  name=$$(basename $${program%_fuzz}); \
	  mkdir -p build/fuzz/new/$$name tests/fuzz/corpus/$$name; \
	  printf '\033[1m==>\033[0m fuzzing %s for %s s\n' $$name $(FUZZ_SECONDS); \
	  $$program -max_total_time=$(FUZZ_SECONDS) -timeout=20 -verbosity=0 -print_final_stats=1 \
	    -artifact_prefix=build/fuzz/ build/fuzz/new/$$name tests/fuzz/corpus/$$name 2>&1 \
	    | tee build/fuzz/$$name.log | grep -E 'ERROR|SUMMARY|not so|number_of_executed_units' ; \
	  [ $${PIPESTATUS[0]} -eq 0 ] || { cat build/fuzz/$$name.log; exit 1; }; \
	done

# ---- linters -----------------------------------------------------------------------------------

C_FILES = $(shell find csrc include tests bench examples -name build -prune -o \
  -type f \( -name '*.c' -o -name '*.cc' -o -name '*.h' \) -print)

# Each is a target of its own; `make -k lint` goes on after a complaint.
LINTERS := lint-ruff lint-mypy lint-stubs lint-format lint-tidy
.PHONY: lint $(LINTERS)
lint: $(LINTERS)

lint-ruff: $(STAMPS)/group-lint
	$(say) 'ruff'
	@$(RUN) ruff check
	@$(RUN) ruff format --check

lint-mypy: $(STAMPS)/group-lint
	$(say) 'mypy'
	@$(RUN) mypy

lint-stubs: $(STAMPS)/extension $(STAMPS)/group-lint
	$(say) 'stubtest'
	@$(RUN) python -m mypy.stubtest aiges_native._core \
	  --allowlist scripts/stubtest_allowlist.txt --ignore-unused-allowlist

lint-format: $(STAMPS)/group-lint
	$(say) 'clang-format'
	@$(RUN) clang-format --dry-run -Werror $(C_FILES)

lint-tidy: $(STAMPS)/extension $(STAMPS)/group-lint
	$(say) 'clang-tidy'
	@$(RUN) cmake --preset tidy -DCMAKE_MAKE_PROGRAM="$(VENV)/bin/ninja" >/dev/null
	@find csrc -name '*.cc' -print0 | $(RUN) xargs -0 -n 1 -P $(JOBS) clang-tidy --quiet -p build/tidy

.PHONY: format
format: $(STAMPS)/group-lint
	@$(RUN) ruff check --fix
	@$(RUN) ruff format
	@$(RUN) clang-format -i $(C_FILES)

# ---- wheels, benchmarks ------------------------------------------------------------------------

.PHONY: wheel
wheel: debian-build $(STAMPS)/group-wheel
	@$(RUN) python scripts/check_wheels.py

.PHONY: bench
bench: $(STAMPS)/extension $(STAMPS)/group-bench
	@$(RUN) python bench/run.py

.PHONY: bench-server
bench-server: debian-bench-server $(STAMPS)/extension $(STAMPS)/group-bench
	@$(RUN) python bench/server/run.py $(if $(QUICK),--quick)

.PHONY: clean
clean:
	rm -rf .venv build dist wheelhouse examples/*/build
