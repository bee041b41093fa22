/*
 * The query parameters of the lists (contract section 2).
 */
#ifndef CONTROLLER_LIST_INPUT_H
#define CONTROLLER_LIST_INPUT_H

#include "controller/input.h"
#include "service/booking_list.h"

/* The parameters of both lists: status, page, limit, sort, cursor. Wrong ones
 * are noted in `input`. With `all`, the filters of the administrators' list as
 * well; query->filter.user_id must be set before without. */
void list_input_read(struct input *input, const struct http_request *request,
    bool all, struct booking_query *query);

#endif
