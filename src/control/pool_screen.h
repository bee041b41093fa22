/*
 * The pool's status on a terminal, drawn anew each second, until q is pressed.
 */
#ifndef CONTROL_POOL_SCREEN_H
#define CONTROL_POOL_SCREEN_H

#include "core/arena.h"
#include "core/err.h"

/* True when standard input and output are a terminal that can be drawn on. */
bool pool_screen_possible(void);
/* `fetch` gives the text to show, or what is wrong; its memory is the arena's,
 * which is reset for each. Returns when the operator is done. */
void pool_screen_show(
    const char *(*fetch)(void *context, struct arena *arena), void *context);

#endif
