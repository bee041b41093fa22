#include "control/doctor.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/app.h"
#include "app/log_file.h"
#include "core/log.h"

#define ARENA_BYTES	   (16 * 1024 * 1024)
#define MQ_TIMEOUT_MS	   3000
#define REST_BODY_BYTES	   (64 * 1024)
#define CONNECT_TIMEOUT_MS 1000

static const struct {
	const char *name;
	bool at_start;
	void (*run)(struct doctor *doctor);
} CHECKS[] = {
	{ "configuration", false, check_configuration },
	{ "secrets", true, check_secrets },
	{ "socket", false, check_socket },
	{ "backlog", true, check_backlog },
	{ "database", true, check_database },
	{ "database_settings", true, check_database_settings },
	{ "clock", true, check_clock },
	{ "migrations", true, check_migrations },
	{ "broker", true, check_broker },
	{ "topology", false, check_topology },
	{ "services", false, check_services },
	{ "web_server", false, check_web_server },
};

static void
report(struct doctor *doctor, enum finding_level level, const char *what,
    const char *fix)
{
	const struct finding finding = {
		.level = level,
		.check = doctor->check,
		.what = what,
		.fix = fix,
	};

	if (level > doctor->worst)
		doctor->worst = level;
	doctor->report(doctor->context, &finding);
}

void
doctor_ok(struct doctor *doctor, const char *what)
{
	report(doctor, FINDING_OK, what, NULL);
}

void
doctor_warn(struct doctor *doctor, const char *what, const char *fix)
{
	report(doctor, FINDING_WARN, what, fix);
}

void
doctor_fail(struct doctor *doctor, const char *what, const char *fix)
{
	report(doctor, FINDING_FAIL, what, fix);
}

enum finding_level
doctor_run(struct doctor *doctor, enum doctor_extent extent)
{
	const struct rest_settings rest = {
		.connect_timeout_ms = CONNECT_TIMEOUT_MS,
		.max_body_bytes = REST_BODY_BYTES,
	};

	signal(SIGPIPE, SIG_IGN);
	doctor->db_settings = app_db_settings(doctor->settings);
	doctor->mq_settings = app_mq_settings(doctor->settings, "doctor");
	doctor->mq_settings.timeout_ms = MQ_TIMEOUT_MS;
	doctor->db = db_create(&doctor->db_settings);
	doctor->mq = mq_create(&doctor->mq_settings);
	doctor->rest = rest_client_create(&rest);
	for (size_t i = 0; i < ARRAY_LEN(CHECKS); i++) {
		if (extent == DOCTOR_AT_START && !CHECKS[i].at_start)
			continue;
		doctor->check = CHECKS[i].name;
		CHECKS[i].run(doctor);
	}
	rest_client_free(doctor->rest);
	mq_free(doctor->mq);
	db_free(doctor->db);
	return doctor->worst;
}

/* --- at the start of a pool ----------------------------------------------
 */

static void
log_finding(void *context, const struct finding *finding)
{
	static const enum log_level LEVELS[] = {
		[FINDING_OK] = LOG_DEBUG,
		[FINDING_WARN] = LOG_WARN,
		[FINDING_FAIL] = LOG_ERROR,
	};

	(void)context;
	log_write(LEVELS[finding->level], "self_check",
	    LOG_FIELDS(LOG_TEXT("check", finding->check),
		LOG_TEXT("what", finding->what),
		LOG_TEXT("fix", finding->fix)));
}

/* Keeps neither the pool's sockets nor a web server's. */
static void
leave_sockets(void)
{
	int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (nothing >= 0)
		dup2(nothing, STDIN_FILENO);
	close_range(STDERR_FILENO + 1, UINT_MAX, 0);
}

_Noreturn static void
check_and_log(const struct settings *settings)
{
	struct doctor doctor = {
		.settings = settings,
		.arena = arena_create(ARENA_BYTES),
		.report = log_finding,
	};
	static const char *const RESULTS[] = {
		[FINDING_OK] = "ok",
		[FINDING_WARN] = "warnings",
		[FINDING_FAIL] = "failures",
	};
	enum finding_level worst;

	leave_sockets();
	if (log_file_open("POOL_LOG_FILE", settings->pool_log_file, stderr) !=
	    0)
		_exit(EXIT_FAILURE);
	worst = doctor_run(&doctor, DOCTOR_AT_START);
	log_write(LOG_INFO, "self_check_end",
	    LOG_FIELDS(LOG_TEXT("result", RESULTS[worst])));
	_exit(EXIT_SUCCESS);
}

void
doctor_at_start(const struct settings *settings)
{
	pid_t child = fork();

	if (child == 0) {
		/* Handed over to init, so that the pool never meets it. */
		if (fork() == 0)
			check_and_log(settings);
		_exit(EXIT_SUCCESS);
	}
	if (child > 0)
		waitpid(child, NULL, 0);
}
