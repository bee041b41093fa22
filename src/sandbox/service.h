/*
 * The two services that the sandbox plays.
 */
#ifndef SANDBOX_SERVICE_H
#define SANDBOX_SERVICE_H

#include "core/base.h"

enum service { SERVICE_AUTH, SERVICE_FLIGHT, SERVICE__COUNT };

/* "auth" or "flight". */
const char *service_name(enum service service);
/* 0, or -1 for any other name. */
int service_find(const char *name, enum service *service) MUST_CHECK;

#endif
