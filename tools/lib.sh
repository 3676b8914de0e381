# SPDX-License-Identifier: GPL-2.0-or-later
# Progress and failure reports of the set-up scripts, which source this file after setting $me and changing to the
# top folder. All of it goes to standard error: standard output belongs to a script's result.

PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin # a plain user's PATH lacks them, and kamailio lives there

say() {
	echo "$me: $*" >&2
}

die() {
	say "$@"
	exit 1
}

# step <log> <what> <what to do if it fails> <command...>: runs the command with its output in build/log/<log>.log.
step() {
	log=build/log/$1.log what=$2 remedy=$3
	shift 3
	mkdir -p build/log
	printf '%s: %s ... ' "$me" "$what" >&2
	began=$(date +%s)
	if "$@" >"$log" 2>&1 </dev/null; then
		echo "$(($(date +%s) - began)) s" >&2
		return 0
	fi
	echo "failed after $(($(date +%s) - began)) s; the end of $log:" >&2
	tail -n 20 "$log" | sed 's/^/    /' >&2
	say "$remedy"
	return 1
}

# keep <file>: standard input becomes the file, which stays untouched if it already says the same.
keep() {
	cat >"$1.new"
	if cmp -s "$1.new" "$1"; then
		rm "$1.new"
	else
		mv "$1.new" "$1"
	fi
}
