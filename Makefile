# The verbs of the project; each installs what it misses (Debian 12).
.PHONY: run test test-asan test-tsan build package bench profile lint clean
JOBS ?= $(shell nproc)
# Keep the terminal readable: ninja prints one line.
export NINJA_STATUS = [%f/%t %es] 

run: build
	@tools/run

build:
	@tools/bootstrap build
	@cmake --preset release $(QUIET)
	@cmake --build --preset release --target fairlead -j $(JOBS)
	@strip -o build/release/bin/fairlead.stripped build/release/bin/fairlead && mv build/release/bin/fairlead.stripped build/release/bin/fairlead
	@tools/check_binary.py build/release/bin/fairlead --shipped
	@ls -l build/release/bin/fairlead

# The .deb, with what `make build` leaves.
package: build
	@tools/bootstrap build package
	@cpack --config build/release/CPackConfig.cmake -B build/release
	@rm -rf build/release/_CPack_Packages

test:
	@tools/bootstrap build test
	@tools/run_tests.py --preset dev --jobs $(JOBS)

test-asan:
	@tools/bootstrap build test
	@tools/run_tests.py --preset asan --jobs $(JOBS) --only cpp

test-tsan:
	@tools/bootstrap build test
	@tools/run_tests.py --preset tsan --jobs $(JOBS) --python tests/journeys

bench:
	@tools/bootstrap build bench
	@cmake --preset release $(QUIET)
	@cmake --build --preset release -j $(JOBS)
	@bench/run
	@bench/engine
	@bench/reference

# What a release is optimized by, after a change of what every execute runs (docs/decisions/0016).
profile:
	@tools/bootstrap build bench
	@tools/profile --jobs $(JOBS)

# What changed since main; LINT=--all for every file, LINT=<revision> for what changed since it.
lint:
	@tools/bootstrap build lint
	@tools/lint --jobs $(JOBS) $(LINT)

clean:
	rm -rf build

QUIET = > build/configure.log 2>&1 || { cat build/configure.log; exit 1; }
build bench: | build/.dir
build/.dir:
	@mkdir -p build && touch $@

.PHONY: fuzz
fuzz:
	@tools/bootstrap build
	@fuzz/run
