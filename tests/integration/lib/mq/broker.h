/*
 * What the tests against a real RabbitMQ share.
 *
 * TEST_RABBITMQ_URL names the broker. Every object a test makes has a name
 * that is unique to the run and is deleted at its end.
 */
#ifndef TEST_MQ_BROKER_H
#define TEST_MQ_BROKER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/arena.h"
#include "mq/mq_consumer.h"
#include "mq/mq_private.h"
#include "mq/mq_publisher.h"
#include "mq/mq_topology.h"

#define BROKER_TIMEOUT_MS 5000

const char *broker_url(void);
/* A name of this run, remembered so that broker_clean deletes it. Lives until
 * then. */
const char *broker_name(const char *word);
struct mq *broker_connect(void);
struct mq *broker_create(const char *url, int64_t timeout_ms);

amqp_table_entry_t broker_number(const char *name, int32_t value);
amqp_table_entry_t broker_text(const char *name, const char *value);
/* A queue with any arguments, bound to `exchange` under its own name. */
void broker_queue(
    const char *queue, const char *exchange, amqp_table_t arguments);
/* A topic exchange. */
void broker_exchange(const char *exchange);
void broker_delete_queue(const char *queue);
void broker_delete_exchange(const char *exchange);
uint32_t broker_depth(const char *queue);
/* Setup and teardown of a group. */
int broker_set_up(void **state);
int broker_clean(void **state);
/* As broker_clean for a broker that goes away with all it has. */
void broker_leave(void);

/* A message as the service sends them. */
struct mq_message broker_message(
    const char *exchange, const char *key, const char *id, const char *body);
/* Publishes one and returns its verdict; fails the test on an error that is
 * not expected. */
enum mq_verdict broker_publish(struct mq *mq, const char *exchange,
    const char *key, const char *id, const char *body);

/* A node of the test's own, for what cannot be done to a shared one; it takes
 * the place of TEST_RABBITMQ_URL. Setup and teardown of a group. */
int broker_node_start(void **state);
int broker_node_stop(void **state);
/* Does something to that node (see node.sh). */
void broker_node(const char *verb, const char *argument);

#endif
