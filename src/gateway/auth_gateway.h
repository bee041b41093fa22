/*
 * Who is calling: the Auth service's word on a bearer token (contract
 * section 3), in both dialects of the family's services.
 *
 * With a JWT secret the token's signature and times are checked here first, so
 * that junk never reaches the Auth service. A positive answer is remembered in
 * a cache that all workers share, never past the token's own end, under a
 * digest: the token itself is stored nowhere.
 *
 * A check is begun and finished apart, so that the call that it may need can
 * travel beside another one.
 */
#ifndef GATEWAY_AUTH_GATEWAY_H
#define GATEWAY_AUTH_GATEWAY_H

#include "cache/shared_cache.h"
#include "jwt/jwt.h"
#include "model/caller.h"
#include "model/request_context.h"
#include "rest/rest_client.h"

/* The cache must take values of this size. */
#define AUTH_CACHE_VALUE_BYTES 264

struct auth_gateway {
	bool local; /* never ask the service */
	const char *service_url;
	const char *verify_path;
	const char *jwt_secret; /* "": no local check */
	int64_t timeout_ms;
	int64_t cache_ms;	    /* 0: no cache */
	struct shared_cache *cache; /* NULL: none */
	struct breaker *breaker;    /* NULL: none */
};

struct auth_check {
	const char *token;
	bool decided; /* no call is needed: `caller` is known */
	struct caller caller;
	bool verified;	       /* the signature was checked here */
	struct jwt jwt;	       /* valid if verified */
	struct rest_call call; /* to be performed unless decided */
	struct rest_header headers[4];
};

/* Looks at the token, the cache and the signature. token NULL or malformed:
 * UNAUTHORIZED. The check's texts live in request memory. */
int auth_begin(struct auth_gateway *gateway, const struct request_context *ctx,
    const char *token, struct auth_check *check, struct err *err) MUST_CHECK;
/* Interprets the performed call: UNAUTHORIZED or AUTH_SERVICE_UNAVAILABLE. */
int auth_finish(struct auth_gateway *gateway, const struct request_context *ctx,
    struct auth_check *check, struct caller *caller,
    struct err *err) MUST_CHECK;

/* The token of an "Authorization: Bearer ..." value, copied; NULL when it is
 * anything else. */
const char *auth_bearer_token(struct arena *arena, const char *authorization);

#endif
