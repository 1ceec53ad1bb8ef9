/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * dcache - caches by address, in a guest.
 *
 * QEMU has no caches to lose data in, so what is executed is also written down.
 * Properties, for ranges of every alignment around a line:
 * - the instructions may be executed in a guest, and bytes of the range and beside it
 *   are what was stored
 * - every line of the range is named, each once, no other, between two barriers
 * - a line that an invalidate shares with a neighbour is cleaned, too
 * - code that was stored and made executable by one vCPU is executed by another
 */
#include <inval/cache.h>

#define RANGES 40U

static struct guest_line lines[GUEST_LINES];
static unsigned char bytes[4096] __attribute__((aligned(4096)));
static uint32_t code[1024] __attribute__((aligned(4096)));
static uint64_t round_done[2];
static uint64_t ranges;

static inline void guest_free(void *mem)
{
	(void)mem;
}

static inline void fill(unsigned char seed)
{
	uint32_t i;

	for (i = 0; i < sizeof(bytes); i++)
		*(volatile unsigned char *)&bytes[i] = (unsigned char)(i * 7U + seed);
}

static inline void check_bytes(unsigned char seed)
{
	uint32_t i;

	for (i = 0; i < sizeof(bytes); i++)
		guest_check(*(volatile unsigned char *)&bytes[i] == (unsigned char)(i * 7U + seed));
}

/* The lines from @va to its end, by these operations, between two barriers. */
static inline void check_lines(uint64_t va, uint64_t num, uint64_t line, const char *ops)
{
	uint64_t at = va & ~(line - 1U);
	uint32_t i, j;
	bool known;

	guest_check(lines[0].op == 'S' && lines[guest_line_num - 1U].op == 'S');
	for (i = 1; i < guest_line_num - 1U; i++, at += line) {
		known = false;
		for (j = 0; ops[j] != '\0'; j++)
			known = known || lines[i].op == ops[j];
		guest_check(known && (lines[i].va & ~(line - 1U)) == at);
	}
	guest_check(at >= va + num && at < va + num + line);
}

/* Bytes of neighbours: what shares the largest line with them is cleaned. */
static inline void check_ends(uint64_t va, uint64_t num, uint64_t granule)
{
	uint64_t first = va & ~(granule - 1U), last = (va + num - 1U) & ~(granule - 1U), at;
	uint32_t i;

	for (i = 1; i < guest_line_num - 1U; i++) {
		at = lines[i].va & ~(granule - 1U);
		if ((at == first && first != va) || (at == last && last + granule != va + num))
			guest_check(lines[i].op == 'I');
	}
}

static inline void one_range(uint64_t va, uint64_t num, unsigned char seed)
{
	uint64_t ctr = inval_port_ctr_el0(), line = 4ULL << (ctr >> 16 & 0xfU);
	uint64_t granule = (ctr >> 24 & 0xfU) != 0U ? 4ULL << (ctr >> 24 & 0xfU) : 2048U;

	fill(seed);
	guest_line_num = 0;
	inval_cache_clean(va, num);
	check_lines(va, num, line, "C");
	guest_line_num = 0;
	inval_cache_clean_inv(va, num);
	check_lines(va, num, line, "I");
	check_bytes(seed);
	guest_line_num = 0;
	inval_cache_inv(va, num);
	check_lines(va, num, line, "Ii");
	check_ends(va, num, granule);
	check_bytes(seed);
	ranges++;
}

/* mov w0, #number; ret */
static inline void write_code(uint32_t number)
{
	*(volatile uint32_t *)&code[0] = 0x52800000U | number << 5;
	*(volatile uint32_t *)&code[1] = 0xd65f03c0U;
	inval_cache_code((uint64_t)code, 8);
}

/* vCPU 0 writes a function, vCPU 1 calls it; and again. */
static inline void run_code(uint32_t cpu)
{
	uint32_t (*function)(void) = (uint32_t (*)(void))(uint64_t)code, i;

	for (i = 1; i <= 20U; i++) {
		if (cpu == 0U) {
			write_code(i);
			inval_port_store_release64(&round_done[0], i);
			while (inval_port_load_acquire64(&round_done[1]) != i)
				guest_pause();
			continue;
		}
		while (inval_port_load_acquire64(&round_done[0]) != i)
			guest_pause();
		inval_port_isb();
		guest_check(function() == i);
		inval_port_store_release64(&round_done[1], i);
	}
}

static void guest_main(uint32_t cpu)
{
	uint64_t va = (uint64_t)bytes + 1024U;
	uint32_t i;

	if (cpu == 0U) {
		guest_lines = lines;
		for (i = 0; i < RANGES; i++)
			one_range(va + i * 13U % 200U, 1U + i * 29U % 700U, (unsigned char)i);
		guest_lines = NULL;
	}
	run_code(cpu);
}

int main(void)
{
	vm_open(2, guest_main);
	vm_run(NULL);
	vm_check(*(uint64_t *)vm_guest(&ranges) == RANGES, "lines, barriers and bytes are right");
	vm_check(*(uint64_t *)vm_guest(&round_done[1]) == 20U, "code of one vCPU runs on another");
	return vm_end();
}
