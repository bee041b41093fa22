/*
 * One request as a plain CGI program: environment and standard input in,
 * standard output out.
 */
#ifndef HTTP_CGI_SERVER_H
#define HTTP_CGI_SERVER_H

#include "http/http.h"

/* True when the environment is that of a CGI program. */
bool cgi_is_request(char *const env[]);
/* Serves the one request. 0, or -1 when it arrived broken or the reply could
 * not be written. */
int cgi_serve(char *const env[], int in_fd, int out_fd,
    const struct http_limits *limits, const struct http_handler *handler,
    struct err *err) MUST_CHECK;

#endif
