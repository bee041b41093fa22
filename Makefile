# The booking service. `make help` lists the targets.
#   BUILD=dir   where objects and programs go        (default build)
#   CC=clang    another compiler                     (default gcc)
#   SANITIZE=1  AddressSanitizer and UBSan

BUILD ?= build
CC := $(if $(filter default,$(origin CC)),gcc,$(CC))
BIN = $(BUILD)/bin

# --- sources, named one by one, floor by floor -------------------------------

LIB_SOURCES = \
	lib/core/arena.c lib/core/buf.c lib/core/clock.c lib/core/digest.c \
	lib/core/err.c lib/core/ident.c lib/core/log.c lib/core/money.c \
	lib/core/text.c \
	lib/config/config.c lib/config/config_value.c \
	lib/config/config_print.c lib/config/dotenv.c \
	lib/json/json_gate.c lib/json/json_key_set.c lib/json/json_in.c \
	lib/json/json_out.c lib/json/json_unescape.c \
	lib/jwt/jwt.c \
	lib/cache/rate_limiter.c lib/cache/shared_cache.c \
	lib/rest/breaker.c lib/rest/rest_client.c \
	lib/rest/rest_transfer.c lib/rest/rest_url.c \
	lib/db/db.c lib/db/db_error.c lib/db/db_session.c lib/db/db_value.c \
	lib/db/prepared.c lib/db/result.c lib/db/statement.c \
	lib/db/transaction.c lib/db/sql_script.c lib/db/migration_files.c \
	lib/db/migration.c \
	lib/mq/mq_url.c lib/mq/mq_connection.c lib/mq/mq_frames.c \
	lib/mq/mq_content.c lib/mq/mq_publisher.c lib/mq/mq_topology.c \
	lib/mq/mq_consumer.c \
	lib/http/etag.c lib/http/http.c lib/http/router.c lib/http/exchange.c \
	lib/http/socket_watch.c lib/http/lobby.c lib/http/reception.c \
	lib/http/fcgi_server.c lib/http/cgi_server.c \
	lib/prefork/listener.c lib/prefork/scoreboard.c lib/prefork/brake.c \
	lib/prefork/children.c lib/prefork/notify.c lib/prefork/overdue.c \
	lib/prefork/phase_log.c lib/prefork/prefork.c \
	lib/prefork/process_memory.c \
	lib/prefork/queue_clock.c lib/prefork/queue_depth.c \
	lib/prefork/responder.c lib/prefork/scaling.c lib/prefork/staff.c \
	lib/prefork/status.c lib/prefork/status_client.c \
	lib/prefork/status_metrics.c \
	lib/prefork/steer.c lib/prefork/upgrade.c \
	lib/metrics/metrics.c

SRC_SOURCES = \
	src/model/booking.c src/model/booking_errors.c \
	src/model/booking_list.c src/model/caller.c \
	src/model/booking_state.c src/model/event.c src/model/flight.c \
	src/model/passenger_rules.c src/model/phase.c src/model/seat_choice.c \
	src/repository/booking_list_repo.c src/repository/history_repo.c \
	src/repository/request_key_repo.c \
	src/repository/booking_repo.c src/repository/create_repo.c src/repository/event_repo.c \
	src/repository/flight_repo.c src/repository/hold_repo.c \
	src/repository/inbox_repo.c src/repository/lease_repo.c \
	src/repository/outbox_repo.c src/repository/reference_repo.c \
	src/repository/seat_repo.c src/repository/seed_repo.c \
	src/repository/statements.c \
	src/gateway/admission.c \
	src/gateway/auth_gateway.c src/gateway/event_publisher.c \
	src/gateway/flight_answer.c src/gateway/flight_gateway.c \
	src/gateway/relay_wake.c \
	src/service/authorization.c src/service/booking_create.c \
	src/service/creation_commit.c src/service/creation_flight.c \
	src/service/creation_replay.c \
	src/service/booking_cancel.c src/service/booking_change.c \
	src/service/booking_confirm.c src/service/booking_edit.c \
	src/service/booking_extend.c \
	src/service/booking_refund.c \
	src/service/booking_history.c src/service/booking_list.c \
	src/service/booking_load.c src/service/booking_totals.c \
	src/service/idempotency_sweep.c \
	src/service/seat_map.c \
	src/service/booking_get.c src/service/hold_expiry.c \
	src/service/inventory.c \
	src/service/outbox.c src/service/published_board.c src/service/seat_allocation.c \
	src/service/seat_hints.c \
	src/controller/call.c src/controller/change_controller.c \
	src/controller/change_input.c src/controller/list_controller.c \
	src/controller/list_input.c src/controller/seat_controller.c \
	src/controller/booking_controller.c src/controller/booking_input.c \
	src/controller/health_controller.c src/controller/input.c \
	src/controller/present.c \
	src/controller/openapi_controller.c \
	src/events/consumer.c src/events/flight_events.c \
	src/events/relay_gather.c src/events/relay_lease.c \
	src/events/payment_events.c src/events/relay.c src/events/reminder.c \
	src/events/sweep.c src/events/topology.c \
	src/app/app.c src/app/background.c src/app/background_settings.c \
	src/app/dispatch.c src/app/live_metrics.c src/app/log_file.c \
	src/app/duty.c src/app/metric_names.c src/app/places.c src/app/pool.c \
	src/app/request_metrics.c src/app/routes.c src/app/settings.c \
	src/app/shared.c src/app/start.c src/app/worker.c \
	src/control/dlq.c src/control/events.c src/control/events_drain.c \
	src/control/events_tail.c \
	src/control/pool.c src/control/pool_screen.c \
	src/control/doctor.c src/control/doctor_command.c \
	src/control/doctor_database.c src/control/doctor_host.c \
	src/control/doctor_peers.c \
	src/control/command.c src/control/errors.c src/control/migrate.c \
	src/control/progress.c src/control/seed.c \
	src/control/settings_command.c src/control/token.c

# A program of its own for development and tests; nothing else links it.
SANDBOX_SOURCES = \
	src/sandbox/auth_service.c src/sandbox/call.c src/sandbox/control.c \
	src/sandbox/dialect.c src/sandbox/fault.c src/sandbox/flight.c \
	src/sandbox/flight_json.c src/sandbox/flight_service.c \
	src/sandbox/reply.c src/sandbox/sandbox.c src/sandbox/service.c \
	src/sandbox/state.c

PROGRAMS = booking.fcgi booking-events bookingctl sandbox.fcgi

UNIT_TESTS = \
	tests/unit/lib/cache/rate_limiter_test.c \
	tests/unit/lib/cache/shared_cache_test.c \
	tests/unit/lib/core/arena_test.c tests/unit/lib/core/buf_test.c \
	tests/unit/lib/core/clock_test.c tests/unit/lib/core/digest_test.c \
	tests/unit/lib/core/err_test.c tests/unit/lib/core/ident_test.c \
	tests/unit/lib/core/log_test.c tests/unit/lib/core/money_test.c \
	tests/unit/lib/core/text_test.c \
	tests/unit/lib/config/config_test.c \
	tests/unit/lib/config/config_value_test.c \
	tests/unit/lib/config/config_print_test.c \
	tests/unit/lib/config/dotenv_test.c \
	tests/unit/lib/db/db_error_test.c tests/unit/lib/db/db_value_test.c \
	tests/unit/lib/db/migration_files_test.c \
	tests/unit/lib/db/sql_script_test.c \
	tests/unit/lib/metrics/metrics_test.c \
	tests/unit/lib/http/cgi_server_test.c \
	tests/unit/lib/http/etag_test.c \
	tests/unit/lib/http/exchange_test.c \
	tests/unit/lib/http/fcgi_server_test.c \
	tests/unit/lib/http/fcgi_server_peers_test.c \
	tests/unit/lib/http/fcgi_server_signals_test.c \
	tests/unit/lib/http/lobby_test.c \
	tests/unit/lib/http/http_test.c tests/unit/lib/http/router_test.c \
	tests/unit/lib/prefork/brake_test.c \
	tests/unit/lib/prefork/listener_test.c \
	tests/unit/lib/prefork/notify_test.c \
	tests/unit/lib/prefork/prefork_test.c \
	tests/unit/lib/prefork/queue_clock_test.c \
	tests/unit/lib/prefork/queue_depth_test.c \
	tests/unit/lib/prefork/responder_test.c \
	tests/unit/lib/prefork/scaling_test.c \
	tests/unit/lib/prefork/scoreboard_test.c \
	tests/unit/lib/prefork/steer_test.c \
	tests/unit/lib/json/json_gate_test.c \
	tests/unit/lib/json/json_in_test.c \
	tests/unit/lib/json/json_key_set_test.c \
	tests/unit/lib/json/json_out_test.c \
	tests/unit/lib/json/json_unescape_test.c \
	tests/unit/lib/jwt/jwt_test.c tests/unit/lib/rest/breaker_test.c \
	tests/unit/lib/rest/rest_client_breaker_test.c \
	tests/unit/lib/rest/rest_client_connections_test.c \
	tests/unit/lib/rest/rest_client_test.c \
	tests/unit/src/app/live_metrics_test.c \
	tests/unit/src/app/places_test.c \
	tests/unit/src/app/settings_test.c \
	tests/unit/lib/mq/mq_connection_test.c \
	tests/unit/lib/mq/mq_url_test.c \
	tests/unit/src/controller/booking_input_test.c \
	tests/unit/src/controller/change_input_test.c \
	tests/unit/src/controller/input_test.c \
	tests/unit/src/controller/list_input_test.c \
	tests/unit/src/controller/present_test.c \
	tests/unit/src/gateway/auth_gateway_test.c \
	tests/unit/src/gateway/flight_answer_test.c \
	tests/unit/src/model/booking_test.c \
	tests/unit/src/model/booking_list_test.c \
	tests/unit/src/model/booking_state_test.c \
	tests/unit/src/model/flight_test.c \
	tests/unit/src/model/passenger_rules_test.c \
	tests/unit/src/model/seat_choice_test.c \
	tests/unit/src/service/authorization_test.c \
	tests/unit/src/service/booking_totals_test.c \
	tests/unit/src/service/published_board_test.c \
	tests/unit/src/events/relay_test.c \
	tests/unit/src/events/reminder_test.c \
	tests/unit/src/events/topology_test.c \
	tests/unit/src/gateway/relay_wake_test.c \
	tests/unit/src/sandbox/auth_service_test.c \
	tests/unit/src/sandbox/control_test.c \
	tests/unit/src/sandbox/fault_test.c \
	tests/unit/src/sandbox/flight_service_test.c \
	tests/unit/src/sandbox/flight_test.c \
	tests/unit/src/sandbox/readme_test.c \
	tests/unit/src/sandbox/state_test.c \
	tests/unit/src/service/seat_hints_test.c

# What several unit tests need; linked into each of them.
UNIT_SUPPORT = tests/unit/support/fcgi_client.c \
	tests/unit/support/fcgi_worker.c tests/unit/support/tiny_server.c

# With TEST_DB_SOCKET, TEST_RABBITMQ_URL: a private database and broker.
INTEGRATION_TESTS = \
	tests/integration/lib/db/db_loss_test.c \
	tests/integration/lib/db/db_test.c \
	tests/integration/lib/db/migration_test.c \
	tests/integration/lib/db/transaction_at_once_test.c \
	tests/integration/lib/db/transaction_test.c \
	tests/integration/lib/mq/consume_test.c \
	tests/integration/lib/mq/outage_test.c \
	tests/integration/lib/mq/publish_test.c \
	tests/integration/lib/mq/topology_test.c \
	tests/integration/src/repository/booking_list_repo_test.c \
	tests/integration/src/repository/statements_test.c \
	tests/integration/src/service/booking_list_test.c \
	tests/integration/src/service/idempotency_sweep_test.c \
	tests/integration/src/service/seat_allocation_test.c

# --- how to compile ------------------------------------------------------------

CSTD = -std=c11 -D_GNU_SOURCE
WARNINGS = -pedantic -Wall -Wextra -Werror \
	-Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
	-Wformat=2 -Wvla -Wundef -Wwrite-strings -Wcast-qual -Wpointer-arith \
	-Wswitch-enum -Wconversion -fno-common
HARDENING = -O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong \
	-fstack-clash-protection -fcf-protection=full -fPIE
LINK_HARDENING = -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed
SANITIZERS = -O1 -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined

ifeq ($(SANITIZE),1)
MODE = $(SANITIZERS)
MODE_LINK = $(SANITIZERS)
else
MODE = $(HARDENING)
MODE_LINK = $(LINK_HARDENING)
endif

# Oracle's and MariaDB's client libraries answer to different names.
MYSQL_PACKAGE := $(shell for p in mysqlclient libmariadb mariadb; do \
	pkg-config --exists $$p 2>/dev/null && echo $$p && break; done)
PACKAGES = $(MYSQL_PACKAGE) librabbitmq json-c libcurl libcrypto
# Third-party headers are not ours to warn about.
PACKAGE_CFLAGS := $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(PACKAGES) 2>/dev/null))
PACKAGE_LIBS := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -lfcgi

COMPILE = $(CC) $(CSTD) $(WARNINGS) $(MODE) -g -MMD -MP $(PACKAGE_CFLAGS)

# Each floor sees itself and what is below it.
LIB_INCLUDE = -iquote lib
SRC_INCLUDE = $(LIB_INCLUDE) -iquote src
CGI_INCLUDE = $(SRC_INCLUDE) -iquote cgi-bin
UNIT_INCLUDE = -iquote tests/unit

LIB_OBJECTS = $(LIB_SOURCES:%.c=$(BUILD)/%.o)
SRC_OBJECTS = $(SRC_SOURCES:%.c=$(BUILD)/%.o)
SANDBOX_OBJECTS = $(SANDBOX_SOURCES:%.c=$(BUILD)/%.o)
# The API's description, as bytes of the program.
OPENAPI_OBJECT = $(BUILD)/src/app/openapi.o
SUPPORT_OBJECTS = $(UNIT_SUPPORT:%.c=$(BUILD)/%.o)

.PHONY: all
all: $(PROGRAMS:%=$(BIN)/%)

# Another compiler, client library or SANITIZE in the same BUILD compiles anew.
SETTINGS = $(BUILD)/settings
.PHONY: always
$(SETTINGS): always
	@mkdir -p $(@D)
	@echo '$(COMPILE) $(PACKAGE_LIBS)' | cmp -s - $@ || \
	    echo '$(COMPILE) $(PACKAGE_LIBS)' >$@

$(BUILD)/lib/%.o: lib/%.c $(SETTINGS)
	@mkdir -p $(@D)
	$(COMPILE) $(LIB_INCLUDE) -c -o $@ $<

$(BUILD)/src/%.o: src/%.c $(SETTINGS)
	@mkdir -p $(@D)
	$(COMPILE) $(SRC_INCLUDE) -c -o $@ $<

$(BUILD)/src/app/openapi.c: src/app/openapi.json src/app/embed.sh
	@mkdir -p $(@D)
	src/app/embed.sh OPENAPI controller/openapi_controller.h <$< >$@.new
	mv $@.new $@

$(OPENAPI_OBJECT): $(BUILD)/src/app/openapi.c $(SETTINGS)
	$(COMPILE) $(SRC_INCLUDE) -c -o $@ $<

$(BUILD)/cgi-bin/%.o: cgi-bin/%.c $(SETTINGS)
	@mkdir -p $(@D)
	$(COMPILE) $(CGI_INCLUDE) -c -o $@ $<

$(BUILD)/liblib.a: $(LIB_OBJECTS)
	rm -f $@ && ar rcs $@ $^

$(BUILD)/libsrc.a: $(SRC_OBJECTS) $(OPENAPI_OBJECT)
	rm -f $@ && ar rcs $@ $^

$(BUILD)/libsandbox.a: $(SANDBOX_OBJECTS)
	rm -f $@ && ar rcs $@ $^

PROGRAM_PARTS = $(BUILD)/libsrc.a $(BUILD)/liblib.a

$(BIN)/booking.fcgi: $(BUILD)/cgi-bin/booking_fcgi.o $(PROGRAM_PARTS)
$(BIN)/booking-events: $(BUILD)/cgi-bin/booking_events.o $(PROGRAM_PARTS)
$(BIN)/bookingctl: $(BUILD)/cgi-bin/bookingctl.o $(PROGRAM_PARTS)
$(BIN)/booking.fcgi $(BIN)/booking-events $(BIN)/bookingctl:
	@mkdir -p $(@D)
	$(CC) -o $@ $^ $(MODE_LINK) $(PACKAGE_LIBS)

$(BIN)/sandbox.fcgi: $(BUILD)/cgi-bin/sandbox_fcgi.o $(BUILD)/libsandbox.a \
    $(BUILD)/liblib.a
	@mkdir -p $(@D)
	$(CC) -o $@ $^ $(MODE_LINK) $(PACKAGE_LIBS)

# --- unit tests: a test links its own floor and what is below -------------------

$(BUILD)/tests/unit/support/%.o: tests/unit/support/%.c $(SETTINGS)
	@mkdir -p $(@D)
	$(COMPILE) $(LIB_INCLUDE) $(UNIT_INCLUDE) -c -o $@ $<

$(BUILD)/libsupport.a: $(SUPPORT_OBJECTS)
	rm -f $@ && ar rcs $@ $^

$(BUILD)/tests/unit/lib/%: tests/unit/lib/%.c $(BUILD)/libsupport.a \
    $(BUILD)/liblib.a
	@mkdir -p $(@D)
	$(COMPILE) $(LIB_INCLUDE) $(UNIT_INCLUDE) -o $@ $< \
	    $(BUILD)/libsupport.a $(BUILD)/liblib.a $(MODE_LINK) \
	    $(PACKAGE_LIBS) -lcmocka -lm

$(BUILD)/tests/unit/src/%: tests/unit/src/%.c $(BUILD)/libsrc.a $(BUILD)/liblib.a
	@mkdir -p $(@D)
	$(COMPILE) $(SRC_INCLUDE) -iquote tests/unit/src -o $@ $< $(BUILD)/libsrc.a $(BUILD)/liblib.a \
	    $(MODE_LINK) $(PACKAGE_LIBS) -lcmocka -lm

$(BUILD)/tests/unit/src/sandbox/%: tests/unit/src/sandbox/%.c \
    $(BUILD)/libsandbox.a $(BUILD)/liblib.a
	@mkdir -p $(@D)
	$(COMPILE) $(SRC_INCLUDE) -o $@ $< $(BUILD)/libsandbox.a \
	    $(BUILD)/liblib.a $(MODE_LINK) $(PACKAGE_LIBS) -lcmocka -lm

# --- integration tests: the same, against a real database and broker ------------

$(BUILD)/tests/integration/lib/%: tests/integration/lib/%.c $(BUILD)/liblib.a
	@mkdir -p $(@D)
	$(COMPILE) $(LIB_INCLUDE) -o $@ $< $(BUILD)/liblib.a $(MODE_LINK) \
	    $(PACKAGE_LIBS) -lcmocka -lm

MQ_FIXTURE = tests/integration/lib/mq/broker.c tests/integration/lib/mq/node.c
$(BUILD)/tests/integration/lib/mq/%: tests/integration/lib/mq/%.c \
    $(MQ_FIXTURE) $(BUILD)/liblib.a
	@mkdir -p $(@D)
	$(COMPILE) $(LIB_INCLUDE) -o $@ $< $(MQ_FIXTURE) $(BUILD)/liblib.a \
	    $(MODE_LINK) $(PACKAGE_LIBS) -lcmocka -lm

INTEGRATION_INCLUDE = -iquote tests/integration -iquote tests/integration/src
$(BUILD)/tests/integration/src/%: tests/integration/src/%.c \
    $(BUILD)/libsrc.a $(BUILD)/liblib.a
	@mkdir -p $(@D)
	$(COMPILE) $(SRC_INCLUDE) $(INTEGRATION_INCLUDE) -o $@ $< $(BUILD)/libsrc.a $(BUILD)/liblib.a \
	    $(MODE_LINK) $(PACKAGE_LIBS) -lcmocka -lm

$(BIN)/json_gate: tests/corpus/json_gate_main.c $(BUILD)/liblib.a
	@mkdir -p $(@D)
	$(COMPILE) $(LIB_INCLUDE) -o $@ $< $(BUILD)/liblib.a $(MODE_LINK) \
	    $(PACKAGE_LIBS)

$(BIN)/bench-ceiling: tests/bench/ceiling.c $(PROGRAM_PARTS)
	@mkdir -p $(@D)
	$(COMPILE) $(SRC_INCLUDE) -o $@ $< $(PROGRAM_PARTS) $(MODE_LINK) \
	    $(PACKAGE_LIBS)

.PHONY: bench-programs
bench-programs: $(BIN)/bench-ceiling

.PHONY: unit-tests integration-tests
unit-tests: $(UNIT_TESTS:%.c=$(BUILD)/%)
integration-tests: $(INTEGRATION_TESTS:%.c=$(BUILD)/%)

# What the checks need to know of this file: `make -s print-WARNINGS`.
print-%:
	@echo '$($*)'

# --- commands ---------------------------------------------------------------------

INSTALLED = tests/stack/install.sh
PYTHON = env PYTHONPATH=tests PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3
RUN_TESTS = $(INSTALLED) test -- $(PYTHON) tests/run_tests.py

.PHONY: run stop clean-data install-packages bench
.PHONY: test test-unit test-integration test-api test-webservers test-mysql test-asan
.PHONY: test-json-corpus test-systemd
.PHONY: generated lint format clean help

run: ## install what is missing, build, start everything, say how to use it
	@$(INSTALLED) run -- $(PYTHON) -m stack.run

stop: ## stop what `make run` started
	@$(PYTHON) -m stack.run stop

clean-data: ## forget the data that `make run` left under var/
	@$(PYTHON) -m stack.run clean-data

install-packages: ## install what `make run` and `make test` need, no more
	@$(INSTALLED) test

.PHONY: docs
docs: ## the reference page at /docs (its viewer comes from npm)
	@conf/docs/build.sh $(BUILD)/docs $(BUILD)/npm/docs

test: ## every check and every test; ends with `N passed, N failed`
	@$(RUN_TESTS)

test-unit: ## unit tests
	@$(RUN_TESTS) unit

test-integration: ## tests of lib and src on a real database and broker
	@$(RUN_TESTS) integration

test-api: ## tests of the whole service over HTTP
	@$(RUN_TESTS) api

test-webservers: ## the API tests behind each web server of conf/
	@$(RUN_TESTS) webservers

test-mysql: ## integration and API tests on a MySQL, where one is installed
	@DB_SERVER=mysql $(RUN_TESTS) integration api

test-asan: ## unit, integration and API tests under ASan and UBSan
	@$(RUN_TESTS) --sanitize unit integration api

bench: ## measure it beside its ceiling (BENCH=--help: what can be asked for)
	@$(INSTALLED) bench -- $(PYTHON) -m bench $(BENCH)

test-json-corpus: ## the JSON gate against the public JSON test suite (needs npm)
	@$(MAKE) -s $(BIN)/json_gate
	@$(PYTHON) tests/corpus/json_corpus.py $(BUILD)

test-systemd: ## the units on a booted Debian (root, debootstrap, systemd-nspawn)
	@$(PYTHON) -m systemd

lint: ## static checks: layers, headers, banned calls, format, sizes and more
	@$(RUN_TESTS) lint

generated: $(BIN)/bookingctl ## write the pages that list the settings
	@$(PYTHON) tests/lint/generated.py $(BIN)/bookingctl --write

format: ## format the C sources in place
	@tests/lint/format.sh --fix

# `make install PREFIX=/usr DESTDIR=stage` for packages; docs/deploy.md.
PREFIX = /usr/local
SYSCONFDIR = $(if $(filter /usr /usr/local,$(PREFIX)),,$(PREFIX))/etc
.PHONY: install
install: all ## install programs, migrations, units, web server files
	@PREFIX='$(PREFIX)' SYSCONFDIR='$(SYSCONFDIR)' DESTDIR='$(DESTDIR)' \
	    conf/install.sh $(BUILD)

clean: ## remove what was built
	rm -rf $(BUILD) build-asan build-clang

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' \
	    $(firstword $(MAKEFILE_LIST))
	@echo 'Settings: BUILD=dir (build), CC=clang (gcc), SANITIZE=1'

-include $(LIB_OBJECTS:.o=.d) $(SRC_OBJECTS:.o=.d) $(SANDBOX_OBJECTS:.o=.d) \
    $(OPENAPI_OBJECT:.o=.d) \
    $(SUPPORT_OBJECTS:.o=.d) \
    $(UNIT_TESTS:%.c=$(BUILD)/%.d) $(INTEGRATION_TESTS:%.c=$(BUILD)/%.d) \
    $(wildcard $(BUILD)/cgi-bin/*.d)
