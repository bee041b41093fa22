/*
 * The log in a file, which can be opened anew after somebody moved it away.
 */
#ifndef APP_LOG_FILE_H
#define APP_LOG_FILE_H

#include <stdio.h>

#include "core/base.h"

/* Lets the log of this process go to the file of that path, unless it is empty:
 * appended to, made with mode 0640. -1 after a line to `problems`, which names
 * the setting. */
int log_file_open(
    const char *setting, const char *path, FILE *problems) MUST_CHECK;
/* Opens the file of that path anew, in place of the one in use. When that
 * fails the old one stays in use, and says why. */
void log_file_reopen(const char *path);

#endif
