# shellcheck shell=bash
# common.sh - what the server scripts of this folder share. Sourced, never run.
#
# A server lives in one folder, DIR:
#   DIR/env         shell lines for its users: where it listens; stays after a stop, for the ports stay too
#   DIR/settings    what a restart must find again: ports, names
#   DIR/pid         the server's process; DIR/pid.born tells it from a later process with the same number
#   DIR/data        what the server stores; DIR/log what it says
#   DIR/lock        held while a script works on DIR, so that two at once do not disturb each other
#
# A script sources this file, defines the hooks that server_main calls, and calls server_main "$@":
#   server_require                status 69 (through unavailable) when a binary is missing
#   server_option NAME VALUE      takes a --port option into settings; fails on an unknown one
#   server_choose_ports           fills the settings that are still empty
#   server_launch                 starts the processes (launch), after server_main has cleaned up
#   server_ready                  0 ready, 1 not yet, 2 never
#   server_env                    prints the lines of DIR/env

readonly STATUS_USAGE=64
readonly STATUS_UNAVAILABLE=69 # the callers' word for "skip, and say why"
readonly START_SECONDS_MAX=${ROUNDTRIP_START_SECONDS:-120}
readonly STOP_SECONDS_MAX=30
readonly KILL_SECONDS_MAX=10
readonly LOCK_SECONDS_MAX=180

# shellcheck disable=SC2034  # some are for the scripts that source this file
PROGRAM=$(basename "$0")
SERVERS_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
# Binaries stay outside the checkout, so that a fresh clone finds them.
CACHE_DIR=${ROUNDTRIP_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/roundtrip}
# shellcheck disable=SC2034
readonly PROGRAM SERVERS_DIR CACHE_DIR
# What `install` provides and the other scripts run.
# shellcheck disable=SC2034  # used by the scripts that source this file
readonly MONGOD_VERSION=6.0.5 JAEGER_VERSION=1.76.0
# shellcheck disable=SC2034
readonly MONGOD_BINARY=$CACHE_DIR/mongod-$MONGOD_VERSION JAEGER_BINARY=$CACHE_DIR/jaeger-$JAEGER_VERSION

say() { printf '%s\n' "$*" >&2; }
fail() {
    say "$PROGRAM: $*"
    exit 1
}
unavailable() { # WHAT COMMAND: ends with the status that callers report as a skip
    say "$PROGRAM: $1; get it with: $2"
    exit "$STATUS_UNAVAILABLE"
}
usage_error() {
    say "$PROGRAM: $*"
    exit "$STATUS_USAGE"
}

# ---- waiting ---------------------------------------------------------------------------------------------------

now_ms() { printf '%s' "$((${EPOCHREALTIME/[.,]/} / 1000))"; }

# wait_for SECONDS WHAT CONDITION...: polls until the condition holds (0), the time is up (1), or the condition says
# with status 2 that it never will (2). Past two seconds a terminal sees what is being waited for.
wait_for() {
    local seconds_max=$1 what=$2 begin elapsed status shown=
    shift 2
    begin=$(now_ms)
    while true; do
        status=0
        "$@" || status=$?
        elapsed=$(($(now_ms) - begin))
        if ((status == 0 || status == 2 || elapsed >= seconds_max * 1000)); then
            [[ -z $shown ]] || printf '\r\033[K' >&2
            return "$status"
        fi
        if ((elapsed > 2000)) && [[ -t 2 && $shown != $((elapsed / 1000)) ]]; then
            shown=$((elapsed / 1000))
            printf '\r\033[K%s: %s, %d s' "$PROGRAM" "$what" "$shown" >&2
        fi
        sleep 0.05
    done
}

# ---- processes -------------------------------------------------------------------------------------------------

# process_born PID: when it started, in ticks since boot, with the boot's id; fails for a dead process or a zombie.
# Number and birth together name a process for good, where the number alone may be given out again.
process_born() {
    local line boot fields
    { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
    read -ra fields <<<"${line##*) }" # what stands before is the process's name, which may hold anything
    [[ ${fields[0]} != [ZX] ]] || return 1
    read -r boot </proc/sys/kernel/random/boot_id
    printf '%s %s' "${fields[19]}" "$boot"
}

remember_process() { # PIDFILE PID
    process_born "$2" >"$1.born" || true
    printf '%s\n' "$2" >"$1"
}

process_alive() { # PIDFILE
    local pid
    { read -r pid <"$1"; } 2>/dev/null || return 1
    [[ -s $1.born && $(process_born "$pid") == "$(<"$1.born")" ]]
}

# Every process of DIR's server, found by the mark in its environment: also what it started itself.
server_processes() {
    grep -lzFx -- "$MARK=$DIR" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3 || true
}
readonly MARK=ROUNDTRIP_SERVER_DIR
no_process_left() { [[ -z $(server_processes) ]]; }
process_gone() { ! process_alive "$1"; }

# launch PIDFILE LOG NAME=VALUE... COMMAND...: a process of its own session that holds nothing of ours open (a caller
# who reads our output to its end, or our lock, must not wait for the server) and sees nothing of our environment
# (settings made for another server must not reach this one).
launch() {
    local pidfile=$1 log=$2
    shift 2
    (
        for fd in /proc/self/fd/*; do
            fd=${fd##*/}
            ((fd <= 2)) || eval "exec $fd>&-"
        done
        cd "$DIR" || exit
        exec setsid env -i PATH="$PATH" LANG=C.UTF-8 TMPDIR="${TMPDIR:-/tmp}" "$MARK=$DIR" "$@" \
            </dev/null >>"$log" 2>&1
    ) &
    remember_process "$pidfile" $!
    disown $! # or bash reports its end
}

# stop_process PIDFILE SIGNAL: by the remembered process only; what ignores the signal is killed.
stop_process() {
    local pidfile=$1 pid
    if process_alive "$pidfile"; then
        read -r pid <"$pidfile"
        kill "-$2" "$pid" 2>/dev/null || true
        kill -CONT "$pid" 2>/dev/null || true # one that a test has paused (SIGSTOP) would not get the signal
        if ! wait_for "$STOP_SECONDS_MAX" "stopping" process_gone "$pidfile"; then
            say "$PROGRAM: process $pid did not stop within $STOP_SECONDS_MAX s: killed"
            kill -KILL "$pid" 2>/dev/null || true
            wait_for "$KILL_SECONDS_MAX" "killing" process_gone "$pidfile" || fail "process $pid cannot be killed"
        fi
    fi
    rm -f "$pidfile" "$pidfile.born"
}

# stop_all SIGNAL: the server first, then its helpers, then whatever is still there.
stop_all() {
    local pidfile pid
    stop_process "$DIR/pid" "$1"
    for pidfile in "$DIR"/*.pid; do
        [[ ! -e $pidfile ]] || stop_process "$pidfile" TERM
    done
    wait_for 2 "waiting for helpers" no_process_left && return
    for pid in $(server_processes); do kill -KILL "$pid" 2>/dev/null || true; done
    wait_for "$KILL_SECONDS_MAX" "killing" no_process_left || fail "processes left: $(server_processes | tr '\n' ' ')"
}

# ---- ports -----------------------------------------------------------------------------------------------------

# port_taken PORT [STATE]: something on this machine has it; with STATE 0A only if something listens there.
port_taken() {
    local hex
    printf -v hex ':%04X' "$1"
    awk -v port="$hex" -v state="${2:-}" \
        'substr($2, length($2) - 4) == port && (state == "" || $4 == state) { found = 1 } END { exit !found }' \
        /proc/net/tcp /proc/net/tcp6 2>/dev/null
}

# free_port: below the kernel's range for outgoing connections (32768 and up), so that no client takes the port while
# a server that uses it is down. Random, so that two who choose at the same time choose differently.
free_port() {
    local port attempt
    for ((attempt = 0; attempt < 200; attempt++)); do
        port=$((15000 + (RANDOM << 15 | RANDOM) % 15000))
        if ! port_taken "$port" && ! grep -qsE "=$port\$" "$DIR/settings"; then
            printf '%s' "$port"
            return
        fi
    done
    fail "found no free port"
}

# listens PIDFILE PORT: that very process has that port. Something else answering there does not count.
listens() {
    local pid hex inode
    read -r pid <"$1"
    printf -v hex ':%04X' "$2"
    while read -r inode; do
        [[ -z $(find "/proc/$pid/fd" -lname "socket:\[$inode\]" 2>/dev/null) ]] || return 0
    done < <(awk -v port="$hex" 'substr($2, length($2) - 4) == port && $4 == "0A" { print $10 }' \
        /proc/net/tcp /proc/net/tcp6 2>/dev/null)
    return 1
}

# ---- settings --------------------------------------------------------------------------------------------------

setting() { sed -n "s/^$1=//p" "$DIR/settings" 2>/dev/null || true; }
setting_put() { # NAME VALUE
    { grep -v "^$1=" "$DIR/settings" 2>/dev/null || true; printf '%s=%s\n' "$1" "$2"; } >"$DIR/settings.new"
    mv "$DIR/settings.new" "$DIR/settings"
}
setting_need_port() { # NAME...
    local name port
    for name in "$@"; do
        [[ -z $(setting "$name") ]] || continue
        port=$(free_port)
        setting_put "$name" "$port"
    done
}
option_port() { # NAME VALUE: a port the caller wishes
    if [[ ! $2 =~ ^[1-9][0-9]{0,4}$ ]] || (($2 > 65535)); then usage_error "not a port: $2"; fi
    [[ $(setting "$1") != "$2" ]] || return 0
    ! process_alive "$DIR/pid" || fail "already running in $DIR on port $(setting "$1"), not $2: stop it first"
    setting_put "$1" "$2"
    touch "$DIR/ports.wished"
}

# ---- commands --------------------------------------------------------------------------------------------------

lock_dir() {
    exec {LOCK_FD}>"$DIR/lock"
    flock -w "$LOCK_SECONDS_MAX" "$LOCK_FD" || fail "$DIR is in use by another $PROGRAM command"
}

starting_failed() {
    trap - EXIT INT TERM
    stop_all KILL
}

port_clash() { grep -qsiE 'eaddrinuse|address already in use' "$DIR/log/"*; }

server_start() {
    local fresh='' name port attempt
    [[ -e $DIR/env ]] || fresh=yes # never was ready: nobody relies on its ports
    while (($#)); do
        (($# >= 2)) || usage_error "$1 needs a value"
        server_option "$1" "$2"
        shift 2
    done
    if process_alive "$DIR/pid" && [[ -e $DIR/env ]]; then
        cat "$DIR/env"
        return
    fi
    server_require
    stop_all TERM # what a kill -9 of the server, or of this script, left behind
    for ((attempt = 1; ; attempt++)); do
        server_choose_ports
        while IFS='=' read -r name port; do
            [[ $name != *PORT ]] || ! port_taken "$port" 0A || fail "port $port ($name) is taken by another process"
        done <"$DIR/settings"
        mkdir -p "$DIR/log" "$DIR/data"
        trap starting_failed EXIT
        trap 'exit 130' INT
        trap 'exit 143' TERM
        server_launch
        if wait_for "$START_SECONDS_MAX" "starting in $DIR" server_ready; then break; fi
        # Ports that we chose may be lost to another who chose at the same moment. Choose again; any other failure,
        # or a port that somebody relies on, is reported.
        if [[ -z $fresh || -e $DIR/ports.wished ]] || ((attempt == 3)) || ! port_clash; then
            process_alive "$DIR/pid" && say "$PROGRAM: not ready after $START_SECONDS_MAX s"
            tail -n 20 "$DIR/log/"* >&2 || true
            fail "cannot start in $DIR"
        fi
        starting_failed
        sed -i '/^[A-Z_]*PORT=/d' "$DIR/settings"
        rm -rf "$DIR/log"
    done
    trap - EXIT INT TERM
    server_env >"$DIR/env.new"
    mv "$DIR/env.new" "$DIR/env"
    cat "$DIR/env"
}

server_wipe() {
    ! process_alive "$DIR/pid" || fail "still running in $DIR: stop it first"
    stop_all TERM
    rm -rf "$DIR/data"
}

server_main() {
    local command=${1:-}
    case $command in
    start | stop | kill | wipe | ctl) ;;
    help | --help | -h)
        say "usage: $USAGE"
        exit 0
        ;;
    *) usage_error "usage: $USAGE" ;;
    esac
    [[ -n ${2:-} ]] || usage_error "usage: $USAGE"
    DIR=$2
    shift 2
    if [[ $command == start ]]; then mkdir -p "$DIR"; fi
    if [[ ! -d $DIR ]]; then
        [[ $command == stop ]] || fail "no such folder: $DIR"
        return 0
    fi
    DIR=$(cd "$DIR" && pwd -P)
    if [[ $command == ctl ]]; then
        declare -F server_ctl >/dev/null || usage_error "usage: $USAGE"
        server_ctl "$@"
        return
    fi
    [[ $command == start || $# == 0 ]] || usage_error "usage: $USAGE"
    lock_dir
    case $command in
    start) server_start "$@" ;;
    stop) stop_all TERM ;;
    kill) stop_all KILL ;;
    wipe) server_wipe ;;
    esac
}
