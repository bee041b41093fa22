#include "sandbox/service.h"

#include <string.h>

static const char *const NAMES[] = {
	[SERVICE_AUTH] = "auth",
	[SERVICE_FLIGHT] = "flight",
};
_Static_assert(ARRAY_LEN(NAMES) == SERVICE__COUNT, "a name for each service");

const char *
service_name(enum service service)
{
	return NAMES[service];
}

int
service_find(const char *name, enum service *service)
{
	for (unsigned i = 0; i < SERVICE__COUNT; i++) {
		if (strcmp(NAMES[i], name) == 0) {
			*service = (enum service)i;
			return 0;
		}
	}
	return -1;
}
