#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# A port that is missing, old, incomplete or wrong in one type does not compile, and
# the compiler says which hook it is; the same file compiles once the fault is
# removed. By gcc 12, clang 14, clang 19 and their C++ compilers.
#
# - *.c: one fault each, with the sentence to be found; -DFIXED removes it, or a
#   port on the include path does for those marked "port: none".
# - A result that the library wants looked at, and is not.
# - Each hook and type of port.h: missing, with another result, with another
#   argument. These ports are made from tests/ports/freestanding.
# - A mistyped hook where warnings are hidden: system include path, -w.
# - Each header that needs a port: with only the groups it uses it compiles, without
#   any one hook of these it does not, and it says itself which hooks it calls.
# - Each header twice, and all in a namespace; pure ones with no port in reach.
# - examples/port_template: one error for each hook and type.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
suite must_not_compile
need_packages gcc-12 g++-12 clang-14 clang-19

here=$root/tests/must_not_compile
good=$root/tests/ports/freestanding
lib=$root/include
compilers=("gcc-12 -std=c99" "clang-14 -std=c99" "clang-19 -std=c11"
	"g++-12 -x c++ -std=c++17" "clang++-14 -x c++ -std=c++17" "clang++-19 -x c++ -std=c++17")

# accept NAME FLAG... and refuse NAME TEXT FLAG...: by every compiler
accept()
{
	local name=$1 cc

	shift
	# shellcheck disable=SC2086 # lists of words
	for cc in "${compilers[@]}"; do
		queue "${cc%% *} accepts $name" $cc -fsyntax-only -Wall -Wextra -pedantic-errors \
			-Werror "$@"
	done
}

refuse()
{
	local name=$1 text=$2 cc

	shift 2
	# shellcheck disable=SC2086
	for cc in "${compilers[@]}"; do
		queue "${cc%% *} refuses $name" refused "$text" $cc -fsyntax-only "$@"
	done
}

refused()
{
	local want=$1 text

	shift
	if text=$("$@" 2>&1); then
		echo "compiled, but must not"
	elif [[ $text != *"$want"* ]]; then
		printf 'refused without saying "%s":\n%s\n' "$want" "$text"
	else
		return 0
	fi
	return 1
}
export -f refused

# broken_port DIR HOOK [LINE]: the good port with that hook (or type) named
# otherwise, and LINE in its place
broken_port()
{
	mkdir -p "$out/$1"
	cat >"$out/$1/inval_port.h" <<-END
	#define $2 inval_another_name
	#include "$good/inval_port.h"
	#undef $2
	${3:-}
	END
}

# What port.h asks for: its contract's types; its hooks with group, result, arguments.
mapfile -t types < <(sed -nE '/^ \* Types$/,/^ \*$/s/^ \*\t(inval_[a-z_]+)\t.*/\1/p' "$lib/inval/port.h")
hooks=()
declare -A group result args
while IFS='|' read -r g name r a; do
	hooks+=("$name")
	group[$name]=${g,,} result[$name]=$r args[$name]=$a
done < <(sed -e ':a' -e '/\\$/{N;s/[ \t]*\\\n[ \t]*/ /;ba' -e '}' "$lib/inval/port.h" | awk '
	sub(/^#define INVAL_PORT_USES_/, "") {
		g = $0; sub(/\(.*/, "", g)
		n = split($0, piece, /INVAL_PORT_HOOK\(/)
		for (i = 2; i <= n; i++) {
			sub(/\)\).*/, "", piece[i])
			split(piece[i], word, /, */)
			sub(/^[^(]*\(/, "", piece[i])
			print g "|" word[1] "|" word[2] "|" piece[i]
		}
	}')
if [ ${#types[@]} -lt 6 ] || [ ${#hooks[@]} -lt 56 ]; then
	fail "port.h: types and hooks" "read ${#types[@]} and ${#hooks[@]}"
fi

# Another type, as near to the right one as mistakes are.
other_type()
{
	case $1 in
	void) echo int ;;
	uint32_t) echo uint64_t ;;
	uint64_t) echo uint32_t ;;
	"unsigned long") echo long ;;
	int) echo "unsigned int" ;;
	const*) echo "${1#const }" ;;
	*\*) echo "const $1" ;;
	enum*) echo int ;;
	*) echo "struct inval_smccc_args *" ;;
	esac
}

# definition RESULT NAME ARGS
definition()
{
	local body="return 0;" list=void arg n=0

	[ "$1" != void ] || body=
	if [ "$3" != void ]; then
		list=
		while IFS= read -r arg; do
			list+="${list:+, }$arg p$n"
			body="(void)p$n; $body"
			n=$((n + 1))
		done <<<"${3//, /$'\n'}"
	fi
	echo "static inline $1 $2($list) { $body }"
}

say "one fault each"
while read -r file; do
	name=${file#"$here"/}
	text=$(sed -nE 's/^\/\* expect: (.*) \*\/$/\1/p' "$file")
	port=$good
	[ ! -e "$(dirname "$file")/inval_port.h" ] || port=$(dirname "$file")
	flags=("-I$lib" "-I$good")
	! grep -q '^/\* port: none \*/$' "$file" || flags=("-I$lib")
	[ -n "$text" ] || fail "$name" "does not say what is expected"
	refuse "$name" "$text" "${flags[@]}" "$file"
	accept "$name, fixed" -DFIXED "-I$lib" "-I$port" "$file"
done < <(grep -l '^/\* expect: ' "$here"/*.c "$here"/*/*.c)

# gcc sees what is ignored only where it makes code.
for cc in "${compilers[@]}"; do
	# shellcheck disable=SC2086 # lists of words
	queue "${cc%% *} refuses a result that is not looked at" refused "ignoring return value of" \
		$cc -Werror=unused-result -c -o /dev/null "-I$lib" "-I$good" "$here/ignored.c"
	# shellcheck disable=SC2086
	queue "${cc%% *} accepts one that is" $cc -Wall -Wextra -pedantic-errors -Werror -DFIXED \
		-c -o /dev/null "-I$lib" "-I$good" "$here/ignored.c"
done

# A port beside port.h is found before the one on the path.
mkdir -p "$out/beside_library"
cp -r "$lib/inval" "$out/beside_library"
echo "#define INVAL_PORT_VERSION 0" >"$out/beside_library/inval/inval_port.h"
refuse "a port beside the library" "older than this library" "-I$out/beside_library" "-I$good" \
	"$here/hooks.c"
check "no port is shipped beside the library" test ! -e "$lib/inval/inval_port.h"

say "${#hooks[@]} hooks and ${#types[@]} types: missing, another result, another argument"
accept "the good port" "-I$lib" "-I$good" "$here/hooks.c"
accept "the good port, -isystem" -isystem "$lib" "-I$good" "$here/hooks.c"
for name in "${types[@]}"; do
	broken_port "missing/$name" "$name"
	refuse "a port without the type $name" "$name" "-I$lib" "-I$out/missing/$name" "$here/hooks.c"
done
for name in "${hooks[@]}"; do
	broken_port "missing/$name" "$name"
	refuse "a port without $name" "$name" "-I$lib" "-I$out/missing/$name" "$here/hooks.c"

	first=${args[$name]%%,*}
	rest=${args[$name]#"$first"}
	broken_port "result/$name" "$name" \
		"$(definition "$(other_type "${result[$name]}")" "$name" "${args[$name]}")"
	broken_port "argument/$name" "$name" \
		"$(definition "${result[$name]}" "$name" "$(other_type "$first")$rest")"
	for fault in result argument; do
		refuse "$name with another $fault" "$name" "-I$lib" "-I$out/$fault/$name" \
			"$here/hooks.c"
		for cc in "gcc-12 -std=c99" "clang-14 -std=c99"; do
			# shellcheck disable=SC2086
			queue "${cc%% *} -w -isystem refuses $name with another $fault" \
				refused "${name}_has_a_wrong_type" \
				$cc -fsyntax-only -w -isystem "$lib" "-I$out/$fault/$name" "$here/hooks.c"
		done
	done
	# The definition made from the right types is a good one.
	broken_port "right/$name" "$name" "$(definition "${result[$name]}" "$name" "${args[$name]}")"
	queue "gcc-12 accepts $name, written again" gcc-12 -std=c99 -fsyntax-only -pedantic-errors \
		-Wall -Wextra -Werror "-I$lib" "-I$out/right/$name" "$here/hooks.c"
done
drain

say "each header"
for header in $headers; do
	source=$out/twice/$header.c
	mkdir -p "$out/twice"
	printf '#include <inval/%s.h>\n#include <inval/%s.h>\n' "$header" "$header" >"$source"
	if is_pure "$header"; then
		accept "$header.h, twice, without a port" "-I$lib" "$source"
		continue
	fi
	refuse "$header.h without a port" "no inval_port.h on the include path" "-I$lib" "$source"
	[ "$header" != port ] || continue

	# The groups of this header and of those below it; then a port of just these.
	used=$(gcc-12 -E "-I$lib" "-I$good" "$source" |
		grep -oE 'inval_[a-z]+_uses_[a-z]+' | sed 's/.*_uses_//' | sort -u)
	own=$(sed -nE 's/^INVAL_PORT_USES_([A-Z]+)\(.*/\L\1/p' "$lib/inval/$header.h")
	mkdir -p "$out/just/$header"
	needed=() calls=
	{
		for name in "${hooks[@]}"; do
			if grep -qx "${group[$name]}" <<<"$used"; then
				needed+=("$name")
			else
				echo "#define $name inval_without_${name#inval_port_}"
			fi
			! grep -q "\b$name(" "$lib/inval/$header.h" ||
				grep -qx "${group[$name]}" <<<"$own" || calls+="$name "
		done
		echo "#include \"$good/inval_port.h\""
		printf '#undef %s\n' "${hooks[@]}"
	} >"$out/just/$header/inval_port.h"
	accept "$header.h, twice, with a port of only:" "-I$lib" "-I$out/just/$header" "$source"
	check "$header.h says which groups it calls" test -z "$calls"
	check "$header.h needs hooks" test "${#needed[@]}" -gt 0
	for name in "${needed[@]}"; do
		for cc in "gcc-12 -std=c99" "clang++-14 -x c++ -std=c++17"; do
			# shellcheck disable=SC2086
			queue "${cc%% *} refuses $header.h without $name" refused "$name" $cc \
				-fsyntax-only "-I$lib" "-I$out/missing/$name" "$source"
		done
	done
done
# shellcheck disable=SC2086 # a list of words
printf '#include <inval/%s.h>\n' $headers >"$out/all.c"
for cc in "${compilers[@]:3}"; do
	# shellcheck disable=SC2086
	queue "${cc%% *} accepts all headers in a namespace" $cc -fsyntax-only -Wall -Wextra \
		-pedantic-errors -Werror -DINVAL_NAMESPACE=one "-I$lib" "-I$root/tests/ports/recording" \
		"$out/all.c"
done
drain

say "examples/port_template"
template=$root/examples/port_template
mkdir -p "$out/template"
grep -v '^#error' "$template/inval_port.h" >"$out/template/inval_port.h"
accept "the template without its errors" -Wno-return-type -Wno-unused-parameter "-I$lib" "-I$out/template" "$here/hooks.c"
for cc in "${compilers[@]}"; do
	more=
	[[ $cc != clang* ]] || more=-ferror-limit=0
	# shellcheck disable=SC2086
	text=$($cc -fsyntax-only $more "-I$lib" "-I$template" "$here/hooks.c" 2>&1)
	for name in "${types[@]}" "${hooks[@]}"; do
		if [ "$(grep -c "error: .*inval port: fill in $name: " <<<"$text")" = 1 ]; then
			pass
		else
			fail "${cc%% *}: the template asks for $name" "$text"
		fi
	done
	n=$(grep -c "error: " <<<"$text")
	check "${cc%% *}: the template asks for nothing else" test "$n" = $((${#types[@]} + ${#hooks[@]}))
done
finish
