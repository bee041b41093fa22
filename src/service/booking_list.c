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
static int
read_page(struct booking_service *service, const struct request_context *ctx,
    const struct booking_query *query, int64_t seen, struct booking_page *page,
    struct err *err)
{
	size_t limit = (size_t)query->limit;
	const struct list_part part = { query->after, seen, limit + 1 };

	if (booking_list_repo_page(service->db, ctx->arena, &query->filter,
		&part, &page->bookings, &page->count, err) != 0)
		return -1;
	page->more = page->count > limit;
	if (!page->more)
		return 0;
	page->count = limit;
	set_next(query, seen, page);
	return 0;
}

static int
list(struct booking_service *service, const struct request_context *ctx,
    const struct booking_query *query, struct booking_page *page,
    struct err *err)
{
	int64_t limit = query->limit, seen;

	*page = (struct booking_page){ .page = query->page };
	scoreboard_phase(service->slot, PHASE_DB);
	if (query->after != NULL) {
		seen = query->after->seen;
		page->total = query->after->total;
		page->page = seen / limit + 1;
	} else {
		if (booking_list_repo_count(service->db, ctx->arena,
			&query->filter, &page->total, err) != 0)
			return -1;
		/* Past the end, however far, nothing is looked for. */
		if ((query->page - 1) > page->total / limit)
			seen = page->total;
		else
			seen = (query->page - 1) * limit;
	}
	page->pages = (page->total + limit - 1) / limit;
	if (query->after == NULL && seen >= page->total)
		return 0;
	return read_page(service, ctx, query, seen, page, err);
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
