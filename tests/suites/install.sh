#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The ways into another project: find_package, pkg-config, a sub-directory, a
# copy of the single header, C and C++, with and without a compiler; and that
# uninstall takes away what install brought and nothing else.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
suite install
need_packages gcc-12 g++-12 cmake ninja-build pkg-config

export CC=gcc-12 CXX=g++-12
prefix=$out/prefix
port=$root/tests/ports/freestanding
version=$(sed -nE 's/^#define INVAL_VERSION_(MAJOR|MINOR|PATCH)[ \t]+//p' \
	"$root/include/inval.h" | paste -sd.)

# The program all consumers build: it fails unless the version is this one.
mkdir -p "$out/use"
cat >"$out/use/main.c" <<-END
	#include <inval.h>
	int main(void)
	{
		return inval_log2(INVAL_VERSION) != inval_log2(
			${version%%.*} * 10000 + $(cut -d. -f2 <<<"$version") * 100 + ${version##*.});
	}
END
cp "$out/use/main.c" "$out/use/main.cpp"

# project NAME LANGUAGES COMMANDS: a CMake project of its own
project()
{
	mkdir -p "$out/$1"
	printf 'cmake_minimum_required(VERSION 3.21)\nproject(%s LANGUAGES %s)\n%s\n' \
		"$1" "$2" "$3" >"$out/$1/CMakeLists.txt"
}

# build PROJECT ARG... : configure, build and, with a program in it, run
build()
{
	cmake -G Ninja -S "$out/$1" -B "$out/$1/build" "${@:2}" &&
		ninja -C "$out/$1/build" || return
	local program

	for program in c cpp; do
		[ ! -e "$out/$1/build/$program" ] || "$out/$1/build/$program" || return
	done
}

# compile FLAG... : the program, outside of CMake, as C and as C++
compile()
{
	gcc-12 -std=c99 "$out/use/main.c" -I"$port" -o "$out/use/c" "$@" && "$out/use/c" &&
		g++-12 -std=c++17 "$out/use/main.cpp" -I"$port" -o "$out/use/cpp" "$@" &&
		"$out/use/cpp"
}

# bare CMD... : in an environment where no compiler works
bare()
{
	CC=/none CXX=/none "$@"
}

find="find_package(inval ${version%.*} REQUIRED)"
programs="include_directories($port)
add_executable(c $out/use/main.c)
add_executable(cpp $out/use/main.cpp)
target_link_libraries(c PRIVATE inval::inval)
target_link_libraries(cpp PRIVATE inval::inval)"

# Install, with compilers that do not exist.
check "configure without a compiler" bare \
	cmake -G Ninja -S "$root" -B "$out/package" -DINVAL_TESTS=OFF -DCMAKE_INSTALL_PREFIX="$prefix"
mkdir -p "$prefix/include" "$prefix/share/pkgconfig"
touch "$prefix/include/other.h" "$prefix/share/pkgconfig/other.pc"
check "install" cmake --install "$out/package"
for header in $headers; do
	check "installed: $header.h" cmp "$root/include/inval/$header.h" "$prefix/include/inval/$header.h"
done
check "installed: inval.h" cmp "$root/include/inval.h" "$prefix/include/inval.h"
check "installed: LICENSE" cmp "$root/LICENSE" "$prefix/share/inval/LICENSE"

# The single header.
single=$prefix/share/inval/single
check "single header: version" grep -qF " * inval $version," "$single/inval.h"
check_not "single header: nothing of ours included" "" grep -E '^#include "inval/' "$single/inval.h"
check "single header: licence texts" cmp "$root/LICENSE" \
	<(sed -n '6,/^ \*\/$/p' "$single/inval.h" | sed '$d; s/^ \* \{0,1\}//')
mkdir -p "$out/copy"
cp "$single/inval.h" "$out/copy/"
check "single header, copied" compile -I"$out/copy"

# The installed package, moved, so that no path of the build is in use.
mv "$prefix" "$out/moved"
project found "C CXX" "$find
$programs"
check "find_package" build found -DCMAKE_PREFIX_PATH="$out/moved"
project found-bare NONE "$find"
check "find_package without a compiler" bare build found-bare \
	-DCMAKE_PREFIX_PATH="$out/moved"
project found-newer NONE "find_package(inval 999.0 REQUIRED)"
check_not "find_package of another version" 'requested version "999.0"' \
	build found-newer -DCMAKE_PREFIX_PATH="$out/moved"
export PKG_CONFIG_PATH=$out/moved/share/pkgconfig
check "pkg-config: version" test "$(pkg-config --modversion inval)" = "$version"
# shellcheck disable=SC2046 # a list of words
check "pkg-config" compile $(pkg-config --cflags inval)
mv "$out/moved" "$prefix"

# hello.c by the line that stands in it.
hello()
{
	cd "$root" && eval "$(sed -nE 's|^ \*\t(cc .*) && ./hello$|\1|p' examples/hello.c |
		sed "s|^cc|gcc-12|; s|-o hello|-o $out/use/hello|")" && "$out/use/hello" >"$out/hello.log"
}
check "hello.c by its own compile line" hello
check "hello.c flushed the page and its ATC" test "$(grep -cE \
	'TLBI_S2_IPA vmid=7 ipa=0x1000 |ATC_INV sid=0x42 va=0x1000 ' "$out/hello.log")" = 2

# As a sub-directory: no tests, no install rules of ours in their project.
project sub "C CXX" "add_subdirectory($root inval)
$programs
if(TARGET uninstall OR INVAL_TESTS)
	message(FATAL_ERROR \"inval reaches into this project\")
endif()"
check "sub-directory" build sub
project sub-bare NONE "add_subdirectory($root inval)"
check "sub-directory without a compiler" bare build sub-bare

# left: what lies below the prefix, but for the files that are not ours
left()
{
	(cd "$prefix" && find . -mindepth 2 | sort | paste -sd' ')
}
check "uninstall" cmake --build "$out/package" --target uninstall
check "uninstall leaves what is not ours and nothing else: $(left)" test "$(left)" = \
	"./include/other.h ./share/pkgconfig ./share/pkgconfig/other.pc"
check_not "uninstall of nothing" "nothing to uninstall" \
	cmake --build "$out/package" --target uninstall
export DESTDIR=$out/stage
check "install below DESTDIR" cmake --install "$out/package"
check "installed below DESTDIR" test -e "$DESTDIR$prefix/include/inval.h"
check "uninstall below DESTDIR" cmake --build "$out/package" --target uninstall
check "nothing left below DESTDIR" test -z "$(find "$DESTDIR" ! -type d)"
finish
