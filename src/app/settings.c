#include "app/settings.h"

#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "core/base.h"

#define SECRET_MIN_BYTES      32
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

const struct config_table SETTINGS_TABLE = { KEYS, ARRAY_LEN(KEYS) };

static bool
is_production(const struct settings *settings)
{
	return strcmp(settings->environment, "production") == 0;
}

/* 0 stands for a number that is not known here. */
static bool
is_over(int64_t low, int64_t high)
{
	return high != 0 && low > high;
}

static int
check_pool(const struct settings *settings, FILE *problems)
{
	int wrong = 0;

	if (strcmp(settings->pool_mode, "dynamic") != 0)
		return 0;
	if (is_over(settings->pool_min_workers, settings->pool_max_workers)) {
		fputs("POOL_MIN_WORKERS: must not be above POOL_MAX_WORKERS\n",
		    problems);
		wrong++;
	}
	if (is_over(settings->pool_spare_min, settings->pool_spare_max)) {
		fputs("POOL_SPARE_MIN: must not be above POOL_SPARE_MAX\n",
		    problems);
		wrong++;
	}
	return wrong;
}

/* Rules over several settings. Each prints its own line; returns how many. */
static int
check_together(const struct settings *settings, FILE *problems)
{
	int wrong = check_pool(settings, problems);

	if (strcmp(settings->auth_mode, "local") == 0 &&
	    settings->jwt_secret[0] == '\0') {
		fputs("JWT_SECRET: must be set when AUTH_MODE is local\n",
		    problems);
		wrong++;
	}
	if (strncmp(settings->rabbitmq_url, "amqps:", 6) == 0 &&
	    settings->rabbitmq_tls_ca[0] == '\0') {
		fputs("RABBITMQ_TLS_CA: must name a file when RABBITMQ_URL "
		      "is amqps\n",
		    problems);
		wrong++;
	}
	if (is_production(settings) && settings->jwt_secret[0] != '\0' &&
	    (strlen(settings->jwt_secret) < SECRET_MIN_BYTES ||
		strncmp(settings->jwt_secret, "your-super-secret", 17) == 0)) {
		fputs("JWT_SECRET: production needs a secret of its own of at "
		      "least 32 bytes\n",
		    problems);
		wrong++;
	}
	return wrong;
}

int
settings_load(const char *env_file, struct settings *settings,
    struct config_values **values, FILE *problems)
{
	if (config_load(&SETTINGS_TABLE, env_file == NULL ? ".env" : env_file,
		environ, settings, values, problems) != 0)
		return -1;
	if (check_together(settings, problems) == 0)
		return 0;
	config_release(*values);
	return -1;
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
