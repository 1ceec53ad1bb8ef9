#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# build.sh MODE PROGRAM OUT [FLAG...]: builds tests/stress/PROGRAM.c.
#	plain	on ports/pthread
#	tsan	under ThreadSanitizer, on ports/tsan
#	asan	under AddressSanitizer and UndefinedBehaviorSanitizer, on ports/pthread
#	urcu	on ports/urcu, with liburcu's RCU
# INVAL_INCLUDE names another copy of include/.
set -u
tests=$(cd "$(dirname "$0")/.." && pwd)
include=${INVAL_INCLUDE:-$tests/../include}
port=pthread
libs=
case ${1:-} in
plain) flags="-O2 -g" ;;
tsan) flags="-O1 -g -fsanitize=thread" port=tsan ;;
asan) flags="-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all" ;;
urcu) flags="-O2 -g" port=urcu libs=-lurcu-memb ;;
*)
	echo "build.sh: no mode \"${1:-}\": plain, tsan, asan or urcu" >&2
	exit 1
	;;
esac
# shellcheck disable=SC2086 # lists of words
exec gcc-12 -std=c11 -D_GNU_SOURCE -Wall -Wextra -pedantic-errors -Werror -pthread $flags \
	-I"$include" -I"$tests" -I"$tests/ports/$port" "$tests/stress/$2.c" -o "$3" "${@:4}" $libs
