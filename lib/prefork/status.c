#include "prefork/status.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/text.h"
#include "prefork/phase_log.h"
#include "prefork/pool.h"
#include "prefork/process_memory.h"
#include "json/json_out.h"

/* --- one worker --------------------------------------------------------- */

/* A moment of a worker's life. */
struct view {
	unsigned index;
	int pid;
	const char *state;
	unsigned generation; /* of the pool */
	uint64_t requests;
	int64_t lived_ms;
	bool at_work;
	char request_id[REQUEST_ID_SIZE];
	char route[32]; /* "" for none */
	const char *phase;
	int64_t age_ms; /* of the request */
	int64_t phase_ms;
	struct process_memory memory; /* -1: not known */
};

static void
view_request(const struct pool *pool, struct scoreboard_slot *slot,
    int64_t now_us, struct view *view)
{
	int route = slot->route;

	text_copy(view->request_id, sizeof(view->request_id), slot->request_id);
	if (route >= 0 && pool->options.route_name != NULL)
		text_copy(view->route, sizeof(view->route),
		    pool->options.route_name(route));
	view->phase = phase_log_name(slot);
	view->age_ms = (now_us - slot->request_started_us) / 1000;
	view->phase_ms = (now_us - slot->phase_started_us) / 1000;
}

/* False when the slot is empty. */
static bool
view_worker(const struct pool *pool, unsigned index, struct view *view)
{
	struct scoreboard_slot *slot = &pool->board->slot[index];
	int state = slot->state;
	int64_t now_us = clock_monotonic_us();

	if (pool->children[index].pid == 0 || state == WORKER_EMPTY)
		return false;
	*view = (struct view){
		.index = index,
		.pid = pool->children[index].pid,
		.state =
		    slot->leaving ? "leaving" : scoreboard_state_name(state),
		.generation = pool->children[index].generation,
		.requests = slot->requests,
		.lived_ms = now_us / 1000 - slot->started_ms,
		.at_work = slot->request_started_us != 0,
		.phase = "",
	};
	if (view->at_work)
		view_request(pool, slot, now_us, view);
	if (process_memory_read(view->pid, &view->memory) != 0)
		view->memory = (struct process_memory){ -1, -1 };
	return true;
}

/* --- text --------------------------------------------------------------- */

static void
text_head(const struct pool *pool, const struct census *census, struct buf *out)
{
	const struct scoreboard *board = pool->board;
	int64_t up_s = (clock_monotonic_ms() - board->pool.started_ms) / 1000;

	buf_printf(out,
	    "%s: process %ld, generation %u, up %" PRId64 "h %02" PRId64
	    "m %02" PRId64 "s%s\n",
	    pool->options.name, (long)getpid(), pool->generation, up_s / 3600,
	    up_s / 60 % 60, up_s % 60,
	    pool->draining	     ? ", draining"
	    : pool->upgrade.pid != 0 ? ", upgrading"
				     : "");
	buf_printf(out, "workers   %u %s:", census->alive,
	    board->pool.dynamic ? "dynamic" : "static");
	for (int state = WORKER_EMPTY + 1; state < WORKER_STATE__COUNT; state++)
		if (census->by_state[state] > 0)
			buf_printf(out, " %u %s", census->by_state[state],
			    scoreboard_state_name(state));
	buf_printf(out, "; wanted %u, limits %u to %u", board->pool.wanted,
	    board->pool.least, board->pool.most);
	if (board->pool.dynamic)
		buf_printf(out, ", spare %u to %u", board->pool.spare_min,
		    board->pool.spare_max);
	buf_printf(out,
	    "\nrequests  %" PRIu64 " answered, %.1f a second, %" PRIu64
	    " shed\n",
	    census->requests, pool->requests_per_s, census->shed);
	buf_printf(out, "queue     %u of %u waiting, %u at most so far\n",
	    board->queue.depth, board->queue.room, board->queue.deepest);
}

static void
text_ends(const struct scoreboard *board, struct buf *out)
{
	buf_printf(
	    out, "workers   %" PRIu64 " started; ended:", board->pool.starts);
	for (int end = 0; end < WORKER_END__COUNT; end++)
		buf_printf(out, " %" PRIu64 " %s", board->pool.ends[end],
		    scoreboard_end_name((enum worker_end)end));
	buf_printf(out, "\nreloads   %" PRIu64 ", %" PRIu64 " refused\n",
	    board->pool.reloads, board->pool.failed_reloads);
}

static void
text_worker(const struct view *view, struct buf *out)
{
	buf_printf(out, "%4u %8d %-8s %3u %9" PRIu64 " %8" PRId64 " %8" PRId64,
	    view->index, view->pid, view->state, view->generation,
	    view->requests, view->memory.private_kib,
	    view->memory.resident_kib);
	if (view->at_work)
		buf_printf(out, " %7" PRId64 " %-18s %-8s %7" PRId64 " %s",
		    view->age_ms, view->route, view->phase, view->phase_ms,
		    view->request_id);
	buf_char(out, '\n');
}

static void
print_text(const struct pool *pool, struct buf *out)
{
	struct census census;
	struct view view;

	scoreboard_count(pool->board, &census);
	text_head(pool, &census, out);
	text_ends(pool->board, out);
	buf_text(out,
	    "\nslot      pid state    gen  requests  private resident  age_ms "
	    "route              phase   phase_ms request\n");
	for (unsigned i = 0; i < pool->board->slots; i++)
		if (view_worker(pool, i, &view))
			text_worker(&view, out);
}

/* --- JSON --------------------------------------------------------------- */

static void
put_count(struct json_out *out, const char *key, uint64_t count)
{
	json_put_int(out, key, (int64_t)count);
}

static void
json_limits(
    const struct pool *pool, const struct census *census, struct json_out *out)
{
	const struct scoreboard_pool *shown = &pool->board->pool;

	json_begin_object(out, "workers");
	json_put_text(out, "mode", shown->dynamic ? "dynamic" : "static");
	put_count(out, "alive", census->alive);
	put_count(out, "ready", census->ready);
	put_count(out, "leaving", census->leaving);
	put_count(out, "wanted", shown->wanted);
	put_count(out, "min", shown->least);
	put_count(out, "max", shown->most);
	put_count(out, "spare_min", shown->spare_min);
	put_count(out, "spare_max", shown->spare_max);
	json_begin_object(out, "by_state");
	for (int state = WORKER_EMPTY + 1; state < WORKER_STATE__COUNT; state++)
		put_count(
		    out, scoreboard_state_name(state), census->by_state[state]);
	json_end_object(out);
	put_count(out, "started", shown->starts);
	json_begin_object(out, "ended");
	for (int end = 0; end < WORKER_END__COUNT; end++)
		put_count(out, scoreboard_end_name((enum worker_end)end),
		    shown->ends[end]);
	json_end_object(out);
	json_end_object(out);
}

static void
json_totals(
    const struct pool *pool, const struct census *census, struct json_out *out)
{
	const struct queue_clock *queue = &pool->board->queue;

	json_begin_object(out, "requests");
	put_count(out, "answered", census->requests);
	put_count(out, "shed", census->shed);
	put_count(out, "per_second", (uint64_t)(pool->requests_per_s + 0.5));
	json_end_object(out);
	json_begin_object(out, "listen_queue");
	put_count(out, "waiting", queue->depth);
	put_count(out, "deepest", queue->deepest);
	put_count(out, "max", queue->room);
	json_end_object(out);
	json_begin_object(out, "reloads");
	put_count(out, "done", pool->board->pool.reloads);
	put_count(out, "refused", pool->board->pool.failed_reloads);
	json_end_object(out);
}

static void
json_worker(const struct view *view, struct json_out *out)
{
	json_begin_object(out, NULL);
	put_count(out, "slot", view->index);
	json_put_int(out, "pid", view->pid);
	json_put_text(out, "state", view->state);
	put_count(out, "generation", view->generation);
	put_count(out, "requests", view->requests);
	json_put_int(out, "lived_ms", view->lived_ms);
	json_put_int(out, "private_kib", view->memory.private_kib);
	json_put_int(out, "resident_kib", view->memory.resident_kib);
	if (view->at_work) {
		json_begin_object(out, "request");
		json_put_text(out, "id", view->request_id);
		json_put_text(
		    out, "route", view->route[0] == '\0' ? NULL : view->route);
		json_put_text(out, "phase", view->phase);
		json_put_int(out, "age_ms", view->age_ms);
		json_put_int(out, "phase_ms", view->phase_ms);
		json_end_object(out);
	}
	json_end_object(out);
}

static void
print_json(const struct pool *pool, struct buf *buf)
{
	struct census census;
	struct json_out out;
	struct view view;

	scoreboard_count(pool->board, &census);
	json_out_init(&out, buf);
	json_begin_object(&out, NULL);
	json_put_text(&out, "pool", pool->options.name);
	json_put_int(&out, "pid", getpid());
	put_count(&out, "generation", pool->generation);
	json_put_bool(&out, "serving", pool->serving);
	json_put_bool(&out, "upgrading", pool->upgrade.pid != 0);
	json_put_bool(&out, "draining", pool->draining);
	json_put_int(&out, "uptime_ms",
	    clock_monotonic_ms() - pool->board->pool.started_ms);
	json_limits(pool, &census, &out);
	json_totals(pool, &census, &out);
	json_begin_array(&out, "slots");
	for (unsigned i = 0; i < pool->board->slots; i++)
		if (view_worker(pool, i, &view))
			json_worker(&view, &out);
	json_end_array(&out);
	json_end_object(&out);
	buf_char(buf, '\n');
}

/* --- questions ---------------------------------------------------------- */

static void
answer_ping(const struct pool *pool, const struct responder_request *request,
    struct responder_reply *reply)
{
	(void)pool;
	(void)request;
	buf_text(&reply->body, "pong\n");
}

static void
answer_text(const struct pool *pool, const struct responder_request *request,
    struct responder_reply *reply)
{
	(void)request;
	print_text(pool, &reply->body);
}

static void
answer_json(const struct pool *pool, const struct responder_request *request,
    struct responder_reply *reply)
{
	(void)request;
	reply->type = "application/json; charset=utf-8";
	print_json(pool, &reply->body);
}

static void
answer_metrics(const struct pool *pool, const struct responder_request *request,
    struct responder_reply *reply)
{
	const struct prefork_options *options = &pool->options;
	bool open_metrics = request->open_metrics;

	reply->type = open_metrics
			  ? "application/openmetrics-text; version=1.0.0; "
			    "charset=utf-8"
			  : "text/plain; version=0.0.4; charset=utf-8";
	status_print_metrics(pool->board, open_metrics, &reply->body);
	if (options->print_metrics != NULL)
		options->print_metrics(
		    options->context, open_metrics, &reply->body);
	if (open_metrics)
		buf_text(&reply->body, "# EOF\n");
}

/* --- orders ------------------------------------------------------------- */

static void
order_scale(struct pool *pool, const struct responder_request *request,
    struct responder_reply *reply)
{
	static const char name[] = "workers=";
	int64_t n;

	if (strncmp(request->query, name, sizeof(name) - 1) != 0 ||
	    text_parse_int(
		request->query + sizeof(name) - 1, 1, UINT16_MAX, &n) != 0) {
		reply->status = 400;
		buf_text(&reply->body, "say ?workers=N, at least 1\n");
		return;
	}
	if (!staff_set(pool, (unsigned)n)) {
		reply->status = 409;
		buf_printf(&reply->body,
		    "this pool takes at most %u workers; more need a restart\n",
		    staff_room(pool));
		return;
	}
	buf_printf(&reply->body, "%s%u workers\n",
	    pool->options.scaling.dynamic ? "at most " : "",
	    scaling_most(&pool->options.scaling));
}

static void
order_reload(struct pool *pool, const struct responder_request *request,
    struct responder_reply *reply)
{
	(void)request;
	if (steer_reload(pool, &reply->body)) {
		buf_printf(
		    &reply->body, "generation %u starts\n", pool->generation);
		return;
	}
	reply->status = 409;
	buf_text(&reply->body, "nothing was changed\n");
}

static void
order_restart(struct pool *pool, const struct responder_request *request,
    struct responder_reply *reply)
{
	(void)request;
	if (upgrade_start(pool)) {
		buf_printf(&reply->body, "process %ld starts\n",
		    (long)pool->upgrade.pid);
		return;
	}
	reply->status = 409;
	buf_text(&reply->body, "it cannot be restarted now, see the log\n");
}

static void
order_reopen(struct pool *pool, const struct responder_request *request,
    struct responder_reply *reply)
{
	(void)request;
	pool->wishes.reopen = true;
	buf_text(&reply->body, "the log is opened anew\n");
}

static void
order_drain(struct pool *pool, const struct responder_request *request,
    struct responder_reply *reply)
{
	(void)request;
	pool->wishes.stop = true;
	buf_text(&reply->body, "the pool drains and ends\n");
}

/* --- the table ---------------------------------------------------------- */

static const struct place {
	const char *path;
	/* one of them */
	void (*question)(const struct pool *pool,
	    const struct responder_request *request,
	    struct responder_reply *reply);
	void (*order)(struct pool *pool,
	    const struct responder_request *request,
	    struct responder_reply *reply);
} places[] = {
	{ "/ping", answer_ping, NULL },
	{ "/status", answer_text, NULL },
	{ "/status.json", answer_json, NULL },
	{ "/metrics", answer_metrics, NULL },
	{ "/scale", NULL, order_scale },
	{ "/reload", NULL, order_reload },
	{ "/restart", NULL, order_restart },
	{ "/reopen", NULL, order_reopen },
	{ "/drain", NULL, order_drain },
};

static void
refuse(struct responder_reply *reply, int status, const char *why)
{
	reply->status = status;
	buf_text(&reply->body, why);
}

void
status_answer(void *context, const struct responder_request *request,
    struct responder_reply *reply)
{
	struct pool *pool = context;
	const struct place *place = NULL;

	for (size_t i = 0; i < ARRAY_LEN(places) && place == NULL; i++)
		if (strcmp(places[i].path, request->path) == 0)
			place = &places[i];
	if (place == NULL)
		refuse(reply, 404, "there is nothing at this address\n");
	else if (strcmp(request->method,
		     place->question != NULL ? "GET" : "POST") != 0)
		refuse(reply, 405, "not this method\n");
	else if (place->question != NULL)
		place->question(pool, request, reply);
	else if (!request->trusted)
		refuse(reply, 403, "for the pool's own user alone\n");
	else
		place->order(pool, request, reply);
}
