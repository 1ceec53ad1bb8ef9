# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
#
# Downloads of other Debian suites, kept between runs. Source it after lib.sh.
# Nothing is installed and apt's own files are only read: the mirror comes from
# apt's sources, everything else is private to the item that is being filled.
#
# cache_item KEY CMD...	sets $item to the directory of KEY. Where it does not
#			exist yet, CMD... DIR fills a temporary DIR that is then
#			renamed; a full cache needs no network. The item stays
#			as long as this process lives; of all others the oldest
#			go when the cache is over its 8 GB.
# cache_tool KEY SUITE PROGRAM PKG...  as cache_item: programs with all their
#			libraries; $item/bin/PROGRAM runs on any host
# cache_debs KEY SUITE ARCH PKG...  as cache_item: the files of just these
#			packages below $item/root
# cache_qemu		sets $qemu to a qemu-system-aarch64 10.x
#
# For fillers of one's own, all with a private apt in DIR/apt:
# apt_begin DIR SUITE ARCH [deb-src]  and then
# apt_private DIR CMD ARGS...	CMD: apt-get or apt-cache
# apt_newest DIR REGEX...	"VERSION NAME..." of the newest version that a package of
#			each REGEX has: NAMEs in this order, of several the first
# apt_unpack DIR	unpacks DIR/apt/cache/archives/*.deb into DIR/root
# apt_end DIR		removes DIR/apt
# A KEY carries a version that is raised when the way it is filled changes.

cache=${INVAL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/inval}
cache_limit_kb=$((8 * 1000 * 1000))

# Oldest use first. An item in use is locked, the one just filled among them.
cache_trim()
{
	local used lock key fd

	used=$(du -sk "$cache" | cut -f1)
	for key in $(cd "$cache" && ls -tr); do
		[ "$used" -le "$cache_limit_kb" ] && return
		lock=$cache/$key.lock
		[ -e "$lock" ] || continue
		exec {fd}>>"$lock"
		if flock -n -x "$fd"; then
			say "cache: dropping $key"
			rm -rf "${cache:?}/$key"
			used=$(du -sk "$cache" | cut -f1)
		fi
		exec {fd}>&-
	done
}

cache_item()
{
	local key=$1 tmp fd

	shift
	item=$cache/$key
	tmp=$cache/tmp.$key
	mkdir -p "$cache" || missing "a writable cache directory: $cache"
	exec {fd}>>"$item.lock"
	flock -s "$fd"
	[ -d "$item" ] && touch "$item" && return
	flock -x "$fd"
	if [ ! -d "$item" ]; then
		say "cache: fetching $key"
		rm -rf "$tmp"
		mkdir "$tmp"
		"$@" "$tmp" >"$item.log" 2>&1 || {
			tail -n 5 "$item.log" >&2
			rm -rf "$tmp"
			missing "download of $key failed (see $item.log): try again with a network"
		}
		mv -T "$tmp" "$item"
		cache_trim
	fi
	flock -s "$fd"
}

# Base URI of the configured mirror that serves a release.
mirror_of()
{
	local empty

	empty=$(mktemp -d) || return
	apt-get -o Dir::State::Lists="$empty" update --print-uris |
		sed -n "s|^'\(.*\)/dists/$1/InRelease' .*|\1|p" | head -n 1
	rm -rf "$empty"
}

apt_begin()
{
	local dir=$1/apt release=$2 arch=$3 types="deb ${4:-}" base uri part type codename

	codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
	base=${release%-backports}
	base=${base%-security}
	mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial" \
		"$dir/dpkg" "$dir/none"
	: >"$dir/dpkg/status"
	for part in $(printf '%s\n' "$base" "$release" | sort -u); do
		uri=$(mirror_of "$codename")
		[[ $part == *-security ]] && uri=$(mirror_of "$codename-security")
		[ -n "$uri" ] || { echo "apt has no source for $codename"; return 1; }
		for type in $types; do
			echo "$type $uri $part main"
		done
	done >"$dir/sources.list"
	# Apt reads this after its own configuration, so a proxy stays in force.
	cat >"$dir/apt.conf" <<-END
	#clear APT::Update;
	#clear APT::Architectures;
	#clear DPkg::Post-Invoke;
	Dir::Etc::sourcelist "$dir/sources.list";
	Dir::Etc::sourceparts "$dir/none";
	Dir::Etc::preferencesparts "$dir/none";
	Dir::State::Lists "$dir/lists";
	Dir::State::status "$dir/dpkg/status";
	Dir::Cache "$dir/cache";
	APT::Architecture "$arch";
	APT::Architectures { "$arch"; };
	APT::Default-Release "$release";
	APT::Install-Recommends "false";
	APT::Sandbox::User "$(id -un)";
	Acquire::Check-Valid-Until "false";
	Acquire::Languages "none";
	Debug::NoLocking "true";
	END
	apt_private "$1" apt-get -q update
}

apt_private()
{
	local dir=$1 cmd=$2

	shift 2
	"$cmd" -c "$dir/apt/apt.conf" "$@"
}

# Source, headers and image of a kernel are only worth something in one version.
apt_newest()
{
	local dir=$1 names

	shift
	names=$(apt_private "$dir" apt-cache pkgnames | grep -xE "$(printf '%s\n' "$@")" | sort)
	# shellcheck disable=SC2086 # a list of words
	apt_private "$dir" apt-cache madison $names | regexes=$* awk '
		BEGIN { num = split(ENVIRON["regexes"], regex, " ") }
		{ for (i = 1; i <= num; i++)
			if ($1 ~ "^(" regex[i] ")$" && !(($3, i) in have)) {
				have[$3, i] = $1
				found[$3]++ } }
		END { for (v in found) {
			line = v
			for (i = 1; i <= num; i++)
				line = line " " have[v, i]
			if (found[v] == num)
				print line } }' | sort -V | tail -n 1
}

# The links of a merged /usr come first, so that a package that still ships
# /lib lands in the same place as one that does not.
apt_unpack()
{
	local d deb

	mkdir -p "$1/root/usr"
	for d in bin sbin lib lib64; do
		mkdir -p "$1/root/usr/$d"
		ln -sfn "usr/$d" "$1/root/$d"
	done
	for deb in "$1"/apt/cache/archives/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" |
			tar -x --keep-directory-symlink -C "$1/root" || return
		basename "$deb" >>"$1/packages"
	done
}

apt_end()
{
	rm -rf "$1/apt"
}

fill_debs()
{
	local release=$1 arch=$2 dir=${*: -1}

	set -- "${@:3:$#-3}"
	apt_begin "$dir" "$release" "$arch" &&
		(cd "$dir/apt/cache/archives" &&
			apt_private "$dir" apt-get -q download "$@") &&
		apt_unpack "$dir" && apt_end "$dir"
}

cache_debs()
{
	cache_item "$1" fill_debs "${@:2}"
}

# With an empty status file apt fetches the libraries too, down to libc; they
# run with their own loader and never meet the host's.
fill_tool()
{
	local release=$1 program=$2 dir=${*: -1} data=

	set -- "${@:3:$#-3}"
	apt_begin "$dir" "$release" "$(dpkg --print-architecture)" &&
		apt_private "$dir" apt-get -q -y --download-only install "$@" &&
		apt_unpack "$dir" && apt_end "$dir" && mkdir "$dir/bin" || return
	# shellcheck disable=SC2016 # expanded by the program's own script
	[[ $program != qemu-* ]] || data='-L "$root/usr/share/qemu"'
	cat >"$dir/bin/$program" <<-END
	#!/bin/bash
	root=\$(cd "\$(dirname "\$0")/../root" && pwd)
	libs=\$(echo "\$root"/usr/lib/*-linux-gnu)
	export QEMU_MODULE_DIR=\$libs/qemu # not those of the host's own QEMU
	exec "\$libs"/ld-linux*.so.* --library-path "\$libs:\$root/usr/lib" \\
		"\$root/usr/bin/$program" $data "\$@"
	END
	chmod +x "$dir/bin/$program"
}

cache_tool()
{
	cache_item "$1" fill_tool "${@:2}"
}

cache_qemu()
{
	cache_tool qemu10-1 bookworm-backports qemu-system-aarch64 qemu-system-arm
	# shellcheck disable=SC2034 # for the caller
	qemu=$item/bin/qemu-system-aarch64
}
