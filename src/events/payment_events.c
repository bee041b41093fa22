#include "events/payment_events.h"

#include <string.h>

#include "core/log.h"
#include "core/money.h"
#include "db/transaction.h"
#include "model/booking_errors.h"
#include "service/hold_expiry.h"
#include "json/json_in.h"

#define COMPLETED	"payment.completed"
#define FAILED		"payment.failed"
#define REASON_FAILED	"payment_failed"
#define REASON_TOO_LATE "payment_after_cancellation"
/* A booking that changes under our eyes is looked at again. */
#define LOOKS 4

struct payment {
	const char *booking_id;
	const char *payment_id; /* NULL: not told */
	const char *currency;
	int64_t amount_cents;
};

struct payment_work {
	struct booking_service *service;
	const struct request_context *ctx;
	struct message *message;
	struct payment payment;
	struct booking *booking; /* as it was when last looked at */
	struct expected_versions seen;
};

/* --- reading -----------------------------------------------------------------
 */

static int
unusable(struct err *err, const char *what)
{
	return err_set_public(err, &MESSAGE_UNUSABLE, "%s", what);
}

/* Ids are texts or whole numbers. */
static const char *
read_id(const struct json_value *body, const char *name)
{
	const struct json_value *value = json_get(body, name);

	return json_type_of(value) == JSON_INTEGER ? json_number_text(value)
						   : json_string(value, NULL);
}

static int
read_amount(const struct json_value *value, int64_t *cents)
{
	const char *text = json_type_of(value) == JSON_STRING
			       ? json_string(value, NULL)
			       : json_number_text(value);

	return text == NULL ? -1 : money_parse(text, strlen(text), cents);
}

static int
read_money(
    const struct json_value *body, struct payment *payment, struct err *err)
{
	payment->currency = json_string(json_get(body, "currency"), NULL);
	if (payment->currency == NULL)
		return unusable(err, "currency must be a text");
	if (read_amount(json_get(body, "amount"), &payment->amount_cents) != 0)
		return unusable(
		    err, "amount must be a number with two decimals at most");
	return 0;
}

static int
read_body(
    struct payment_work *work, const struct json_value **body, struct err *err)
{
	const struct mq_delivery *delivery = work->message->delivery;
	struct err wrong;

	err_clear(&wrong);
	if (json_parse(work->ctx->arena, delivery->body, delivery->body_len,
		body, &wrong) != 0 ||
	    json_type_of(*body) != JSON_OBJECT)
		return unusable(err, "the body is not one JSON object");
	work->payment.booking_id = read_id(*body, "booking_id");
	work->payment.payment_id = read_id(*body, "payment_id");
	if (work->payment.booking_id == NULL)
		return unusable(err, "booking_id must be a text");
	return 0;
}

/* --- acting ------------------------------------------------------------------
 */

static int
look(struct payment_work *work, struct err *err)
{
	const char *name = work->payment.booking_id;
	struct db *db = work->service->db;
	struct arena *arena = work->ctx->arena;
	struct uuid id;
	int result = 0;

	work->booking = NULL;
	if (uuid_parse(name, &id) == 0)
		result = booking_repo_find(db, arena, &id, &work->booking, err);
	else if (booking_reference_valid(name))
		result = booking_repo_find_by_reference(
		    db, arena, name, &work->booking, err);
	if (result != 0)
		return -1;
	if (work->booking != NULL)
		return 0;
	(void)err_set_public(
	    err, &BOOKING_NOT_FOUND, "Booking with ID %.64s not found", name);
	return -1;
}

/* Of the booking as it was looked at, with the message's inbox row inside. */
static struct booking_change
change_of(struct payment_work *work, const char *reason)
{
	work->seen = (struct expected_versions){
		.versions = { work->booking->version },
		.count = 1,
	};
	return (struct booking_change){
		.id_or_reference = work->payment.booking_id,
		.reason = reason,
		.expected = &work->seen,
		.in_transaction = message_note,
		.context = work->message,
	};
}

/* The message is done with, though nothing changes. */
static int
note_alone(struct payment_work *work, const char *event, struct err *err)
{
	log_write(LOG_WARN, event,
	    LOG_FIELDS(LOG_TEXT("booking", work->booking->reference),
		LOG_TEXT("status", booking_status_name(work->booking->status)),
		LOG_TEXT("payment_id", work->payment.payment_id)));
	return db_transaction(work->service->db, work->ctx->deadline,
	    message_note, work->message, err);
}

static int
check_money(const struct payment_work *work, struct err *err)
{
	const struct payment *payment = &work->payment;
	const struct booking *booking = work->booking;
	char paid[MONEY_TEXT_SIZE], price[MONEY_TEXT_SIZE];

	if (payment->amount_cents == booking->total_cents &&
	    strcmp(payment->currency, booking->currency) == 0)
		return 0;
	return err_set_public(err, &MESSAGE_REFUSED,
	    "%s %.8s was paid for booking %s, whose price is %s %s",
	    money_format(payment->amount_cents, paid), payment->currency,
	    booking->reference, money_format(booking->total_cents, price),
	    booking->currency);
}

static bool
has_expired(const struct booking *booking)
{
	return booking->status == BOOKING_CREATED &&
	       booking->expires_at_ms >= 0 &&
	       booking->expires_at_ms <= clock_wall_ms();
}

/* The hold has run out before the money came: the sweep is a matter of time.
 */
static int
expire(struct payment_work *work, struct err *err)
{
	struct booking_change change = change_of(work, HOLD_EXPIRED_REASON);

	change.in_transaction = NULL;
	if (booking_cancel(
		work->service, work->ctx, &change, &work->booking, err) != 0)
		return -1;
	return 0;
}

static int
complete(struct payment_work *work, struct err *err)
{
	struct booking_change change;

	if (check_money(work, err) != 0)
		return -1;
	if (has_expired(work->booking) && expire(work, err) != 0)
		return -1;
	if (work->booking->status == BOOKING_CANCELLED) {
		change = change_of(work, REASON_TOO_LATE);
		return booking_require_refund(work->service, work->ctx, &change,
		    work->payment.payment_id, work->payment.amount_cents,
		    &work->booking, err);
	}
	change = change_of(work, NULL);
	return booking_confirm(
	    work->service, work->ctx, &change, &work->booking, err);
}

static int
fail(struct payment_work *work, struct err *err)
{
	struct booking_change change = change_of(work, REASON_FAILED);

	if (work->booking->status != BOOKING_CREATED)
		return note_alone(work, "payment_failure_ignored", err);
	return booking_cancel(
	    work->service, work->ctx, &change, &work->booking, err);
}

static int
act(struct payment_work *work,
    int (*action)(struct payment_work *work, struct err *err), struct err *err)
{
	for (int looks = 0; looks < LOOKS; looks++) {
		err_clear(err);
		if (look(work, err) != 0)
			return -1;
		if (action(work, err) == 0)
			return 0;
		if (!err_is(err, &PRECONDITION_FAILED))
			return -1;
	}
	return err_set(err, &ERR_CONFLICT, "the booking changes all the time");
}

int
payment_events_handle(void *context, const struct request_context *ctx,
    struct message *message, struct err *err)
{
	struct payment_work work = {
		.service = context,
		.ctx = ctx,
		.message = message,
	};
	const char *type = message->delivery->origin_key;
	const struct json_value *body = NULL;

	if (read_body(&work, &body, err) != 0)
		return -1;
	if (strcmp(type, FAILED) == 0)
		return act(&work, fail, err);
	if (strcmp(type, COMPLETED) != 0)
		return unusable(err, "the routing key is not one of a payment");
	if (read_money(body, &work.payment, err) != 0)
		return -1;
	return act(&work, complete, err);
}
