#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/places.h"
#include "app/pool.h"
#include "app/start.h"
#include "control/command.h"
#include "control/pool_screen.h"
#include "core/clock.h"
#include "core/text.h"
#include "prefork/status_client.h"
#include "json/json_in.h"

#define ARENA_BYTES (8 * 1024 * 1024)
#define ASK_MS	    5000
#define RESTART_MS  60000
#define POLL_MS	    100

struct asking {
	struct arena *arena;
	const char *address;
	int argc;
	char **argv; /* [0] is the subcommand */
};

static int
fail(const struct err *err)
{
	return command_failed(&COMMAND_POOL, err);
}

/* Asks and prints the answer: an exit status. */
static int
show(const struct asking *asking, const char *method, const char *target)
{
	struct status_answer answer;
	struct err err;

	err_clear(&err);
	if (status_client_ask(asking->address, method, target, ASK_MS,
		asking->arena, &answer, &err) != 0)
		return fail(&err);
	fputs(answer.body, answer.status == 200 ? stdout : stderr);
	return answer.status == 200 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* --- status ------------------------------------------------------------- */

static const char *
fetch_text(void *context, struct arena *arena)
{
	const struct asking *asking = context;
	struct status_answer answer;
	struct err err;

	err_clear(&err);
	if (status_client_ask(asking->address, "GET", "/status", ASK_MS, arena,
		&answer, &err) != 0)
		return arena_strdup(arena, err.details);
	return answer.body;
}

static int
status(struct asking *asking)
{
	const char *form = asking->argc > 1 ? asking->argv[1] : "";

	if (strcmp(form, "--json") == 0)
		return show(asking, "GET", "/status.json");
	if (strcmp(form, "--metrics") == 0)
		return show(asking, "GET", "/metrics");
	if (form[0] != '\0')
		return command_usage(&COMMAND_POOL, "unknown arguments");
	if (!pool_screen_possible())
		return show(asking, "GET", "/status");
	pool_screen_show(fetch_text, asking);
	return EXIT_SUCCESS;
}

/* --- orders ------------------------------------------------------------- */

static int
scale(struct asking *asking)
{
	int64_t n;

	if (asking->argc != 2 ||
	    text_parse_int(asking->argv[1], 1, UINT16_MAX, &n) != 0)
		return command_usage(&COMMAND_POOL, "say how many workers");
	return show(asking, "POST",
	    arena_printf(asking->arena, "/scale?workers=%lld", (long long)n));
}

static int
ping(struct asking *asking)
{
	return show(asking, "GET", "/ping");
}

static int
reload(struct asking *asking)
{
	return show(asking, "POST", "/reload");
}

static int
reopen(struct asking *asking)
{
	return show(asking, "POST", "/reopen");
}

static int
drain(struct asking *asking)
{
	return show(asking, "POST", "/drain");
}

/* --- restart ------------------------------------------------------------ */

/* The process that answers. */
struct master {
	int64_t pid;
	bool serving;
	bool upgrading; /* it waits for its successor */
};

static int
who_answers(const struct asking *asking, struct master *master, struct err *err)
{
	const struct json_value *root;
	struct status_answer answer;

	if (status_client_ask(asking->address, "GET", "/status.json", ASK_MS,
		asking->arena, &answer, err) != 0 ||
	    json_parse(asking->arena, answer.body, strlen(answer.body), &root,
		err) != 0)
		return -1;
	if (json_integer(json_get(root, "pid"), &master->pid) != 0 ||
	    json_bool(json_get(root, "serving"), &master->serving) != 0 ||
	    json_bool(json_get(root, "upgrading"), &master->upgrading) != 0)
		return err_set_public(err, &ERR_UNAVAILABLE,
		    "what listens there is no pool's master");
	return 0;
}

/* While both live either may answer. */
static int
await_successor(const struct asking *asking, int64_t old_pid)
{
	struct deadline deadline = deadline_in(RESTART_MS);
	struct master master;
	struct err err;

	while (deadline_left_ms(deadline) > 0) {
		arena_reset(asking->arena);
		err_clear(&err);
		if (who_answers(asking, &master, &err) != 0)
			return fail(&err);
		if (master.pid == old_pid && !master.upgrading) {
			fputs("the new process ended before it served; the "
			      "old one serves on, see its log\n",
			    stderr);
			return EXIT_FAILURE;
		}
		if (master.pid != old_pid && master.serving) {
			printf("process %lld took over from %lld\n",
			    (long long)master.pid, (long long)old_pid);
			return EXIT_SUCCESS;
		}
		poll(NULL, 0, POLL_MS);
	}
	fputs("the new process does not serve yet; see the log\n", stderr);
	return EXIT_FAILURE;
}

static int
restart(struct asking *asking)
{
	struct master master;
	struct err err;

	err_clear(&err);
	if (who_answers(asking, &master, &err) != 0)
		return fail(&err);
	if (show(asking, "POST", "/restart") != EXIT_SUCCESS)
		return EXIT_FAILURE;
	return await_successor(asking, master.pid);
}

/* --- the command -------------------------------------------------------- */

static const struct deed {
	const char *name;
	int (*run)(struct asking *asking);
} DEEDS[] = {
	{ "status", status },
	{ "ping", ping },
	{ "scale", scale },
	{ "reload", reload },
	{ "restart", restart },
	{ "reopen", reopen },
	{ "drain", drain },
};

static int
run_deed(struct asking *asking)
{
	for (size_t i = 0; i < ARRAY_LEN(DEEDS); i++)
		if (strcmp(DEEDS[i].name, asking->argv[0]) == 0)
			return DEEDS[i].run(asking);
	return command_usage(&COMMAND_POOL, "there is no such subcommand");
}

/* Where the pool of these settings listens. */
static const char *
pool_address(const struct settings *settings)
{
	return settings->pool_listen[0] != '\0' ? settings->pool_listen
						: "unix:" PLACE_POOL_SOCKET;
}

static int
run(const struct settings *settings, int argc, char **argv)
{
	bool named = argc > 2 && strcmp(argv[1], "--at") == 0;
	int first = named ? 3 : 1;
	char address[256];
	struct asking asking = { .argc = argc - first, .argv = argv + first };
	int result;

	if (asking.argc < 1)
		return command_usage(&COMMAND_POOL, "say what to do");
	if (!named && !pool_status_address(settings, pool_address(settings),
			  address, sizeof(address)))
		return command_usage(&COMMAND_POOL,
		    "this pool has no socket of that kind: set "
		    "POOL_STATUS_LISTEN, or say --at ADDRESS");
	asking.address = named ? argv[2] : address;
	asking.arena = arena_create(ARENA_BYTES);
	result = run_deed(&asking);
	arena_free(asking.arena);
	return result;
}

const struct command COMMAND_POOL = {
	.name = "pool",
	.arguments = "[--at ADDRESS] status [--json | --metrics] | ping | "
		     "scale N | reload | restart | reopen | drain",
	.summary = "look at the pool, live on a terminal, and steer it",
	.run = run,
};
