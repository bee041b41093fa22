#include "app/settings.h"

#include <sched.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/base.h"
#include "prefork/listener.h"

#define SECRET_MIN_BYTES      32
#define SAMPLE_SECRET	      "your-super-secret"
#define WORKERS_PER_PROCESSOR 6

static const struct config_key KEYS[] = {
#define CONFIG_KEY(                                                            \
    heading, key, kind, field, standard, least, most, allowed, marks, text)    \
	{ .section = (heading),                                                \
		.name = #key,                                                  \
		.type = CONFIG_##kind,                                         \
		.offset = offsetof(struct settings, field),                    \
		.fallback = (standard),                                        \
		.min = (least),                                                \
		.max = (most),                                                 \
		.choices = (allowed),                                          \
		.flags = (marks),                                              \
		.help = (text) },
#include "app/config_keys.def"
#undef CONFIG_KEY
};

/* --- rules that no row can say -------------------------------------------- */

static bool
is_dynamic(const struct settings *settings)
{
	return strcmp(settings->pool_mode, "dynamic") == 0;
}

/* POOL_MAX_WORKERS of 0 stands for a number that is not known here. */
static bool
worker_bounds_crossed(const void *from)
{
	const struct settings *settings = from;

	return is_dynamic(settings) && settings->pool_max_workers != 0 &&
	       settings->pool_min_workers > settings->pool_max_workers;
}

static bool
spare_bounds_crossed(const void *from)
{
	const struct settings *settings = from;

	return is_dynamic(settings) &&
	       settings->pool_spare_min > settings->pool_spare_max;
}

static bool
nothing_to_decide_by(const void *from)
{
	const struct settings *settings = from;

	return strcmp(settings->auth_mode, "local") == 0 &&
	       settings->jwt_secret[0] == '\0';
}

static bool
secret_too_weak(const void *from)
{
	const struct settings *settings = from;
	const char *secret = settings->jwt_secret;

	return strcmp(settings->environment, "production") == 0 &&
	       secret[0] != '\0' &&
	       (strlen(secret) < SECRET_MIN_BYTES ||
		   strncmp(secret, SAMPLE_SECRET, strlen(SAMPLE_SECRET)) == 0);
}

static bool
broker_unknown(const void *from)
{
	const struct settings *settings = from;

	return strncasecmp(settings->rabbitmq_url, "amqps:", 6) == 0 &&
	       settings->rabbitmq_tls_ca[0] == '\0';
}

static bool
no_place_to_listen(const void *from)
{
	const struct settings *settings = from;
	const char *address = settings->pool_listen;

	return address[0] != '\0' && !listener_address_valid(address);
}

static bool
no_place_for_status(const void *from)
{
	const struct settings *settings = from;
	const char *address = settings->pool_status_listen;

	return address[0] != '\0' && strcmp(address, "none") != 0 &&
	       !listener_address_valid(address);
}

static const struct config_rule RULES[] = {
	{ { "POOL_LISTEN" }, no_place_to_listen, "must be " LISTENER_ADDRESS },
	{ { "POOL_STATUS_LISTEN" }, no_place_for_status,
	    "must be none, " LISTENER_ADDRESS },
	{ { "POOL_MIN_WORKERS", "POOL_MAX_WORKERS", "POOL_MODE" },
	    worker_bounds_crossed, "must not be above POOL_MAX_WORKERS" },
	{ { "POOL_SPARE_MIN", "POOL_SPARE_MAX", "POOL_MODE" },
	    spare_bounds_crossed, "must not be above POOL_SPARE_MAX" },
	{ { "JWT_SECRET", "AUTH_MODE" }, nothing_to_decide_by,
	    "must be set when AUTH_MODE is local" },
	{ { "JWT_SECRET", "NODE_ENV" }, secret_too_weak,
	    "production needs a secret of its own of at least 32 bytes" },
	{ { "RABBITMQ_TLS_CA", "RABBITMQ_URL" }, broker_unknown,
	    "must name a file when RABBITMQ_URL is amqps" },
};

const struct config_table SETTINGS_TABLE = {
	.keys = KEYS,
	.count = ARRAY_LEN(KEYS),
	.rules = RULES,
	.rule_count = ARRAY_LEN(RULES),
	.size = sizeof(struct settings),
};

int
settings_load(const char *env_file, struct settings *settings,
    struct config_values **values, FILE *problems)
{
	return config_load(&SETTINGS_TABLE,
	    env_file == NULL ? ".env" : env_file, environ, settings, values,
	    problems);
}

unsigned
settings_default_workers(void)
{
	cpu_set_t usable;
	long processors = sched_getaffinity(0, sizeof(usable), &usable) == 0
			      ? CPU_COUNT(&usable)
			      : sysconf(_SC_NPROCESSORS_ONLN);

	return (unsigned)(processors < 1 ? 1 : processors) *
	       WORKERS_PER_PROCESSOR;
}
