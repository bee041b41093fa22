#include "service/booking_list.h"

#include <string.h>

#include "model/phase.h"
#include "repository/booking_list_repo.h"
#include "service/authorization.h"

static void
set_next(
    const struct booking_query *query, int64_t seen, struct booking_page *page)
{
	const struct booking *last = &page->bookings[page->count - 1];
	bool by_departure = query->filter.sort == SORT_DEPARTURE_DESC ||
			    query->filter.sort == SORT_DEPARTURE_ASC;

	page->next = (struct booking_cursor){
		.sort_ms =
		    by_departure ? last->departure_ms : last->created_at_ms,
		.id = last->id,
		.seen = seen + (int64_t)page->count,
		.total = page->total,
	};
}

/* One booking more than is shown tells whether there is a further page. */
static void
show(const struct booking_query *query, const struct list_page *found,
    int64_t seen, struct booking_page *page)
{
	size_t limit = (size_t)query->limit;

	page->bookings = found->bookings;
	page->count = found->count;
	page->more = found->count > limit;
	if (!page->more)
		return;
	page->count = limit;
	set_next(query, seen, page);
}

static void
set_total(
    const struct booking_query *query, int64_t total, struct booking_page *page)
{
	page->total = total;
	page->pages = (total + query->limit - 1) / query->limit;
}

static int
read_page(struct booking_service *service, const struct request_context *ctx,
    const struct booking_query *query, int64_t seen, struct booking_page *page,
    struct err *err)
{
	const struct list_part part = {
		.after = query->after,
		.skip = seen,
		.limit = (size_t)query->limit + 1,
	};
	struct list_page found;

	if (booking_list_repo_page(service->db, ctx->arena, &query->filter,
		&part, &found, err) != 0)
		return -1;
	show(query, &found, seen, page);
	return 0;
}

static int
go_on(struct booking_service *service, const struct request_context *ctx,
    const struct booking_query *query, struct booking_page *page,
    struct err *err)
{
	int64_t seen = query->after->seen;

	page->page = seen / query->limit + 1;
	set_total(query, query->after->total, page);
	return read_page(service, ctx, query, seen, page, err);
}

/* Past the end, however far, nothing is looked for. */
static int
begin_filtered(struct booking_service *service,
    const struct request_context *ctx, const struct booking_query *query,
    struct booking_page *page, struct err *err)
{
	int64_t total;

	if (booking_list_repo_count(
		service->db, ctx->arena, &query->filter, &total, err) != 0)
		return -1;
	set_total(query, total, page);
	if (query->page > page->pages)
		return 0;
	return read_page(
	    service, ctx, query, (query->page - 1) * query->limit, page, err);
}

/* The page and the count in one statement; an empty page has no count. What is
 * known of the user's total is not added to: only what was counted as a whole
 * is remembered, so that an error does not outlive its entry. */
static int
begin_plain(struct booking_service *service, const struct request_context *ctx,
    const struct booking_query *query, struct booking_page *page,
    struct err *err)
{
	const char *user_id = query->filter.user_id;
	int64_t now_ms = clock_wall_ms();
	struct counted_bookings known =
	    booking_totals_find(&service->totals, user_id, now_ms);
	const struct list_part part = {
		.skip = (query->page - 1) * query->limit,
		.limit = (size_t)query->limit + 1,
		.since_ms = known.before_ms,
	};
	struct list_page found;

	if (booking_list_repo_page(service->db, ctx->arena, &query->filter,
		&part, &found, err) != 0)
		return -1;
	if (found.count == 0 &&
	    booking_list_repo_count_since(service->db, ctx->arena, user_id,
		known.before_ms, &found.since, err) != 0)
		return -1;
	set_total(query, known.count + found.since, page);
	show(query, &found, part.skip, page);
	if (known.before_ms == 0 && part.skip == 0 &&
	    query->filter.sort == SORT_CREATED_DESC)
		booking_totals_note(&service->totals, user_id, now_ms,
		    page->total, found.bookings, found.count);
	return 0;
}

static int
list(struct booking_service *service, const struct request_context *ctx,
    const struct booking_query *query, struct booking_page *page,
    struct err *err)
{
	*page = (struct booking_page){ .page = query->page };
	scoreboard_phase(service->slot, PHASE_DB);
	if (query->after != NULL)
		return go_on(service, ctx, query, page, err);
	if (booking_list_repo_is_plain(&query->filter))
		return begin_plain(service, ctx, query, page, err);
	return begin_filtered(service, ctx, query, page, err);
}

int
booking_list_user(struct booking_service *service,
    const struct request_context *ctx, const struct caller *caller,
    const struct booking_query *query, struct booking_page *page,
    struct err *err)
{
	const char *user_id = query->filter.user_id;

	if (authorize_user(caller, user_id, err) != 0)
		return -1;
	if (!user_id_valid(user_id, strlen(user_id))) {
		*page = (struct booking_page){ .page = query->page };
		return 0;
	}
	return list(service, ctx, query, page, err);
}

int
booking_list_all(struct booking_service *service,
    const struct request_context *ctx, const struct caller *caller,
    const struct booking_query *query, struct booking_page *page,
    struct err *err)
{
	if (authorize_role(caller, ACTION_LIST, err) != 0)
		return -1;
	return list(service, ctx, query, page, err);
}
