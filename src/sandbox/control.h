/*
 * The controls under /sandbox: every change holds for all workers at once.
 */
#ifndef SANDBOX_CONTROL_H
#define SANDBOX_CONTROL_H

#include "sandbox/sandbox.h"

sandbox_endpoint control_put_fault;
sandbox_endpoint control_clear_faults;
sandbox_endpoint control_put_dialect;
sandbox_endpoint control_put_flight;
sandbox_endpoint control_drop_flight;
sandbox_endpoint control_revoke;
sandbox_endpoint control_show_calls;
sandbox_endpoint control_reset_calls;
sandbox_endpoint control_reset;

#endif
