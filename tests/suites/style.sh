#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# How the library is written: no warning from gcc 12 and clang 19, nothing from
# clang-tidy 19, functions that fit a screen, names of its own, a documented
# contract for each public function, scripts without traps.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
suite style
need_packages gcc-12 g++-12 clang-19 clang-tidy-19 cppcheck doxygen universal-ctags python3 shellcheck \
	git

warnings="-Wall -Wextra -Wconversion -Wsign-conversion -Wshadow -Wundef -Wcast-qual -Wvla
	-Wmissing-prototypes -Werror -pedantic-errors"
# "inline" away: a function that nobody calls is looked at all the same.
emit="-Dinline=__attribute__((__used__)) -Wno-attributes"

for header in $headers inval; do
	alone "$header"
	# shellcheck disable=SC2086 # lists of words
	for cc in gcc-12 clang-19; do
		queue "$header.h, $cc C99" $cc -std=c99 -O2 $warnings $emit -Wc++-compat \
			-Wdeclaration-after-statement $flags -c -o /dev/null "$source"
		queue "$header.h, $cc C++17" "${cc/#gcc/g++}" -x c++ -std=c++17 -O2 \
			${warnings/-Wmissing-prototypes/} $emit $flags -c -o /dev/null "$source"
	done
done
# The header itself is the main file: what nobody calls is analysed, and each once.
for header in $headers; do
	alone "$header"
	# shellcheck disable=SC2086
	queue "$header.h, clang-tidy" clang-tidy-19 --quiet --config-file="$root/.clang-tidy" \
		"$root/include/inval/$header.h" -- -x c -std=c99 $flags
done
drain
check "no NOLINT: each exclusion stands with its reason in .clang-tidy" \
	test "$(grep -rc NOLINT "$root/include" | awk -F: '{ n += $2 } END { print n }')" = 0

# Directives and rules of MISRA C:2012; misra.deviations has what is as it is, and why.
python3 "$root/tests/style/misra.py" "$root" >"$out/misra.log" 2>&1
tally "MISRA" "$out/misra.log" $?

python3 "$root/tests/style/check.py" "$root" >"$out/check.log" 2>&1
tally "names, lengths, comments" "$out/check.log" $?

# Doxygen reads kernel-doc through a filter; a parameter that is not described,
# or described and not there, is a warning, and so an error.
sed "s|@ROOT@|$root|g; s|@OUT@|$out/doc|g" "$root/tests/style/Doxyfile" >"$out/Doxyfile"
check "doxygen" doxygen "$out/Doxyfile"
check "doxygen saw the headers" test -s "$out/doc/xml/domain_8h.xml"

while read -r script; do
	queue "shellcheck $script" shellcheck -x -P "$root/tests" "$root/$script"
done < <(cd "$root" && grep -rlE '^#!/bin/bash' .ci tests selftests examples bench 2>/dev/null | sort)
finish
