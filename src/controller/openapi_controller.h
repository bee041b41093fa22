/*
 * The API's description of itself: src/app/openapi.json, which the build puts
 * into the program, so that it is there behind any web server.
 */
#ifndef CONTROLLER_OPENAPI_CONTROLLER_H
#define CONTROLLER_OPENAPI_CONTROLLER_H

#include "controller/call.h"

/* Made by src/app/embed.sh. */
extern const unsigned char OPENAPI[];
extern const size_t OPENAPI_LEN;
extern const char OPENAPI_TAG[];

extern const struct action OPENAPI_GET;

#endif
