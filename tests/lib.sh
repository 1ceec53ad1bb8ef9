# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
#
# What every suite shares. A suite is tests/suites/NAME.sh, stands in the list
# of tests/run.sh, and looks like this:
#
#	#!/bin/bash
#	# SPDX...
#	# what the suite proves
#	set -u
#	. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
#	suite style				# the name of the closing line
#	need_packages doxygen clang-tidy-19	# once, with all that it needs
#	check "tidy types.h" clang-tidy-19 "$root/include/inval/types.h"
#	tally "table" "$out/table.log"		# adds "NAME: N passed, N failed"
#	finish
#
# suite NAME		sets $out, an empty directory build/NAME for its files
# need_packages PKG...	installs bookworm's packages (root), or exit 2
# pass NAME		counts one
# fail NAME DETAIL	counts one and says why
# check NAME CMD...	pass when CMD returns 0, else fail with its output
# check_not NAME TEXT CMD...  pass when CMD fails and its output has TEXT
# tally NAME LOG [RC]	adds the closing line of another program's output; no
#			such line, no case in it or RC not 0 is a failure
# queue NAME CMD...	like check, but run by the next drain, $jobs at a time
# queue_tally NAME CMD...  the same, with a tally of CMD's output
# drain			runs what is queued and counts it, in the order queued;
#			a shell function among them needs "export -f" first
# build_tests DIR ARG...  builds the unit tests in $out/DIR; ARG... goes to cmake
# run_tests DIR EMU...	queues the programs built there, one tally each
# alone HEADER		sets $source, a file that includes just that header, and
#			$flags, its include path; HEADER may be inval (all), or
#			single where $single is the directory of that one
# direct DUMP SOURCE OBJECT CC FLAG...  what is named at compile time is called
#			directly: no indirect call in what DUMP, an objdump, shows
# say TEXT		progress
# missing SENTENCE	exit 2: something that must be installed is not there
# finish		prints seconds and the closing line; exit 0 or 1
#
# INVAL_BUILD names another build directory, for two runs at the same time.
# Also set: $root, the repository; $build; $jobs; $pure, the headers that need
# no port; $headers, all headers in include/inval, both without ".h".

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${INVAL_BUILD:-$root/build}
jobs=$(nproc)
pure="types caps report cmd check report text range tag guest smccc attr"
# shellcheck disable=SC2034 # for the suites
headers=$(cd "$root/include/inval" && printf '%s\n' *.h | sed 's/\.h$//')
suite=inval
passed=0
failed=0
queued=0
export LC_ALL=C

say()
{
	printf '%s: %s\n' "$suite" "$*"
}

missing()
{
	printf '%s: MISSING: %s\n' "$suite" "$*" >&2
	exit 2
}

suite()
{
	suite=$1
	out=$build/$suite
	SECONDS=0
	rm -rf "$out"
	mkdir -p "$out"
}

is_pure()
{
	[[ " $pure " == *" $1 "* ]]
}

not_installed()
{
	local pkg

	for pkg; do
		dpkg-query -W -f '${db:Status-Status}\n' "$pkg" 2>/dev/null |
			grep -qx installed || printf '%s ' "$pkg"
	done
}

apt_install()
{
	DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=600 \
		install --no-install-recommends "$@" </dev/null
}

# Lists may be absent or point to versions that are gone: only a failure asks
# for an update.
need_packages()
{
	local want

	want=$(not_installed "$@")
	want=${want% }
	[ -z "$want" ] && return
	[ "$(id -u)" = 0 ] ||
		missing "run as root: apt-get install --no-install-recommends $want"
	say "installing $want"
	mkdir -p "$build"
	# shellcheck disable=SC2086 # a list of words
	apt_install $want >"$build/apt.log" 2>&1 ||
		{ apt-get -qq update && apt_install $want; } >"$build/apt.log" 2>&1 ||
		missing "apt-get install --no-install-recommends $want (see $build/apt.log)"
}

pass()
{
	passed=$((passed + 1))
}

fail()
{
	failed=$((failed + 1))
	printf '%s: FAILED: %s\n' "$suite" "$1"
	printf '%s\n' "${2:-}" | head -n 40 | sed 's/^/    /'
}

# judge NAME RC OUTPUT
judge()
{
	if [ "$2" = 0 ]; then pass; else fail "$1" "exit code $2"$'\n'"$3"; fi
}

check()
{
	local name=$1 text

	shift
	text=$("$@" 2>&1 </dev/null)
	judge "$name" $? "$text"
}

check_not()
{
	local name=$1 want=$2 text

	shift 2
	if text=$("$@" 2>&1 </dev/null); then
		fail "$name" "succeeded, but must not"
	elif [[ $text != *"$want"* ]]; then
		fail "$name" "failed without saying \"$want\":"$'\n'"$text"
	else
		pass
	fi
}

tally()
{
	local name=$1 log=$2 rc=${3:-0} p f

	read -r p f < <(tac "$log" | sed -nE \
		's/^([^ ]+: )?([0-9]+) passed, ([0-9]+) failed$/\2 \3/p')
	if [ -z "${p:-}" ]; then
		fail "$name" "no closing line, exit code $rc"$'\n'"$(tail -n 40 "$log")"
		return
	fi
	passed=$((passed + p))
	failed=$((failed + f))
	if [ "$f" != 0 ]; then
		printf '%s: FAILED: %s: %s cases\n' "$suite" "$name" "$f"
		sed 's/^/    /' "$log" | tail -n 40
	elif [ "$p" = 0 ] || [ "$rc" != 0 ]; then
		fail "$name" "$p cases, exit code $rc"$'\n'"$(tail -n 40 "$log")"
	fi
}

# A queued command is files in $out/queue: N.sh runs it, N.rc and N.log answer.
queue_as()
{
	local kind=$1 name=$2

	shift 2
	mkdir -p "$out/queue"
	queued=$((queued + 1))
	printf '%s\n%s\n' "$kind" "$name" >"$out/queue/$queued.name"
	printf '%q ' "$@" >"$out/queue/$queued.sh"
}

queue()
{
	queue_as check "$@"
}

queue_tally()
{
	queue_as tally "$@"
}

drain()
{
	local i kind name q=$out/queue

	[ "$queued" = 0 ] && return
	export root build out
	# shellcheck disable=SC2016 # expanded by the inner shell
	seq "$queued" | q=$q xargs -P "$jobs" -I{} bash -c \
		'(. "$q/{}.sh") >"$q/{}.log" 2>&1 </dev/null; echo $? >"$q/{}.rc"'
	for ((i = 1; i <= queued; i++)); do
		{ read -r kind; read -r name; } <"$q/$i.name"
		if [ "$kind" = tally ]; then
			tally "$name" "$q/$i.log" "$(cat "$q/$i.rc")"
		else
			judge "$name" "$(cat "$q/$i.rc")" "$(cat "$q/$i.log")"
		fi
	done
	rm -rf "$q"
	queued=0
}

# A program that was not built has no closing line, so it fails once more in
# run_tests, by its name.
build_tests()
{
	local dir=$out/$1

	cmake -G Ninja -S "$root" -B "$dir" "${@:2}" >"$dir.log" 2>&1 || {
		fail "$1: configure" "$(tail -n 40 "$dir.log")"
		return
	}
	say "$1: $(sed -n 's/^-- \([0-9]* test files\)/\1/p' "$dir.log")"
	ninja -k 0 -C "$dir" >"$dir.log" 2>&1 ||
		fail "$1: build" "$(grep -v '^\[[0-9]*/' "$dir.log")"
}

run_tests()
{
	local name

	while read -r name; do
		queue_tally "$1 $name" timeout 900 "${@:2}" "$out/$1/bin/$name"
	done <"$out/$1/tests.list"
}

# shellcheck disable=SC2034,SC2154 # between it and the suite
alone()
{
	source=$out/alone/$1.c
	flags="-I$root/include -I$root/tests/ports/freestanding"
	mkdir -p "$out/alone"
	case $1 in
	inval) echo '#include <inval.h>' >"$source" ;;
	single)
		echo '#include <inval.h>' >"$source"
		flags="-I$single -I$root/tests/ports/freestanding"
		;;
	*)
		echo "#include <inval/$1.h>" >"$source"
		! is_pure "$1" || flags="-I$root/include"
		;;
	esac
}

direct()
{
	local dump=$1 source=$2 object=$3 calls

	"${@:4}" -std=c99 -O2 -fno-pic -fno-jump-tables \
		-I"$root/include" -I"$root/tests/ports/freestanding" -c "$source" -o "$object" || return
	calls=$("$dump" -d "$object" | grep -E '\b(blr|br)\b|\b(call|jmp) +\*')
	[ -z "$calls" ] || { echo "indirect calls:"; echo "$calls"; return 1; }
}

finish()
{
	drain
	say "$SECONDS s"
	printf '%s: %d passed, %d failed\n' "$suite" "$passed" "$failed"
	[ "$passed" -gt 0 ] && [ "$failed" = 0 ]
	exit $?
}
