#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/booking_errors.h"
#include "service/authorization.h"

static const struct row {
	int line;
	const char *user;
	enum caller_role role;
	enum booking_action action;
	bool allowed;
} ROWS[] = {
	{ __LINE__, "owner", ROLE_CUSTOMER, ACTION_READ, true },
	{ __LINE__, "owner", ROLE_CUSTOMER, ACTION_CHANGE, true },
	{ __LINE__, "owner", ROLE_CUSTOMER, ACTION_CONFIRM, false },
	{ __LINE__, "other", ROLE_CUSTOMER, ACTION_READ, false },
	{ __LINE__, "other", ROLE_CUSTOMER, ACTION_CHANGE, false },
	{ __LINE__, "other", ROLE_CUSTOMER, ACTION_CONFIRM, false },
	{ __LINE__, "other", ROLE_SERVICE, ACTION_READ, true },
	{ __LINE__, "other", ROLE_SERVICE, ACTION_CHANGE, false },
	{ __LINE__, "other", ROLE_SERVICE, ACTION_CONFIRM, true },
	{ __LINE__, "other", ROLE_ADMIN, ACTION_READ, true },
	{ __LINE__, "other", ROLE_ADMIN, ACTION_CHANGE, true },
	{ __LINE__, "other", ROLE_ADMIN, ACTION_CONFIRM, true },
};

static void
owners_and_roles_may_what_the_contract_says(void **state)
{
	const struct booking booking = { .user_id = "owner" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		const struct caller caller = { ROWS[i].user, ROWS[i].role };
		struct err err;
		bool allowed;

		err_clear(&err);
		allowed = authorize_booking(
			      &caller, ROWS[i].action, &booking, &err) == 0;
		if (allowed != ROWS[i].allowed)
			fail_msg("line %d", ROWS[i].line);
		if (!allowed)
			assert_true(err_is(&err, &FORBIDDEN));
	}
}

static void
lists_are_for_their_user_and_admins(void **state)
{
	const struct caller owner = { "owner", ROLE_CUSTOMER };
	const struct caller other = { "other", ROLE_CUSTOMER };
	const struct caller service = { "other", ROLE_SERVICE };
	const struct caller admin = { "other", ROLE_ADMIN };
	struct err err;

	(void)state;
	assert_int_equal(authorize_user(&owner, "owner", &err), 0);
	assert_int_equal(authorize_user(&other, "owner", &err), -1);
	assert_int_equal(authorize_user(&service, "owner", &err), -1);
	assert_int_equal(authorize_user(&admin, "owner", &err), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(owners_and_roles_may_what_the_contract_says),
		cmocka_unit_test(lists_are_for_their_user_and_admins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
