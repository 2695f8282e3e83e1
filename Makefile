# Everything runs in .venv, which the first target that needs it makes. PYTHON names another interpreter (>= 3.11).
PYTHON ?= python3
python := .venv/bin/python
setup := .venv/.complete
setup_checkov := .venv-checkov/.complete
setup_audit := .venv-audit/.complete
setup_mutants := .venv-mutants/.complete

.DEFAULT_GOAL := help
.PHONY: help demo test serve setup lint lock build app screenshots bench coldstarts mutants matrix permissions notices audit deploy e2e destroy clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / {printf "make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(setup) ## run the whole workflow once, here; the results stay in .sandbox/
	@$(python) -m sandbox run events/state_machine/eligible.json

test: $(setup) ## run every test but the fault matrix; TESTS="tests/unit …" only those
	@$(python) -m pytest -n 4 --dist loadgroup $(or $(TESTS),--ignore tests/reliability)
	@$(if $(TESTS),:,echo 'This was without the fault matrix: `make matrix` runs it, in minutes.')

serve: $(setup) ## run the system here, with its page in the browser, until interrupted
	@$(python) -m sandbox serve --today --time-scale 60

setup: $(setup) ## make .venv from the hashed lock
	@echo "Set up: .venv is ready."

lint: $(setup) $(setup_checkov) ## run every check but the tests
	@scripts/lint

.PHONY: coverage
coverage: $(setup) ## say which lines the tests in one process reach; the report is build/coverage/index.html
	@mkdir -p build
	@COVERAGE_FILE=build/.coverage $(python) -m pytest -n 4 tests/unit tests/contract --ignore tests/unit/test_benchmarks.py \
	  --cov layers/common/mechanizer --cov-branch --cov-report term:skip-covered --cov-report html:build/coverage

lock: $(setup) ## resolve every requirements.in again; UV_FLAGS=--upgrade takes newer versions
	@scripts/lock $(UV_FLAGS)

build: $(setup) ## make the artifacts that `sam deploy` uploads
	@$(python) -m scripts.build

app: ## zip the Zendesk app for an admin to upload; API_URL=https://… is the deployment's output ApiUrl
	@$(PYTHON) scripts/package_app.py build/mechanizer-zendesk-app.zip $(API_URL)

screenshots: $(setup) ## take the documentation's pictures again (needs Chromium)
	@PYTHONPATH=layers/common $(python) -m tests.browser.screenshots docs/images

bench: $(setup) ## measure speed, size and cost, and write docs/performance.md
	@$(python) -m benchmarks

coldstarts: $(setup) ## say which handlers have become slower to start than docs/performance.md has them
	@$(python) -m benchmarks --cold-starts --rounds 3

matrix: $(setup) ## run the fault matrix against docs/reliability.md; WRITE=1 writes its grid there
	@$(python) -m pytest -n 2 --dist loadgroup tests/reliability $(if $(WRITE),--write-page)

mutants: $(setup) $(setup_mutants) ## score the tests of the rules: change the code in small ways, print what none notices (half an hour on two cores)
	@scripts/mutants

permissions: $(setup) ## write who may do what into docs/security.md, as template.yaml says it
	@$(python) -m scripts.permissions docs/security.md

notices: $(setup) ## write THIRD_PARTY_NOTICES.md from the locks
	@$(python) -m scripts.notices

audit: ## look for known vulnerabilities in everything that is locked (needs a network)
	@PYTHON=$(PYTHON) scripts/audit

deploy: $(setup) ## deploy the build as a short-lived STACK=mechanizer-ci-… (the pipeline does)
	@.ci/deploy $(STACK)

e2e: $(setup) ## one request through STACK, until its e-mail is delivered
	@outputs=$$($(python) -m scripts.stack_secrets outputs "$(STACK)") && eval "$$outputs" && export APP_SECRET && \
	$(python) -m scripts.end_to_end "$$API_URL" "$$E2E_ZENDESK_SUBDOMAIN" "$$E2E_TICKET" "$$E2E_AGENT_ID"

destroy: $(setup) ## delete STACK=mechanizer-ci-… with its tables, secrets and queue
	@$(python) -m scripts.remove_stack $(STACK)

clean: ## remove what the other targets made, .venv too
	@rm -rf .venv .venv-checkov .venv-audit .venv-mutants .mutants .sandbox .aws-sam build .hypothesis .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(setup): requirements-dev.txt scripts/setup
	@PYTHON=$(PYTHON) scripts/setup .venv $<
	@touch $@

$(setup_checkov): requirements-checkov.txt scripts/setup
	@PYTHON=$(PYTHON) scripts/setup .venv-checkov $<
	@touch $@

$(setup_audit): requirements-audit.txt scripts/setup
	@PYTHON=$(PYTHON) scripts/setup .venv-audit $<
	@touch $@

# The tests' libraries are .venv's, so the Python has to be too.
$(setup_mutants): requirements-mutants.txt scripts/setup | $(setup)
	@PYTHON=$(python) scripts/setup .venv-mutants $<
	@touch $@
