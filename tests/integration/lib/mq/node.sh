#!/bin/sh
# A private RabbitMQ node for tests: no root, no systemd, loopback only.
#
#   MQ_NODE_DIR  its directory (made when missing)
#   MQ_NODE_PORT, MQ_NODE_TLS_PORT, MQ_NODE_DIST_PORT, MQ_NODE_EPMD_PORT
#
# The certificate for TLS is for "localhost" and signed by DIR/ca.pem;
# DIR/stranger.pem is an authority that has signed nothing.
#
#   node.sh start             start and wait until it answers
#   node.sh stop              end it and its name server
#   node.sh remove            the same, and delete its directory
#   node.sh signal KILL       send a signal to the broker
#   node.sh block             raise a memory alarm;  unblock  clears it
#   node.sh restrict          forbid guest to declare;  permit  allows it
#   node.sh disconnect        close all clients' connections
#   node.sh ctl ARGUMENT...   rabbitmqctl
set -eu

dir=${MQ_NODE_DIR:?} port=${MQ_NODE_PORT:?} tls_port=${MQ_NODE_TLS_PORT:?}
dist_port=${MQ_NODE_DIST_PORT:?} epmd_port=${MQ_NODE_EPMD_PORT:?}
programs=$(dirname "$(find /usr/lib/rabbitmq -path '*/bin/rabbitmq-server' | head -n 1)")
pid_file=$dir/broker.pid

export HOME="$dir" RABBITMQ_BASE="$dir" RABBITMQ_NODENAME="test$port@localhost"
export RABBITMQ_DIST_PORT="$dist_port" ERL_EPMD_PORT="$epmd_port"
export ERL_EPMD_ADDRESS=127.0.0.1
export RABBITMQ_MNESIA_BASE="$dir/mnesia" RABBITMQ_LOG_BASE="$dir/log"
export RABBITMQ_PID_FILE="$dir/rabbit.pid" RABBITMQ_CONFIG_FILE="$dir/rabbitmq"
export RABBITMQ_CONF_ENV_FILE="$dir/env"
export RABBITMQ_ENABLED_PLUGINS_FILE="$dir/plugins"
export RABBITMQ_GENERATED_CONFIG_DIR="$dir/generated"
export RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="+S 1:1 -kernel inet_dist_use_interface {127,0,0,1}"

authority() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
	    -nodes -days 2 -subj "/CN=$1" -keyout "$dir/$1.key" \
	    -out "$dir/$1.pem" 2>/dev/null
}

certify() {
	[ ! -f "$dir/server.pem" ] || return 0
	authority ca
	authority stranger
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
	    -subj /CN=localhost -keyout "$dir/server.key" \
	    -out "$dir/server.csr" 2>/dev/null
	echo 'subjectAltName = DNS:localhost' >"$dir/server.ext"
	openssl x509 -req -days 2 -in "$dir/server.csr" -CA "$dir/ca.pem" \
	    -CAkey "$dir/ca.key" -CAcreateserial -extfile "$dir/server.ext" \
	    -out "$dir/server.pem" 2>/dev/null
}

configure() {
	mkdir -p "$dir"
	if [ ! -f "$dir/.erlang.cookie" ]; then
		(umask 077 && printf 'TESTCOOKIE' >"$dir/.erlang.cookie")
		chmod 400 "$dir/.erlang.cookie"
	fi
	: >"$dir/env"
	echo '[].' >"$dir/plugins"
	certify
	cat >"$dir/rabbitmq.conf" <<-END
	listeners.tcp.1 = 127.0.0.1:$port
	listeners.ssl.1 = 127.0.0.1:$tls_port
	ssl_options.cacertfile = $dir/ca.pem
	ssl_options.certfile = $dir/server.pem
	ssl_options.keyfile = $dir/server.key
	vm_memory_high_watermark.absolute = 512MB
	disk_free_limit.absolute = 64MB
	END
}

start() {
	configure
	setsid "$programs/rabbitmq-server" </dev/null >"$dir/out" 2>&1 &
	echo $! >"$pid_file"
	"$programs/rabbitmqctl" --silent --timeout 60 wait --pid $! \
	    >/dev/null 2>&1
}

# The launcher stays as the broker's parent: the whole group is meant.
broker_signal() {
	kill -s "$1" -- "-$(cat "$pid_file")"
}

# A container's first process may leave the dead unburied.
broker_lives() {
	state=$(sed 's/.*) \(.\).*/\1/' "/proc/$(cat "$pid_file")/stat" \
	    2>/dev/null) && [ "$state" != Z ]
}

stop() {
	broker_signal CONT
	broker_signal TERM
	while broker_lives; do sleep 0.1; done
	epmd -kill >/dev/null
	rm -f "$pid_file"
}

ctl() {
	"$programs/rabbitmqctl" --silent "$@"
}

case ${1:-} in
start) start ;;
stop) stop ;;
remove) stop && rm -rf "$dir" ;;
signal) broker_signal "$2" ;;
block) ctl set_vm_memory_high_watermark 0.000001 ;;
unblock) ctl set_vm_memory_high_watermark absolute 512MB ;;
restrict) ctl set_permissions guest '' '.*' '.*' ;;
permit) ctl set_permissions guest '.*' '.*' '.*' ;;
disconnect) ctl close_all_connections "test" ;;
ctl) shift && ctl "$@" ;;
*) sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2 && exit 2 ;;
esac
