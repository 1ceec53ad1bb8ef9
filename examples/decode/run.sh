#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Build the decoder and show it one queue in every form that it reads.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../../tests/lib.sh"
suite decode
need_packages gcc-12 libc6-dev

check "build" gcc-12 -std=c99 -O2 -Wall -Wextra -Werror -I"$root/include" \
	"$root/examples/decode/decode.c" -o "$out/decode"

# expect NAME RC TEXT: what the decoder said, in $said, with exit code $rc
expect()
{
	if [ "$rc" = "$2" ] && [ "$said" = "$3" ]; then
		pass
	else
		fail "$1" "exit code $rc"$'\n'"$said"$'\n'"-- instead of $2"$'\n'"$3"
	fi
}

# dump: five commands as bytes, a SYNC as Linux writes it; the last two are not legal
dump()
{
	printf '\x12\x30\x20\x00\x05\x00\x07\x00\x01\x06\x60\x00\x00\x00\x00\x00'
	printf '\x40\x08\x00\x00\x42\x00\x00\x00\x34\x00\x00\x00\x00\x00\x00\x00'
	printf '\x46\x20\xc0\x0f\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00'
	printf '\x46\x30\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00'
	printf '\x12\x00\x00\x00\x05\x00\x07\x00\x00\x14\x00\x00\x00\x00\x00\x00'
}

text='     0  TLBI_NH_VA vmid=5 asid=7 va=0x600000 leaf=1 ttl=2 tg=1 num=3 scale=2
     1  ATC_INV sid=0x42 ssv=1 ssid=0 va=0x0 atc_size=52
     2  SYNC cs=2 msi_attr=15 msh=3
     3  SYNC cs=3
        ILLEGAL: CS is 3
     4  TLBI_NH_VA vmid=5 asid=7 va=0x1000 tg=1 num=0 scale=0
        ILLEGAL: reserved combination of TG, NUM, SCALE and TTL
5 commands, 2 illegal'

# ask INPUT ARG...
ask()
{
	said=$("$out/decode" "${@:2}" <"$1" 2>&1)
	rc=$?
}

dump >"$out/queue.bin"
ask "$out/queue.bin" --binary
echo "$said"
expect "a queue's memory" 1 "$text"
od -An -v -tx1 "$out/queue.bin" >"$out/bytes"
ask "$out/bytes"
expect "bytes" 1 "$text"
od -Ax -v -tx1z -w16 "$out/queue.bin" | sed -E 's/^([0-9a-f]{6})/00\1 /; s/>.*//' >"$out/canonical"
ask "$out/canonical"
expect "hexdump -C" 1 "$text"
od -An -v -tx1 "$out/queue.bin" | sed -E 's/ (..) (..)/ \1\2/g' | sed 's/^/00000000:/' >"$out/xxd"
ask "$out/xxd"
expect "xxd" 1 "$text"
{
	echo "0x0007000500203012 0x0000000000600601  # d0 and d1"
	echo
	printf '%s\n' "0000004200000840,0000000000000034" "0fc02046 00000000 00000000 00000000" \
		"0x40090030: 0x00003046 0x00000000 0x00000000 0x00000000"
	echo "0x0007000500000012 0000000000001400"
} >"$out/words"
ask "$out/words"
expect "words" 1 "$text"

head -c 48 "$out/queue.bin" >"$out/good.bin"
ask "$out/good.bin" --binary
expect "three that are legal" 0 "$(printf '%s\n' "$text" | head -n 3)
3 commands, 0 illegal"
# An SMMUv3.2 with stage 1 alone, without range invalidation
ask "$out/good.bin" --binary --aidr=2 --idr0=2 --idr3=0 --idr5=0x70
expect "another SMMU" 1 '     0  TLBI_NH_VA vmid=5 asid=7 va=0x600000 leaf=1 ttl=2 tg=1 num=3 scale=2
        ILLEGAL: VMID is wider than the SMMU'\''s, or there is no stage 2
     1  ATC_INV sid=0x42 ssv=1 ssid=0 va=0x0 atc_size=52
        ILLEGAL: the SMMU does not have this command'\''s feature
     2  SYNC cs=2 msi_attr=15 msh=3
3 commands, 2 illegal'
head -c 20 "$out/queue.bin" >"$out/short.bin"
ask "$out/short.bin" --binary
expect "half a command" 2 "decode: 4 bytes at the end are no command
$(printf '%s\n' "$text" | head -n 1)
1 commands, 0 illegal"
echo "46 00 zz" >"$out/wrong"
ask "$out/wrong"
expect "no hex dump" 2 "decode: line 1 is not 16 bytes
0 commands, 0 illegal"
ask /dev/null --idr0=
expect "a register without a value" 2 "${said}"
[[ $said == usage:* ]] || fail "no usage" "$said"
finish
