/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * main.c - an image that calls its own firmware by HVC: found or not, answers of every
 * kind, delays by the machine's clock. And maintenance by address on a real CTR_EL0.
 *
 * The argument "mute" makes every call fail: each row that needs an answer must, too.
 */
#include <inval/memregion.h>

uint32_t vmm_counts[16];
uint32_t vmm_warnings[16];
uint32_t watchdogs;

/* For the read side of the port, which nothing here uses. */
void array_free(void *mem)
{
	(void)mem;
	die("an array is freed");
}

/* Not static: the compiler would take it for nothing that an HVC can change. */
struct {
	uint64_t version;
	int64_t has_flush, has_attrs, attrs_status;
	uint64_t global, latency, rate;
	int32_t answer[8];
	uint32_t calls, flushes;
	uint64_t base, bytes, flags;
	uint64_t began[16];
	bool mute;
} firmware;

void firmware_answer(uint64_t x[5]);

void firmware_answer(uint64_t x[5])
{
	firmware.calls++;
	switch (firmware.mute ? 0U : x[0]) {
	case 0x80000000U:
		x[0] = firmware.version;
		break;
	case 0x80000001U:
		x[0] = (uint64_t)(x[1] == 0xc0000005U ? firmware.has_flush :
				  x[1] == 0xc0000006U ? firmware.has_attrs : -1);
		break;
	case 0xc0000006U:
		x[0] = (uint64_t)firmware.attrs_status;
		x[1] = firmware.global;
		x[2] = firmware.latency;
		x[3] = firmware.rate;
		break;
	case 0xc0000005U:
		firmware.base = x[1];
		firmware.bytes = x[2];
		firmware.flags = x[3];
		firmware.began[firmware.flushes % 16U] = inval_port_now_us();
		x[0] = (uint32_t)firmware.answer[firmware.flushes % 8U];
		firmware.flushes++;
		break;
	default:
		x[0] = 0xffffffffU;	/* bits 63:32 are anything */
		break;
	}
}

static uint32_t passed, failed;

static void row(const char *what, bool good)
{
	say("%-62s %s\n", what, good ? "ok" : "FAILED");
	passed += good ? 1U : 0U;
	failed += good ? 0U : 1U;
}

static struct inval_firmware fw;
static struct inval_memregion registry;

/* Complete firmware; what differs is then changed. */
static void boot(void)
{
	static const int32_t well[8];
	uint32_t i;

	firmware.version = 0x10002U;
	firmware.has_flush = firmware.has_attrs = firmware.attrs_status = 0;
	firmware.global = firmware.latency = firmware.rate = 0;
	firmware.calls = firmware.flushes = watchdogs = 0;
	for (i = 0; i < 8U; i++)
		firmware.answer[i] = well[i];
}

static int find(void)
{
	struct inval_smccc_policy policy;
	struct inval_smccc_ids ids;

	inval_smccc_ids_init(&ids);
	inval_smccc_policy_init(&policy);
	return inval_firmware_init(&fw, &ids, &policy);
}

static int flush(uint64_t pa, uint64_t bytes)
{
	struct inval_region r = { pa, bytes, false, false, 0 };

	return inval_memregion_flush(&registry, &r);
}

static void rows_discovery(void)
{
	boot();
	firmware.version = ~0ULL;
	row("no SMCCC_VERSION: no provider", find() == -INVAL_EOPNOTSUPP && firmware.calls == 1U);
	boot();
	firmware.version = 0x10000U;
	row("SMCCC 1.0: no provider", find() == -INVAL_EOPNOTSUPP && firmware.calls == 1U);
	boot();
	firmware.has_flush = -1;
	row("attributes without the call: no provider", find() == -INVAL_EOPNOTSUPP);
	boot();
	firmware.has_attrs = -1;
	row("the call without attributes: no provider", find() == -INVAL_EOPNOTSUPP);
	boot();
	firmware.attrs_status = -1;
	row("attributes not supported: no provider", find() == -INVAL_EOPNOTSUPP);
	boot();
	firmware.latency = 1ULL << 32;
	row("attributes that cannot be: refused", find() == -INVAL_EPROTO);
	boot();
	firmware.global = 1;
	firmware.latency = 0xfffffffeU;
	firmware.rate = 0x123456789abcdef0ULL;
	row("complete: found, all 64 bits of the attributes",
	    find() == 0 && firmware.calls == 4U && watchdogs == 4U && fw.attrs.global &&
	    fw.attrs.latency_us == 0xfffffffeU && fw.attrs.rate == 0x123456789abcdef0ULL &&
	    fw.attrs.even_bytes == 0U);
}

/* Fills all answers with @status, then those from @good on with SUCCESS. */
static void answers(int32_t status, uint32_t good)
{
	uint32_t i;

	for (i = 0; i < 8U; i++)
		firmware.answer[i] = i < good ? status : 0;
}

static void row_answer(const char *what, int32_t status, uint32_t good, int want, uint32_t calls)
{
	int err;

	boot();
	firmware.latency = 300;
	err = find();
	answers(status, good);
	if (err == 0 && inval_memregion_add(&registry, &fw.p) == 0) {
		err = flush(0x123456789000ULL, 0x1000000ULL);
		row(what, err == want && firmware.flushes == calls && watchdogs == 4U + calls &&
		    firmware.base == 0x123456789000ULL && firmware.bytes == 0x1000000ULL &&
		    firmware.flags == 0U);
		if (inval_memregion_remove(&registry, &fw.p) != 0)
			die("remove");
		inval_firmware_fini(&fw);
	} else {
		row(what, false);
	}
}

/* The shortest time between two calls, of five that find firmware busy. */
static void row_delay(const char *what, uint64_t latency, uint64_t rate, uint64_t least)
{
	struct inval_region r = { 0x40000000U, 4096, false, false, 0 };
	uint64_t shortest = ~0ULL;
	uint32_t i;
	int err;

	boot();
	firmware.latency = latency;
	firmware.rate = rate;
	err = find();
	answers(-5, 8);
	if (err == 0)
		err = inval_provider_flush(&fw.p, &r, inval_firmware_start, NULL);
	for (i = 1; i < firmware.flushes; i++) {
		if (firmware.began[i] - firmware.began[i - 1U] < shortest)
			shortest = firmware.began[i] - firmware.began[i - 1U];
	}
	row(what, err == -INVAL_EBUSY && firmware.flushes == 5U && shortest >= least &&
	    shortest < least + least / 2U + 500U);
}

static void rows_address(void)
{
	static uint8_t memory[8192] __attribute__((aligned(4096)));
	struct inval_region r = { (uint64_t)memory, sizeof(memory), true, true, (uint64_t)memory };
	struct inval_provider by_va;
	uint32_t i, sum = 0;

	for (i = 0; i < sizeof(memory); i++)
		memory[i] = (uint8_t)i;
	inval_by_va_init(&by_va, 0);
	if (inval_memregion_add(&registry, &by_va) != 0)
		die("add");
	row("by address: an alias and the PoC will do", inval_memregion_flush(&registry, &r) == 0);
	r.poc = false;
	row("by address: not where the PoC is too near",
	    inval_memregion_flush(&registry, &r) == -INVAL_EOPNOTSUPP);
	row("by address: not what a guest is told", !inval_memregion_has(&registry));
	if (inval_memregion_remove(&registry, &by_va) != 0)
		die("remove");
	inval_cache_clean((uint64_t)memory + 3U, 5000);
	inval_cache_inv((uint64_t)memory + 3U, 5000);
	inval_cache_code((uint64_t)memory + 3U, 5000);
	for (i = 0; i < sizeof(memory); i++)
		sum += memory[i] == (uint8_t)i ? 1U : 0U;
	row("clean, invalidate, make code visible: nothing is lost", sum == sizeof(memory));
}

void firmware_vectors(void);
uint32_t vmm_main(void);

uint32_t vmm_main(void)
{
	__asm__ volatile("msr vbar_el2, %0\n\tisb" :: "r"(firmware_vectors) : "memory");
	firmware.mute = argument("mute");
	inval_memregion_init(&registry);
	rows_discovery();
	row("nobody there: not supported", flush(0, 4096) == -INVAL_EOPNOTSUPP);
	row_answer("SUCCESS", 0, 0, 0, 1);
	row_answer("BUSY twice, then SUCCESS", -5, 2, 0, 3);
	row_answer("RATE_LIMITED four times, then SUCCESS", -4, 4, 0, 5);
	row_answer("BUSY five times", -5, 5, -INVAL_EBUSY, 5);
	row_answer("RATE_LIMITED five times", -4, 5, -INVAL_EDQUOT, 5);
	row_answer("INVALID_PARAMETER", -3, 8, -INVAL_EINVAL, 1);
	row_answer("NOT_SUPPORTED", -1, 8, -INVAL_EOPNOTSUPP, 1);
	row_answer("NOT_REQUIRED is no success", -2, 8, -INVAL_EPROTO, 1);
	row_answer("an unknown status", -77, 8, -INVAL_EPROTO, 1);
	row_answer("an unknown positive status", 1, 8, -INVAL_EPROTO, 1);
	row_delay("no hint: 1 ms between calls", 0, 0, 1000);
	row_delay("a latency of 3 ms: so long", 3000, 0, 3000);
	row_delay("a latency of 1 s: capped to 20 ms", 1000000, 0, 20000);
	row_delay("25 calls/s: 40 ms, above the cap", 0, 25, 40000);
	rows_address();
	inval_memregion_fini(&registry);
	say("%u passed, %u failed\n", passed, failed);
	return passed != 0U && failed == 0U ? 0 : 1;
}
