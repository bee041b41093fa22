#include "gateway/admission.h"

#include <stdio.h>

#include "core/clock.h"
#include "model/booking_errors.h"

#define KEY_SIZE (USER_ID_MAX + 8)

/* No user has the key of an address. */
static int
take(const struct admission *admission, const char *kind, const char *name,
    struct err *err)
{
	char key[KEY_SIZE];
	int len;

	if (admission->limiter == NULL)
		return 0;
	len = snprintf(key, sizeof(key), "%s %s", kind, name);
	if (len >= (int)sizeof(key))
		len = (int)sizeof(key) - 1;
	if (rate_limiter_take(
		admission->limiter, key, (size_t)len, clock_monotonic_us()))
		return 0;
	return err_set(err, &RATE_LIMITED, "over the limit of this %s", kind);
}

int
admission_user(const struct admission *admission, const struct caller *caller,
    struct err *err)
{
	return take(admission, "user", caller->user_id, err);
}

int
admission_stranger(
    const struct admission *admission, const char *address, struct err *err)
{
	return take(admission, "address", address, err);
}
